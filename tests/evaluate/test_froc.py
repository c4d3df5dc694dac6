"""Free-response ROC on sets whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate import froc
from zeroshot.evaluate.protocols import PictureResult
from zeroshot.types import Boxes


def boxes(*rows):
  rows = np.array(rows, np.float32).reshape(-1, 5)
  return Boxes(rows[:, :4], rows[:, 4], ('difference',) * len(rows))


def picture(truth, detections, name='a'):
  return PictureResult(name, 'g', 400, 400, boxes(*truth), boxes(*detections))


TRUTH = (100, 100, 140, 140, 1)


def measure(*pictures, threshold=0.5):
  return froc.measure(pictures, threshold=threshold)


def test_what_is_found_and_what_is_false():
  metrics = measure(
    picture([TRUTH], [(104, 98, 138, 150, 0.9), (300, 300, 320, 320, 0.6)]),
    picture([], [(10, 10, 30, 30, 0.4)], 'b'),
  )
  assert (metrics.num_pictures, metrics.num_good, metrics.num_truths) == (
    2,
    1,
    1,
  )
  assert (metrics.recall, metrics.false_boxes, metrics.told_same) == (1, 0.5, 1)
  assert metrics.area == 1
  lower = measure(picture([], [(10, 10, 30, 30, 0.4)], 'b'), threshold=0.3)
  assert (lower.told_same, lower.false_boxes, lower.area) == (0, 1, None)
  assert lower.to_json()['recall_at'] is None


@pytest.mark.parametrize(
  ('box', 'found'),
  [
    ((100, 100, 140, 112, 0.9), True),  # a part of it
    ((135, 135, 175, 175, 0.9), False),  # a corner
    ((20, 20, 158, 158, 0.9), True),  # 11.9 times as large
    ((20, 20, 160, 160, 0.9), False),  # 12.3 times
  ],
)
def test_which_boxes_find_a_truth(box, found):
  metrics = measure(picture([TRUTH], [box]))
  assert (metrics.recall, metrics.false_boxes) == (found, not found)


def test_a_small_truth_is_padded():
  metrics = measure(picture([(50, 50, 52, 52, 1)], [(55, 47, 65, 57, 0.9)]))
  assert metrics.recall == 0  # 1 px of 10 is shared with the padded truth
  metrics = measure(picture([(50, 50, 52, 52, 1)], [(52, 46, 60, 56, 0.9)]))
  assert metrics.recall == 1


def test_recall_rises_with_the_false_boxes_that_are_allowed():
  truths = [(40 * n, 40, 40 * n + 20, 60, 1) for n in range(4)]
  hits = [(*truth[:4], 0.9 - 0.2 * n) for n, truth in enumerate(truths)]
  false = [(300, 40 * n, 320, 40 * n + 20, 0.8 - 0.2 * n) for n in range(4)]
  metrics = measure(picture(truths, hits + false))
  # In order: hit, false, hit, false, ...: n false boxes allow n + 1 hits.
  assert metrics.recall_at == {'0.1': 0.25, '0.3': 0.25, '1': 0.5, '3': 1.0}
  assert metrics.area == pytest.approx((0.25 + 0.5 + 0.75) / 3)


def test_nothing_to_measure():
  with pytest.raises(ValueError, match='no picture'):
    measure()
