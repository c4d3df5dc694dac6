"""Confidence against the share of correct detections.

matches = matching.match_set(truth, detections, iou_threshold=0.33)
bins = reliability.reliability(
  matches.confidence, matches.correct, num_bins=10
)

Notation:
  N  detections, pooled over a set
  M  bins
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.types import HostArray


class Reliability(NamedTuple):
  """Confidence against truth, in bins of equal width in confidence.

  Attributes:
    edges: float64 ``[M + 1]``, from 0 to 1; a bin holds its lower edge and not
      its upper one, but for the last, which holds both.
    num_detections: int64 ``[M]``, of each bin.
    mean_confidence: float64 ``[M]`` in [0, 1]; NaN where a bin is empty.
    share_correct: float64 ``[M]``, likewise.
    low: float64 ``[M]``, lower end of Wilson's 95 % interval of
      ``share_correct``; NaN where a bin is empty.
    high: float64 ``[M]``, upper end.
    expected_calibration_error: mean over the detections of their bin's gap
      between confidence and share, in [0, 1]; NaN without a detection.
    brier_score: mean squared difference of confidence and truth, in [0, 1];
      NaN without a detection.
  """

  edges: HostArray
  num_detections: HostArray
  mean_confidence: HostArray
  share_correct: HostArray
  low: HostArray
  high: HostArray
  expected_calibration_error: float
  brier_score: float


def reliability(
  confidence: HostArray, correct: HostArray, *, num_bins: int
) -> Reliability:
  """Compares confidences with the share of correct detections.

  The intervals assume independent detections; those of one picture are
  correlated, so that the true intervals are somewhat wider.

  Sources: E. B. Wilson, "Probable inference, the law of succession, and
  statistical inference", JASA 22, 1927 (the interval, as SciPy computes it); M.
  P. Naeini et al., "Obtaining well calibrated probabilities using Bayesian
  binning", AAAI 2015 (expected calibration error); G. W. Brier, "Verification
  of forecasts expressed in terms of probability", Monthly Weather Review 78,
  1950, halved as is usual for two classes.

  Args:
    confidence: ``[N]`` in [0, 1].
    correct: bool ``[N]``.
    num_bins: ``M``, positive.

  Raises:
    ValueError: the shapes differ, a confidence is not in [0, 1], or there is
      no bin.
  """
  confidence = np.asarray(confidence, np.float64)
  correct = np.asarray(correct, bool)
  _check(confidence, correct, num_bins)
  count, edges = np.histogram(confidence, num_bins, range=(0, 1))
  total = np.histogram(confidence, edges, weights=confidence)[0]
  hits = np.histogram(confidence[correct], edges)[0]
  size = np.where(count, count, np.nan)  # nothing of nothing is undefined
  gap = np.abs(total - hits)  # of a bin's means, times its count
  intervals = np.array(
    [_wilson(*bin_) for bin_ in zip(hits, count, strict=True)]
  )  # [M, 2]
  return Reliability(
    edges=edges,
    num_detections=count,
    mean_confidence=total / size,
    share_correct=hits / size,
    low=intervals[:, 0],
    high=intervals[:, 1],
    expected_calibration_error=float(gap.sum() / (confidence.size or np.nan)),
    brier_score=_brier(confidence, correct),
  )


def _wilson(hits: int, count: int) -> tuple[float, float]:
  """Wilson's 95 % interval of a share; NaN of nothing."""
  if not count:
    return float('nan'), float('nan')
  # Imported where it is used: it takes longer than all else of a training.
  from scipy.stats import binomtest

  low, high = binomtest(int(hits), int(count)).proportion_ci(
    confidence_level=0.95, method='wilson'
  )
  return float(low), float(high)


def _brier(confidence: HostArray, correct: HostArray) -> float:
  """Brier's score; NaN of nothing, which scikit-learn refuses."""
  if not confidence.size:
    return float('nan')
  # Imported where it is used: it takes longer than all else of a training.
  from sklearn.metrics import brier_score_loss

  return float(brier_score_loss(correct, confidence, pos_label=True))


def _check(confidence: HostArray, correct: HostArray, num_bins: int) -> None:
  if confidence.ndim != 1 or confidence.shape != correct.shape:
    raise ValueError(
      f'confidence has shape {confidence.shape} and correct {correct.shape};'
      ' give both [N]'
    )
  legal = (confidence >= 0) & (confidence <= 1)  # NaN is neither
  if not legal.all():
    raise ValueError(
      f'confidences {confidence[~legal][:5]} are not in [0, 1]; give'
      ' probabilities'
    )
  if num_bins < 1:
    raise ValueError(f'num_bins is {num_bins}; give at least 1')
