"""IoU and the benchmark's pairing."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate import matching
from zeroshot.types import Boxes


def boxes(xyxy, confidence=None, kind=None):
  xyxy = np.asarray(xyxy, np.float32).reshape(-1, 4)
  count = len(xyxy)
  return Boxes(
    xyxy,
    np.ones(count, np.float32) if confidence is None else np.array(confidence),
    ('defect',) * count if kind is None else tuple(kind),
  )


def random_boxes(random, count, size=60):
  corner = random.integers(0, size, (count, 2))
  return np.concatenate(
    [corner, corner + random.integers(5, 30, (count, 2))], 1
  )


def plain_iou(a, b):
  width = min(a[2], b[2]) - max(a[0], b[0])
  height = min(a[3], b[3]) - max(a[1], b[1])
  overlap = max(width, 0) * max(height, 0)
  area = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
  return overlap / (area - overlap)


def plain_match(truth, detected, confidence, threshold):
  """The protocol's definition, in loops."""
  partner = [-1] * len(detected)
  order = sorted(range(len(detected)), key=lambda i: -confidence[i])
  for g, box in enumerate(truth):
    for i in order:
      if partner[i] < 0 and plain_iou(box, detected[i]) > threshold:
        partner[i] = g
        break
  return partner


def test_iou_by_hand():
  first = [[0, 0, 10, 10], [5, 5, 15, 15]]
  second = [[0, 0, 10, 10], [0, 0, 5, 10], [10, 0, 20, 10], [2, 2, 4, 4]]
  np.testing.assert_array_equal(
    matching.iou_matrix(first, second),
    [[1, 0.5, 0, 0.04], [25 / 175, 0, 25 / 175, 0]],
  )


def test_iou_laws_and_loops():
  random = np.random.default_rng(0)
  first, second = random_boxes(random, 20), random_boxes(random, 30)
  iou = matching.iou_matrix(first, second)
  np.testing.assert_array_equal(iou, matching.iou_matrix(second, first).T)
  np.testing.assert_array_equal(
    iou, [[plain_iou(a, b) for b in second] for a in first]
  )
  np.testing.assert_array_equal(
    iou, matching.iou_matrix(first + 100, second + 100)
  )
  assert (np.diag(matching.iou_matrix(first, first)) == 1).all()


def test_iou_of_nothing():
  assert matching.iou_matrix(np.zeros((0, 4)), np.ones((3, 4))).shape == (0, 3)
  assert matching.iou_matrix(np.ones((3, 4)), np.zeros((0, 4))).shape == (3, 0)
  # A box without area meets itself: 0, and no warning of a division.
  assert matching.iou_matrix([[1, 1, 1, 1]], [[1, 1, 1, 1]]) == 0


@pytest.mark.parametrize(
  ('width', 'matched'), [(32, False), (33, False), (34, True)]
)
def test_exactly_a_third_is_no_match(width, matched):
  # A 100-px truth box that holds a detection of 33 px: IoU 33 / 100.
  partner = matching.match_picture(
    np.float32([[0, 0, 100, 1]]),
    np.float32([[0, 0, width, 1]]),
    np.float32([1]),
    iou_threshold=0.33,
  )
  assert (partner[0] == 0) == matched


def test_each_truth_takes_its_most_confident_free_detection():
  truth = np.float32([[0, 0, 10, 10], [0, 0, 10, 9]])
  detected = np.float32([[0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]])
  partner = matching.match_picture(
    truth, detected, np.array([0.2, 0.9, 0.5]), iou_threshold=0.33
  )
  # The first truth is matched to the most confident, not to the best fit.
  assert partner.tolist() == [1, 0, -1]


def test_equal_confidences_keep_file_order():
  detected = np.float32([[0, 0, 10, 9], [0, 0, 10, 10]])
  partner = matching.match_picture(
    np.float32([[0, 0, 10, 10]]), detected, np.ones(2), iou_threshold=0.33
  )
  assert partner.tolist() == [0, -1]


@pytest.mark.parametrize('seed', range(20))
def test_agrees_with_loops(seed):
  random = np.random.default_rng(seed)
  truth = random_boxes(random, random.integers(0, 12))
  detected = random_boxes(random, random.integers(0, 25))
  confidence = random.integers(0, 8, len(detected)) / 8  # many ties
  partner = matching.match_picture(
    truth, detected, confidence, iou_threshold=0.33
  )
  assert partner.tolist() == plain_match(truth, detected, confidence, 0.33)
  used = partner[partner >= 0]
  assert len(set(used)) == len(used)


def test_a_pair_of_different_kinds_is_used_up():
  truth = boxes([[0, 0, 10, 10]], kind=['open'])
  detected = boxes(
    [[0, 0, 10, 10], [0, 0, 10, 9]], [0.9, 0.8], ['short', 'OPEN']
  )
  settings = {'iou_threshold': 0.33}
  aware = matching.match_set([truth], [detected], class_aware=True, **settings)
  assert aware.correct.tolist() == [False, False]
  blind = matching.match_set([truth], [detected], **settings)
  assert blind.correct.tolist() == [True, False]
  swapped = detected._replace(kind=('Open', 'short'))
  aware = matching.match_set([truth], [swapped], class_aware=True, **settings)
  assert aware.correct.tolist() == [True, False]


def test_pooling_keeps_track_of_pictures():
  empty, one = boxes([]), boxes([[0, 0, 10, 10]])
  two = boxes([[0, 0, 10, 10], [20, 20, 30, 30]], [0.5, 0.25])
  matches = matching.match_set(
    [one, empty, one], [two, empty, one], iou_threshold=0.33
  )
  assert matches.picture.tolist() == [0, 0, 2]
  assert matches.correct.tolist() == [True, False, True]
  assert matches.confidence.tolist() == [0.5, 0.25, 1]
  assert matches.num_truth.tolist() == [1, 0, 1]


def test_no_picture_and_no_box():
  for truth in ([], [boxes([])]):
    matches = matching.match_set(truth, truth, iou_threshold=0.33)
    assert matches.confidence.shape == (0,)
    assert matches.correct.dtype == bool
    assert matches.num_truth.tolist() == [0] * len(truth)


def test_bad_input_is_refused():
  one = boxes([[0, 0, 1, 1]])
  with pytest.raises(ValueError, match='2 pictures and detections of 1'):
    matching.match_set([one, one], [one], iou_threshold=0.33)
  with pytest.raises(ValueError, match='not finite'):
    matching.match_set(
      [one], [one._replace(confidence=np.array([np.nan]))], iou_threshold=0.33
    )
  for threshold in (-0.1, 1, float('nan')):
    with pytest.raises(ValueError, match='iou_threshold'):
      matching.match_set([one], [one], iou_threshold=threshold)
