"""Pooled AP against loops, by hand, and at its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zeroshot.evaluate import average_precision
from zeroshot.evaluate.matching import Matches


def pooled(confidence, correct, num_truth):
  count = len(confidence)
  return Matches(
    np.asarray(confidence, np.float64),
    np.asarray(correct, bool),
    np.zeros(count, np.int64),
    np.asarray([num_truth], np.int64),
  )


def plain_ap(confidence, correct, num_truth):
  """The protocol's definition, in loops."""
  order = sorted(range(len(confidence)), key=lambda i: -confidence[i])
  total, hits = 0.0, 0
  for rank, i in enumerate(order, start=1):
    if correct[i]:
      hits += 1
      total += hits / rank
  return total / num_truth


def test_by_hand():
  # Ranked: hit, miss, hit; one of three is never found.
  value = average_precision.average_precision(
    [0.2, 0.9, 0.5], [True, True, False], num_truth=3
  )
  assert value == pytest.approx((1 + 2 / 3) / 3, abs=1e-15)


@pytest.mark.parametrize('seed', range(20))
def test_agrees_with_loops(seed):
  random = np.random.default_rng(seed)
  count = int(random.integers(1, 60))
  confidence = random.integers(0, 10, count) / 10  # many ties
  correct = random.random(count) < 0.6
  num_truth = int(correct.sum() + random.integers(1, 9))
  value = average_precision.average_precision(
    confidence, correct, num_truth=num_truth
  )
  assert value == pytest.approx(
    plain_ap(confidence, correct, num_truth), abs=1e-12
  )


def test_only_the_order_of_confidences_counts():
  random = np.random.default_rng(0)
  confidence, correct = random.random(50), random.random(50) < 0.5
  value = average_precision.average_precision(confidence, correct, num_truth=40)
  shuffle = random.permutation(50)
  again = average_precision.average_precision(
    confidence[shuffle] ** 3 / 7, correct[shuffle], num_truth=40
  )
  assert value == again
  assert 0 < value < 1


@pytest.mark.parametrize(
  ('confidence', 'correct', 'num_truth', 'ap', 'precision', 'recall', 'f'),
  [
    ([0.9, 0.1], [1, 1], 2, 1, 1, 1, 1),  # all
    ([0.9, 0.1], [0, 0], 2, 0, 0, 0, 0),  # none
    ([0.9], [1], 1, 1, 1, 1, 1),  # one
    ([], [], 3, 0, math.nan, 0, 0),  # nothing found
    ([0.9], [0], 0, math.nan, 0, math.nan, 0),  # nothing to be found
    ([], [], 0, math.nan, math.nan, math.nan, math.nan),
  ],
)
def test_edges(confidence, correct, num_truth, ap, precision, recall, f):
  metrics = average_precision.summarise(pooled(confidence, correct, num_truth))
  expected = {
    'ap': ap,
    'precision': precision,
    'recall': recall,
    'f_score': f,
    'num_images': 1,
    'num_ground_truth': num_truth,
    'num_detections': len(confidence),
  }
  assert metrics.to_json() == pytest.approx(expected, nan_ok=True)


def test_f_score_is_the_harmonic_mean():
  metrics = average_precision.summarise(
    pooled([0.9, 0.8, 0.7], [1, 0, 1], num_truth=5)
  )
  precision, recall = metrics.precision, metrics.recall
  assert (precision, recall) == (2 / 3, 2 / 5)
  assert metrics.f_score == pytest.approx(
    2 * precision * recall / (precision + recall)
  )


def test_curve():
  curve = average_precision.precision_recall_curve(
    pooled([0.2, 0.9, 0.5], [True, True, False], num_truth=4)
  )
  np.testing.assert_allclose(curve.threshold, [0.9, 0.5, 0.2])
  np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3])
  np.testing.assert_allclose(curve.recall, [1 / 4, 1 / 4, 2 / 4])


def test_a_thinned_curve_keeps_its_ends():
  random = np.random.default_rng(3)
  matches = pooled(random.random(500), random.random(500) < 0.5, num_truth=300)
  curve = average_precision.precision_recall_curve(matches)
  thin = average_precision.thin(curve, num_points=200)
  for few, all_ in zip(thin, curve, strict=True):
    assert len(few) == 200
    assert (few[0], few[-1]) == (all_[0], all_[-1])
  assert (np.diff(thin.threshold) < 0).all()  # no point twice
  same = average_precision.thin(thin, num_points=200)
  np.testing.assert_array_equal(same, thin)
  nothing = average_precision.precision_recall_curve(pooled([], [], 0))
  assert average_precision.thin(nothing, num_points=200).recall.size == 0


def test_area_under_the_curve_is_ap():
  random = np.random.default_rng(3)
  matches = pooled(random.random(40), random.random(40) < 0.5, num_truth=30)
  curve = average_precision.precision_recall_curve(matches)
  steps = np.diff(curve.recall, prepend=0)
  assert average_precision.summarise(matches).ap == pytest.approx(
    float(np.sum(curve.precision * steps))
  )


def test_curve_of_nothing():
  assert average_precision.precision_recall_curve(
    pooled([], [], 0)
  ).recall.shape == (0,)
  curve = average_precision.precision_recall_curve(pooled([0.5], [0], 0))
  assert np.isnan(curve.recall).all()
