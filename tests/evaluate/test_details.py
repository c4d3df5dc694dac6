"""What the detailed protocols measure beyond AP, precision and recall."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.evaluate.results import (
  NO_MARGIN,
  boxes,
  evaluate,
  picture,
  random_set,
)
from tests.experiments.expected import METRICS


def test_official_details():
  pictures = random_set()
  metrics = evaluate(pictures)['official']
  for iou, key in ((0.5, 'ap_50'), (0.75, 'ap_75')):
    assert (
      metrics[key] == evaluate(pictures, iou_threshold=iou)['official']['ap']
    )
  # With every detection submitted, recall is the highest that there is.
  assert metrics['max_recall'] == metrics['recall'] > 0
  low, high = metrics['interval_95']
  assert low < metrics['ap'] < high


def test_reliability_by_hand():
  pictures = [
    picture(
      'a',
      boxes([20, 20, 60, 60]),
      boxes([30, 30, 50, 50], [80, 80, 90, 90], confidence=[0.95, 0.35]),
    )
  ]
  metrics = evaluate(pictures, box_margin_px=NO_MARGIN | {'official': 10})
  table = metrics['official']['reliability']
  assert table['num_detections'] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 1]
  assert (table['share_correct'][3], table['share_correct'][9]) == (0, 1)
  assert table['mean_confidence'][9] == pytest.approx(0.95)
  assert math.isnan(table['share_correct'][0])
  assert len(table['edges']) == 11
  assert table['expected_calibration_error'] == pytest.approx(0.2)
  assert table['brier_score'] == pytest.approx((0.05**2 + 0.35**2) / 2)
  # The official margin decides what is right; here both are wrong.
  wrong = evaluate(pictures)['official']['reliability']
  assert (wrong['share_correct'][3], wrong['share_correct'][9]) == (0, 0)
  assert wrong['expected_calibration_error'] == pytest.approx(0.65)


def test_reliability_counts_every_detection():
  pictures = random_set()
  metrics = evaluate(pictures)['official']
  bins = metrics['reliability']
  assert sum(bins['num_detections']) == metrics['num_detections']
  correct = np.nansum(
    np.multiply(bins['share_correct'], bins['num_detections'])
  )
  expected = metrics['precision'] * metrics['num_detections']
  assert correct == pytest.approx(expected)


def test_at_threshold_is_the_set_without_the_boxes_below():
  pictures = random_set()
  assert 'at_threshold' not in evaluate(pictures)['official']
  # At a box's own confidence: it is kept.
  pooled = np.concatenate([p.detections.confidence for p in pictures])
  threshold = float(np.sort(pooled)[10])
  metrics = evaluate(pictures, threshold=threshold)
  sure = [
    p._replace(
      detections=boxes(
        *p.detections.xyxy[p.detections.confidence >= threshold],
        confidence=[c for c in p.detections.confidence if c >= threshold],
      )
    )
    for p in pictures
  ]
  expected = evaluate(sure)['official']
  names = ('precision', 'recall', 'f_score', 'num_detections')
  assert metrics['official']['at_threshold'] == {
    'threshold': threshold,
    **{name: expected[name] for name in names},
  }
  assert expected['num_detections'] == len(pooled) - 10 > 10
  # All other metrics are of all boxes, whatever the threshold.
  others = evaluate(pictures)
  for name in ('official', 'official-6'):
    del metrics[name]['at_threshold']
  np.testing.assert_equal(metrics, others)


def test_at_threshold_at_its_ends():
  pictures = random_set()
  whole = evaluate(pictures, threshold=0.0)['official']
  for name in ('precision', 'recall', 'f_score', 'num_detections'):
    assert whole['at_threshold'][name] == whole[name]
  none = evaluate(pictures, threshold=1.0)['official']['at_threshold']
  assert math.isnan(none['precision'])
  assert (none['recall'], none['num_detections']) == (0, 0)


def test_groups_are_scored_as_sets_of_their_own():
  pictures = random_set()
  groups = evaluate(pictures)['official']['groups']
  for group, metrics in groups.items():
    alone = evaluate([p for p in pictures if p.group == group])['official']
    assert metrics == pytest.approx({k: alone[k] for k in METRICS}, nan_ok=True)
  assert sum(g['num_images'] for g in groups.values()) == len(pictures)
