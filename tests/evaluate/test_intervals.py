"""The bootstrap against explicit resampling; Student against hand figures."""

from __future__ import annotations

import time

import numpy as np
import pytest

from zeroshot.evaluate import average_precision, intervals
from zeroshot.evaluate.matching import Matches


def random_matches(num_pictures, *, seed=0, share=0.7, each=8):
  random = np.random.default_rng(seed)
  counts = random.integers(0, each, num_pictures)
  picture = np.repeat(np.arange(num_pictures), counts)
  correct = random.random(len(picture)) < share
  hits = np.bincount(picture[correct], minlength=num_pictures)
  return Matches(
    random.random(len(picture)),
    correct,
    picture,
    hits + random.integers(0, 3, num_pictures),
  )


def plain_interval(matches, *, samples, seed):
  """Builds every resampled set in full and scores it with the plain AP."""
  random = np.random.default_rng(seed)
  count = len(matches.num_truth)
  figures = []
  for _ in range(samples):
    drawn = np.sort(random.integers(count, size=count))
    rows = np.concatenate([np.flatnonzero(matches.picture == p) for p in drawn])
    figures.append(
      average_precision.average_precision(
        matches.confidence[rows],
        matches.correct[rows],
        num_truth=int(matches.num_truth[drawn].sum()),
      )
    )
  return tuple(np.quantile(figures, (0.025, 0.975)))


@pytest.mark.parametrize('seed', range(3))
def test_agrees_with_explicit_resampling(seed):
  matches = random_matches(25, seed=seed)
  fast = intervals.bootstrap_ap(matches, samples=40, seed=seed)
  slow = plain_interval(matches, samples=40, seed=seed)
  assert fast == pytest.approx(slow, abs=1e-12)


def test_holds_the_figure_and_narrows_with_more_pictures():
  widths = []
  for count in (30, 1000):
    matches = random_matches(count)
    low, high = intervals.bootstrap_ap(matches, samples=200, seed=0)
    assert low < average_precision.summarise(matches).ap < high
    widths.append(high - low)
  assert widths[1] < widths[0] / 3  # sqrt(1000 / 30) is 5.8


def test_the_seed_alone_decides():
  matches = random_matches(30)
  first = intervals.bootstrap_ap(matches, samples=50, seed=1)
  assert first == intervals.bootstrap_ap(matches, samples=50, seed=1)
  assert first != intervals.bootstrap_ap(matches, samples=50, seed=2)


def test_a_lower_level_is_narrower():
  matches = random_matches(30)
  low, high = intervals.bootstrap_ap(matches, samples=100, seed=0)
  low_half, high_half = intervals.bootstrap_ap(
    matches, samples=100, seed=0, level=0.5
  )
  assert low < low_half < high_half < high


def test_edges():
  whole = random_matches(1, seed=1, each=9)
  ap = average_precision.summarise(whole).ap
  assert intervals.bootstrap_ap(whole, samples=9, seed=0) == pytest.approx(
    (ap, ap)
  )
  perfect = random_matches(10, share=1.0)
  perfect = perfect._replace(
    num_truth=np.bincount(perfect.picture, minlength=10)
  )
  assert intervals.bootstrap_ap(perfect, samples=9, seed=0) == (1, 1)
  nothing = random_matches(4, each=1)._replace(num_truth=np.zeros(4, np.int64))
  no_picture = Matches(np.zeros(0), np.zeros(0, bool), *[np.zeros(0, int)] * 2)
  for matches, samples in ((whole, 0), (nothing, 5), (no_picture, 5)):
    assert np.isnan(
      intervals.bootstrap_ap(matches, samples=samples, seed=0)
    ).all()
  with pytest.raises(ValueError, match='bootstrap_samples is -1'):
    intervals.bootstrap_ap(whole, samples=-1, seed=0)


def test_a_thousand_pictures_take_seconds():
  matches = random_matches(1000, each=20)
  start = time.process_time()
  intervals.bootstrap_ap(matches, samples=1000, seed=0)
  assert time.process_time() - start < 10


def test_student_mean_by_hand():
  # Three values: Student's t for two degrees of freedom is 4.302653.
  low, high = intervals.student_mean([0.90, 0.92, 0.94])
  reach = 4.302653 * 0.02 / 3**0.5
  assert (low, high) == pytest.approx((0.92 - reach, 0.92 + reach))


def test_student_mean_of_equal_values_is_that_value():
  assert intervals.student_mean([0.5, 0.5]) == (0.5, 0.5)


@pytest.mark.parametrize('values', [[], [0.5], [0.5, float('nan')]])
def test_student_mean_is_undefined_of_too_little(values):
  assert np.isnan(intervals.student_mean(values)).all()


def test_student_mean_narrows_with_more_seeds_and_a_lower_level():
  few, many = ([0.4, 0.6] * n for n in (1, 4))
  width = [np.diff(intervals.student_mean(v))[0] for v in (few, many)]
  assert width[1] < width[0]
  assert np.diff(intervals.student_mean(few, level=0.5))[0] < width[0]
