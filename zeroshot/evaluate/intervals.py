"""Intervals: of the pooled average precision, and of a mean over seeds.

  low, high = intervals.bootstrap_ap(matches, samples=1000, seed=0)
  low, high = intervals.student_mean([0.91, 0.93, 0.92])

The former is a bootstrap: pictures, not boxes, are drawn with replacement, as
the boxes of one picture succeed and fail together. Matching is within a
picture, so a resampled set needs no new matching; only the ranks change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from zeroshot.evaluate.matching import Matches
from zeroshot.types import HostArray


def bootstrap_ap(
  matches: Matches, *, samples: int, seed: int, level: float = 0.95
) -> tuple[float, float]:
  """Percentile interval of AP over resampled sets of pictures.

  Source: Efron and Tibshirani, An Introduction to the Bootstrap, section 13.3.

  Args:
    matches: the judged detections of a set.
    samples: number of resampled sets; 0 gives NaN.
    seed: of the draws; the same seed gives the same interval.
    level: share of the resampled APs inside the interval.

  Returns:
    ``(low, high)`` in [0, 1]; NaN where no resampled set has ground truth.

  Raises:
    ValueError: ``samples`` is negative.
  """
  if samples < 0:
    raise ValueError(f'bootstrap_samples is {samples}; give 0 or more')
  num_pictures = len(matches.num_truth)
  random = np.random.default_rng(seed)
  order = np.argsort(-matches.confidence, kind='stable')
  picture, correct = matches.picture[order], matches.correct[order]
  aps = []
  for _ in range(samples if num_pictures else 0):
    drawn = random.integers(num_pictures, size=num_pictures)
    times = np.bincount(drawn, minlength=num_pictures)  # [P]
    num_truth = int(times @ matches.num_truth)
    if num_truth:
      aps.append(_repeated_ap(times[picture], correct, num_truth))
  if not aps:
    return float('nan'), float('nan')
  tail = (1 - level) / 2
  low, high = np.quantile(aps, (tail, 1 - tail))
  return float(low), float(high)


def student_mean(
  values: Sequence[float], *, level: float = 0.95
) -> tuple[float, float]:
  """Student's interval of the mean of a few independent values.

  Source: Student, "The probable error of a mean", Biometrika 6, 1908.

  Args:
    values: one for each seed.
    level: how often such an interval covers the true mean, where the values
      are normal.

  Returns:
    ``(low, high)``, not cut to the range of the values; NaN of fewer than two
    values, or where one of them is NaN.
  """
  count = len(values)
  if count < 2:
    return math.nan, math.nan
  # Imported where it is used: it takes longer than all else of a training.
  from scipy.stats import t as student

  middle, spread = float(np.mean(values)), float(np.std(values, ddof=1))
  reach = float(student.ppf((1 + level) / 2, count - 1)) * spread
  reach /= math.sqrt(count)
  return middle - reach, middle + reach


def _repeated_ap(times: HostArray, correct: HostArray, num_truth: int) -> float:
  """AP of ranked detections, each repeated some times.

  The copies of a correct detection have consecutive ranks, so that copy j
  counts j more hits and j more detections than those ranked before it.

  Args:
    times: int ``[N]``, number of copies of each detection.
    correct: bool ``[N]``, both ranked, the most confident first.
    num_truth: number of ground-truth boxes, copies counted.

  Returns:
    AP in [0, 1].
  """
  times_hit = times[correct]
  before = (np.cumsum(times) - times)[correct]
  hits_before = np.cumsum(times_hit) - times_hit
  total = 0.0
  for copy in range(1, int(times_hit.max(initial=0)) + 1):
    has_copy = times_hit >= copy
    total += float(
      np.sum((hits_before[has_copy] + copy) / (before[has_copy] + copy))
    )
  return total / num_truth
