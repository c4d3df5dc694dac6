"""VOC's AP by hand and against plain loops after its development kit."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zeroshot.data import deeppcb
from zeroshot.evaluate import matching, voc
from zeroshot.types import Boxes


def boxes(*rows):
  """Rows of ``x1, y1, x2, y2, confidence, kind``."""
  return Boxes(
    np.asarray([r[:4] for r in rows], np.float32).reshape(-1, 4),
    np.asarray([r[4] for r in rows], np.float32),
    tuple(r[5] for r in rows),
  )


def square(x, kind='open', confidence=1.0, side=10):
  return (x, 0, x + side, side, confidence, kind)


def summarise(truth, detections, iou_threshold=0.33):
  return voc.summarise(truth, detections, iou_threshold=iou_threshold)


def test_interpolated_area_by_hand():
  # Precisions 1, 1/2, 2/3, 1/2, 3/5; the third one is lifted from 3/5 to
  # itself, and of four truths one is never found.
  confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
  correct = [True, False, True, False, True]
  area = voc.interpolated_ap(confidence, correct, num_truth=4)
  assert area == pytest.approx((1 + 2 / 3 + 3 / 5) / 4)
  # A late run of hits lifts an early one: 1/2, 2/3, 3/4 are all 3/4.
  area = voc.interpolated_ap(
    confidence[:4], [False, True, True, True], num_truth=3
  )
  assert area == pytest.approx(3 / 4)


def test_the_order_given_does_not_count_but_for_ties():
  confidence, correct = np.array([0.1, 0.9]), [True, False]
  assert voc.interpolated_ap(confidence, correct, num_truth=1) == 0.5
  assert voc.interpolated_ap(confidence[::-1], correct, num_truth=1) == 1
  assert voc.interpolated_ap(np.ones(2), correct, num_truth=1) == 1


def test_area_edges():
  assert voc.interpolated_ap(np.zeros(0), [], num_truth=3) == 0
  assert math.isnan(voc.interpolated_ap(np.zeros(0), [], num_truth=0))
  assert math.isnan(voc.interpolated_ap(np.ones(1), [False], num_truth=0))


def judge(truth, detections, confidence, iou_threshold=0.33):
  return voc.judge_picture(
    np.asarray(truth, float).reshape(-1, 4),
    np.asarray(detections, float).reshape(-1, 4),
    np.asarray(confidence, float),
    iou_threshold=iou_threshold,
  ).tolist()


def test_a_second_hit_is_false_and_does_not_fall_back():
  truth = [[0, 0, 10, 10], [4, 0, 14, 10]]
  # Both overlap the first truth best, and the second one by 7 of 13 and more.
  detections = [[1, 0, 11, 10], [0, 0, 10, 10]]
  assert judge(truth, detections, [0.9, 0.8]) == [True, False]
  assert judge(truth, detections, [0.8, 0.9]) == [False, True]
  assert judge(truth, detections, [0.9, 0.9]) == [True, False]
  # DeepPCB's benchmark pairs both.
  partner = matching.match_picture(
    np.array(truth),
    np.array(detections),
    np.array([0.9, 0.8]),
    iou_threshold=0.33,
  )
  assert partner.tolist() == [0, 1]


def test_an_iou_at_the_threshold_is_no_match():
  assert judge([[0, 0, 100, 1]], [[0, 0, 33, 1]], [1]) == [False]
  assert judge([[0, 0, 100, 1]], [[0, 0, 33, 1]], [1], 0.32) == [True]


def test_judging_nothing():
  assert judge([], [], []) == []
  assert judge([[0, 0, 9, 9]], [], []) == []
  assert judge([], [[0, 0, 9, 9]], [1]) == [False]


def test_each_kind_is_alone():
  truth = [boxes(square(0), square(50, 'short')), boxes(square(0, 'spur'))]
  detections = [
    boxes(
      square(0, 'Open', 0.5),
      square(50, 'spur', 0.9),  # of a wrong kind: false among the spurs
    ),
    boxes(square(0, 'spur', 0.4), square(80, 'copper', 0.3)),
  ]
  metrics = summarise(truth, detections)
  table = metrics.kinds
  assert list(table) == list(deeppcb.KINDS)
  assert table['open'] == voc.KindMetrics(1, 1, 1)
  assert table['short'].ap == 0
  assert (table['spur'].ap, table['spur'].num_detections) == (0.5, 2)
  for kind in ('copper', 'mousebite', 'pin-hole'):
    assert math.isnan(table[kind].ap)
    assert table[kind].num_ground_truth == 0
  assert table['copper'].num_detections == 1
  assert metrics.mean_ap == pytest.approx((1 + 0 + 0.5) / 3)


def test_a_kind_that_nobody_knows_finds_nothing():
  metrics = summarise([boxes(square(0))], [boxes(square(0, 'difference'))])
  assert metrics.kinds['open'].ap == metrics.mean_ap == 0
  unknown = metrics.kinds['difference']
  assert math.isnan(unknown.ap)
  assert (unknown.num_ground_truth, unknown.num_detections) == (0, 1)


@pytest.mark.parametrize('pictures', [0, 1])
def test_without_ground_truth_the_mean_is_undefined(pictures):
  metrics = summarise([boxes()] * pictures, [boxes(square(0))] * pictures)
  assert math.isnan(metrics.mean_ap)


def iou(a, b):
  w = min(a[2], b[2]) - max(a[0], b[0])
  h = min(a[3], b[3]) - max(a[1], b[1])
  if w <= 0 or h <= 0:
    return 0
  areas = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
  return w * h / (areas - w * h)


def oracle(truth, detections, kind, threshold):
  """After the development kit: one pass over the pooled ranking."""
  rows = [
    (confidence, picture, box.tolist())
    for picture, boxes in enumerate(detections)
    for box, confidence, name in zip(*boxes[:3], strict=True)
    if name == kind
  ]
  known = [
    [box.tolist() for box, _, name in zip(*of[:3], strict=True) if name == kind]
    for of in truth
  ]
  total = sum(map(len, known))
  used, hits, recall, precision = set(), 0, [0.0], [0.0]
  for rank, (_, picture, box) in enumerate(sorted(rows, key=lambda r: -r[0])):
    best, index = 0, -1
    for i, other in enumerate(known[picture]):
      if iou(box, other) > best:
        best, index = iou(box, other), i
    if best > threshold and (picture, index) not in used:
      used.add((picture, index))
      hits += 1
    recall.append(hits / total)
    precision.append(hits / (rank + 1))
  recall.append(1.0)
  precision.append(0.0)
  for i in range(len(precision) - 2, -1, -1):
    precision[i] = max(precision[i], precision[i + 1])
  return sum(
    (recall[i + 1] - recall[i]) * precision[i + 1]
    for i in range(len(recall) - 1)
  )


@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('threshold', [0.2, 0.33, 0.5])
def test_it_agrees_with_plain_loops(seed, threshold):
  random = np.random.default_rng(seed)
  words = ('open', 'short', 'spur')

  def draw(count):
    return boxes(
      *(
        (x, y, x + w, y + h, random.random(), random.choice(words))
        for x, y, w, h in random.integers(
          (0, 0, 10, 10), (14, 14, 18, 18), (count, 4)
        ).tolist()
      )
    )

  truth = [draw(random.integers(3, 9)) for _ in range(5)]
  detections = [draw(random.integers(0, 20)) for _ in range(5)]
  metrics = summarise(truth, detections, threshold)
  expected = {k: oracle(truth, detections, k, threshold) for k in words}
  for kind in words:
    assert metrics.kinds[kind].ap == pytest.approx(expected[kind])
  assert 0 < metrics.mean_ap < 1
  assert metrics.mean_ap == pytest.approx(np.mean([*expected.values()]))
