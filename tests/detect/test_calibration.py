"""Confidences made probabilities, against simulated truth."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.detect import calibration
from zeroshot.detect.calibration import Calibration, apply_calibration, fit


def chance(score, slope, offset):
  """The definition, in plain words."""
  logit = np.log(score / (1 - score))
  return 1 / (1 + np.exp(-(slope * logit + offset)))


def simulate(slope, offset, *, count=20_000, seed=0):
  """Scores, and truth that is as likely as the calibrated score says."""
  random = np.random.default_rng(seed)
  score = 1 / (1 + np.exp(-random.normal(0, 2, count)))
  return score, random.random(count) < chance(score, slope, offset)


CALIBRATIONS = [(1.0, 0.0), (0.5, 1.0), (2.5, -1.5)]


@pytest.mark.parametrize(('slope', 'offset'), CALIBRATIONS)
def test_by_the_definition(slope, offset):
  score = np.linspace(0.01, 0.99, 99).astype(np.float32)
  calibrated = apply_calibration(score, Calibration(slope, offset, 0.5))
  np.testing.assert_allclose(
    calibrated, chance(score.astype(np.float64), slope, offset), rtol=1e-5
  )
  assert calibrated.dtype == np.float32
  assert calibrated.shape == (99,)


def test_slope_1_and_offset_0_change_nothing():
  score = np.random.default_rng(0).random(1000, np.float32)
  calibrated = apply_calibration(score, Calibration(1.0, 0.0, 0.5))
  np.testing.assert_allclose(calibrated, score, atol=2e-6)


@pytest.mark.parametrize(('slope', 'offset'), CALIBRATIONS)
def test_no_ranking_changes(slope, offset):
  score = np.sort(np.random.default_rng(1).random(500) * 0.98 + 0.01)
  calibrated = apply_calibration(score, Calibration(slope, offset, 0.5))
  assert (np.diff(calibrated) >= 0).all()
  assert calibrated[-1] - calibrated[0] > 0.5


@pytest.mark.parametrize(('slope', 'offset'), [*CALIBRATIONS, (30.0, 5.0)])
def test_the_ends_stay_ends(slope, offset):
  score = np.array([0, 1e-9, 1e-3, 0.5, 0.999, 1 - 1e-9, 1])
  for dtype in (np.float32, np.float64):
    calibrated = apply_calibration(
      score.astype(dtype), Calibration(slope, offset, 0.5)
    )
    assert np.isfinite(calibrated).all()
    assert 0 <= calibrated[0] <= calibrated[-1] <= 1
    assert (np.diff(calibrated) >= 0).all()
    assert calibrated[0] < 1e-2
    assert calibrated[-1] > 0.99


def test_no_box_has_no_confidence():
  calibrated = apply_calibration(
    np.zeros(0, np.float32), Calibration(2.0, 1.0, 0.5)
  )
  assert calibrated.shape == (0,)
  assert calibrated.dtype == np.float32


@pytest.mark.parametrize(('slope', 'offset'), CALIBRATIONS)
def test_fit_recovers_what_made_the_truth(slope, offset):
  fitted = fit(*simulate(slope, offset))
  assert fitted == pytest.approx((slope, offset), abs=0.1)


def test_fit_is_the_likeliest():
  score, correct = simulate(0.7, -0.5, count=500)
  slope, offset = fit(score, correct)

  def likelihood(slope, offset):
    right = np.where(correct, 1, -1) * (slope * np.log(score / (1 - score)))
    right += np.where(correct, 1, -1) * offset
    return -np.log1p(np.exp(-right)).sum()

  best = likelihood(slope, offset)
  for step in (0.02, -0.02):
    assert likelihood(slope + step, offset) < best
    assert likelihood(slope, offset + step) < best
  # The likeliest claims as many true boxes as there are.
  calibrated = apply_calibration(score, Calibration(slope, offset, 0.5))
  assert calibrated.mean() == pytest.approx(correct.mean(), abs=1e-3)


def test_fitted_confidences_are_right_as_often_as_they_say():
  score, correct = simulate(0.5, 1.0)
  calibrated = apply_calibration(score, Calibration(*fit(score, correct), 0.5))
  for low in np.arange(0.2, 1, 0.2):
    inside = (calibrated >= low) & (calibrated < low + 0.2)
    assert inside.sum() > 200
    share = correct[inside].mean()
    assert share == pytest.approx(calibrated[inside].mean(), abs=0.04)
    plain = (score >= low) & (score < low + 0.2)
    if low < 0.7:
      assert correct[plain].mean() > score[plain].mean() + 0.05


def test_fit_takes_scores_at_the_ends_and_in_any_order():
  score, correct = simulate(1.0, 0.0, count=2000)
  score[:20], correct[:20] = 1.0, True
  score[20:30], correct[20:30] = 0.0, False
  slope, offset = fit(score, correct)
  assert np.isfinite([slope, offset]).all()
  order = np.random.default_rng(2).permutation(len(score))
  assert fit(score[order], correct[order]) == pytest.approx(
    (slope, offset), abs=1e-3
  )


def test_classes_that_never_overlap_are_fitted_all_the_same():
  score = np.array([0.2, 0.3, 0.4, 0.6, 0.7, 0.8])
  slope, offset = fit(score, score > 0.5)
  assert np.isfinite([slope, offset]).all()
  calibrated = apply_calibration(score, Calibration(slope, offset, 0.5))
  assert calibrated[2] < 0.1 < 0.9 < calibrated[3]


@pytest.mark.parametrize(
  ('truth', 'words'),
  [([True] * 3, '3 of 3'), ([False] * 3, '0 of 3'), ([], '0 of 0')],
)
def test_boxes_of_one_kind_are_refused(truth, words):
  with pytest.raises(ValueError, match=f'{words} boxes are true; .*both kinds'):
    fit(np.full(len(truth), 0.5), np.array(truth, bool))


def test_scores_that_fall_with_the_truth_are_refused():
  score, correct = simulate(1.0, 0.0, count=500)
  with pytest.raises(ValueError, match=r'the slope is -.*surer boxes are no'):
    fit(score, ~correct)


def test_plain_values_come_back():
  stored = Calibration(1.5, -0.5, 0.25)._asdict()
  assert calibration.from_plain(stored) == Calibration(1.5, -0.5, 0.25)
  more = {**stored, 'slope': 2, 'synthetic_boxes': 100}
  read = calibration.from_plain(more)
  assert read == Calibration(2.0, -0.5, 0.25)
  assert isinstance(read.slope, float)
  with pytest.raises(KeyError, match='threshold'):
    calibration.from_plain({'slope': 1.0, 'offset': 0.0})


def test_weights_decide_what_boxes_count():
  score, truth = simulate(1.0, 0.0)
  other = ~truth
  both = np.concatenate([score, score]), np.concatenate([truth, other])
  weight = np.repeat([1.0, 1e-6], len(score))
  slope, offset = fit(*both, weight=weight)
  assert slope == pytest.approx(1.0, abs=0.1)
  assert offset == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize('slope', [0.5, 2.0])
def test_of_sure_boxes_nine_in_ten_are_true(slope):
  score, truth = simulate(0.7, -1.0, count=2000)
  offset = calibration.sure_offset(score, truth, slope=slope)
  fitted = Calibration(slope, offset, 0.5)
  is_sure = apply_calibration(score, fitted) >= calibration.SURE - 1e-6
  assert truth[is_sure].mean() >= 0.9
  lower = Calibration(slope, offset + 0.3, 0.5)
  more = apply_calibration(score, lower) >= calibration.SURE
  assert truth[more].mean() < 0.9


def test_where_all_boxes_are_false_none_is_sure():
  score = np.array([0.2, 0.99, 0.5])
  offset = calibration.sure_offset(score, np.zeros(3, bool), slope=1.0)
  fitted = Calibration(1.0, offset, 0.5)
  assert apply_calibration(score, fitted).max() < calibration.SURE


def test_without_boxes_the_offset_is_free():
  assert (
    calibration.sure_offset(np.zeros(0), np.zeros(0, bool), slope=1.0) == np.inf
  )


def test_a_calibration_moves_to_another_threshold():
  fitted = calibration.Calibration(0.8, -0.4, 0.35)
  moved = calibration.moved_to(fitted, 0.2)
  assert moved.slope == fitted.slope
  scores = np.linspace(0.01, 0.99, 99)
  before, after = (
    calibration.apply_calibration(scores, each) for each in (fitted, moved)
  )
  np.testing.assert_array_equal(before >= 0.35, after >= 0.2)
  assert (after < before).all()
  back = calibration.moved_to(moved, 0.35)
  assert back.offset == pytest.approx(fitted.offset)
  for wrong in (0.0, 1.0):
    with pytest.raises(ValueError, match='between 0 and 1'):
      calibration.moved_to(fitted, wrong)


def test_the_second_of_two_networks_shares_the_threshold_of_the_first():
  first = calibration.Calibration(slope=1.0, offset=-0.5, threshold=0.2)
  second = calibration.Calibration(slope=2.0, offset=0.3, threshold=0.4)
  shared = calibration.sharing_threshold(second, first)
  assert shared == calibration.moved_to(second, 0.2)
  assert calibration.sharing_threshold(second, None) == second
  assert calibration.sharing_threshold(None, first) is None
