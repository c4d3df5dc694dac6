"""Boxes selected and merged."""

import numpy as np
import pytest

from tests.detect.test_boxes import blank, find
from zeroshot.detect import boxes
from zeroshot.types import Boxes

THREE = Boxes(
  np.array([[0, 0, 4, 4], [1, 1, 5, 5], [2, 2, 6, 6]], np.float32),
  np.array([0.9, 0.5, 0.7], np.float32),
  ('open', 'short', 'spur'),
)


@pytest.mark.parametrize(
  'selected',
  [
    [True, False, True],
    [False, True, False],
    [True, True, True],
    [False, False, False],
  ],
)
def test_select_keeps_the_selected_in_the_same_order(selected):
  kept = boxes.select(THREE, np.array(selected))
  rows = np.flatnonzero(selected)
  np.testing.assert_array_equal(kept.xyxy, THREE.xyxy[rows])
  np.testing.assert_array_equal(kept.confidence, THREE.confidence[rows])
  assert kept.kind == tuple(THREE.kind[row] for row in rows)
  assert kept.xyxy.shape == (len(rows), 4)
  assert kept.xyxy.dtype == kept.confidence.dtype == np.float32


def test_select_takes_no_boxes():
  none = find(blank())
  kept = boxes.select(none, none.confidence >= 0.5)
  assert kept.xyxy.shape == (0, 4)
  assert kept.kind == ()


@pytest.mark.parametrize('count', [2, 4])
def test_select_wants_an_answer_for_each_box(count):
  with pytest.raises((IndexError, ValueError)):
    boxes.select(THREE, np.ones(count, bool))


def test_parts_merge_by_confidence():
  parts = [
    Boxes(
      np.full((2, 4), at, np.float32),
      np.array(confidence, np.float32),
      kind,
      np.array(confidence, np.float32) / 2,
    )
    for at, confidence, kind in (
      (1, [0.9, 0.3], ('open', 'spur')),
      (2, [0.6, 0.1], ('short', 'copper')),
    )
  ]
  merged = boxes.merge(parts)
  np.testing.assert_allclose(merged.confidence, [0.9, 0.6, 0.3, 0.1])
  assert merged.kind == ('open', 'short', 'spur', 'copper')
  np.testing.assert_array_equal(merged.xyxy[:, 0], [1, 2, 1, 2])
  np.testing.assert_allclose(merged.kind_confidence, merged.confidence / 2)
  assert boxes.merge([]).kind == ()
