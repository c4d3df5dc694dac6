"""Bins, intervals and calibration figures, by hand and against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zeroshot.evaluate.reliability import reliability


def random_boxes(seed=0, count=500):
  random = np.random.default_rng(seed)
  confidence = random.random(count)
  return confidence, random.random(count) < confidence**2


def wilson(hits, count, z=1.959963984540054):
  """Wilson's definition: the shares p with |p - hits/count| <= z sd(p)."""
  # (hits - n p)^2 = z^2 n p (1 - p), a quadratic in p.
  roots = np.roots(
    [count**2 + z**2 * count, -2 * hits * count - z**2 * count, hits**2]
  )
  return sorted(roots.real)


def test_by_hand():
  bins = reliability(
    np.array([0.1, 0.3, 0.8, 0.6, 1.0]),
    np.array([False, True, True, False, True]),
    num_bins=4,
  )
  np.testing.assert_array_equal(bins.edges, [0, 0.25, 0.5, 0.75, 1])
  np.testing.assert_array_equal(bins.num_detections, [1, 1, 1, 2])
  np.testing.assert_allclose(bins.mean_confidence, [0.1, 0.3, 0.6, 0.9])
  np.testing.assert_array_equal(bins.share_correct, [0, 1, 0, 1])
  # (1 * 0.1 + 1 * 0.7 + 1 * 0.6 + 2 * 0.1) / 5
  assert bins.expected_calibration_error == pytest.approx(1.6 / 5)
  assert bins.brier_score == pytest.approx((0.01 + 0.49 + 0.04 + 0.36 + 0) / 5)


@pytest.mark.parametrize(
  ('hits', 'count'), [(0, 1), (1, 1), (3, 10), (10, 10), (0, 20), (81, 263)]
)
def test_intervals_solve_wilsons_equation(hits, count):
  correct = np.arange(count) < hits
  bins = reliability(np.full(count, 0.5), correct, num_bins=1)
  low, high = wilson(hits, count)
  assert bins.low[0] == pytest.approx(low, abs=1e-7)
  assert bins.high[0] == pytest.approx(high, abs=1e-7)
  assert bins.low[0] <= bins.share_correct[0] <= bins.high[0]


def test_an_interval_from_a_table():
  # 15 of 148: R. G. Newcombe, Statistics in Medicine 17, 1998, table I,
  # method 3.
  bins = reliability(np.ones(148), np.arange(148) < 15, num_bins=1)
  assert bins.low[0] == pytest.approx(0.0624, abs=5e-5)
  assert bins.high[0] == pytest.approx(0.1605, abs=5e-5)


@pytest.mark.parametrize('num_bins', [1, 7, 10, 40])
def test_agrees_with_loops(num_bins):
  confidence, correct = random_boxes()
  bins = reliability(confidence, correct, num_bins=num_bins)
  error = 0.0
  for i in range(num_bins):
    inside = [
      j
      for j in range(len(confidence))
      if bins.edges[i] <= confidence[j] < bins.edges[i + 1]
    ]
    assert bins.num_detections[i] == len(inside)
    claimed = np.mean(confidence[inside])
    share = np.mean(correct[inside])
    assert bins.mean_confidence[i] == pytest.approx(claimed)
    assert bins.share_correct[i] == pytest.approx(share)
    error += len(inside) * abs(claimed - share)
  assert bins.expected_calibration_error == pytest.approx(error / 500)
  squares = [(p - t) ** 2 for p, t in zip(confidence, correct, strict=True)]
  assert bins.brier_score == pytest.approx(sum(squares) / 500)


def test_order_does_not_count():
  confidence, correct = random_boxes()
  order = np.random.default_rng(1).permutation(len(correct))
  first = reliability(confidence, correct, num_bins=10)
  second = reliability(confidence[order], correct[order], num_bins=10)
  for one, other in zip(first, second, strict=True):
    np.testing.assert_allclose(one, other)


def test_probabilities_are_calibrated():
  random = np.random.default_rng(2)
  confidence = random.random(20_000)
  correct = random.random(20_000) < confidence
  honest = reliability(confidence, correct, num_bins=10)
  boastful = reliability(confidence**0.5, correct, num_bins=10)
  assert honest.expected_calibration_error < 0.015
  assert boastful.expected_calibration_error > 0.1
  assert honest.brier_score == pytest.approx(1 / 6, abs=0.01)


def test_edges_belong_to_the_upper_bin_but_for_the_last():
  bins = reliability(
    np.array([0, 0.125, 0.375, 0.75, 1.0]), np.ones(5, bool), num_bins=8
  )
  np.testing.assert_array_equal(bins.num_detections, [1, 1, 0, 1, 0, 0, 1, 1])


def test_single_precision_is_taken():
  bins = reliability(
    np.array([1, 0.25], np.float32), np.array([True, False]), num_bins=2
  )
  np.testing.assert_array_equal(bins.mean_confidence, [0.25, 1])


def test_what_is_empty_is_undefined():
  bins = reliability(np.array([0.9]), np.array([True]), num_bins=2)
  for values in (
    bins.mean_confidence,
    bins.share_correct,
    bins.low,
    bins.high,
  ):
    assert math.isnan(values[0])
    assert math.isfinite(values[1])
  assert bins.expected_calibration_error == pytest.approx(0.1)


def test_no_detection():
  bins = reliability(np.zeros(0), np.zeros(0, bool), num_bins=3)
  np.testing.assert_array_equal(bins.num_detections, [0, 0, 0])
  assert np.isnan(bins.share_correct).all()
  assert math.isnan(bins.expected_calibration_error)
  assert math.isnan(bins.brier_score)


@pytest.mark.parametrize('truth', [True, False])
def test_all_of_one_kind(truth):
  bins = reliability(np.full(4, 0.75), np.full(4, truth), num_bins=5)
  assert bins.share_correct[3] == truth
  gap = 0.25 if truth else 0.75
  assert bins.expected_calibration_error == pytest.approx(gap)
  assert bins.brier_score == pytest.approx(gap**2)


@pytest.mark.parametrize(
  ('confidence', 'correct', 'num_bins', 'match'),
  [
    ([0.5, 0.5], [True], 10, 'shape'),
    ([[0.5]], [[True]], 10, 'shape'),
    ([0.5, 1.01], [True, True], 10, r'\[1.01\] are not in'),
    ([-0.1], [True], 10, 'not in'),
    ([np.nan], [True], 10, 'nan'),
    ([0.5], [True], 0, 'num_bins is 0'),
  ],
)
def test_what_cannot_be_binned(confidence, correct, num_bins, match):
  with pytest.raises(ValueError, match=match):
    reliability(np.array(confidence), np.array(correct), num_bins=num_bins)
