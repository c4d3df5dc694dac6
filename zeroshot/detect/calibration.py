"""Confidences that are probabilities, and the threshold to act on.

  slope, offset = fit(confidence, correct)
  calibration = Calibration(slope, offset, threshold=0.4)
  probability = apply_calibration(boxes.confidence, calibration)

Logistic calibration: J. Platt, "Probabilistic outputs for support vector
machines", 1999, on the logit of the score as in C. Guo et al., "On calibration
of modern neural networks", ICML 2017. It is monotone, so no ranking changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from zeroshot.types import HostArray

SURE = 0.9  # of boxes of this confidence and more, as many are to be true
_BELOW = 1e-3  # in logits, below it
_MIN = 1e-6  # scores are kept so far from 0 and 1, where logits end


class Calibration(NamedTuple):
  """How a box's score becomes a probability.

  Attributes:
    slope: of the logit; positive.
    offset: of the logit.
    threshold: calibrated confidence from which a box is worth a look, chosen
      on defect-free pairs; see ``zeroshot.evaluate.defect_free``.
  """

  slope: float
  offset: float
  threshold: float


def apply_calibration(
  confidence: HostArray, calibration: Calibration
) -> HostArray:
  """Probabilities that boxes are true differences.

  Args:
    confidence: ``[K]`` in [0, 1], of ``boxes_from_scores``.
    calibration: see ``fit``.

  Returns:
    Float32 ``[K]`` in [0, 1], in the same order of size.
  """
  value = calibration.slope * _logit(confidence) + calibration.offset
  return (1 / (1 + np.exp(-value))).astype(np.float32)


def moved_to(calibration: Calibration, threshold: float) -> Calibration:
  """The same, for other odds that a box is a true difference.

  How many of all boxes are true depends on the pairs; the order of boxes, and
  which of them are beyond the threshold, do not.

  Args:
    calibration: with a threshold between 0 and 1.
    threshold: that it gets, between 0 and 1.

  Raises:
    ValueError: a threshold is not between the two.
  """
  for value in (calibration.threshold, threshold):
    if not 0 < value < 1:
      raise ValueError(f'threshold is {value}; give one between 0 and 1')
  new, old = _logit(np.array([threshold, calibration.threshold]))
  offset = calibration.offset + float(new - old)
  return calibration._replace(offset=offset, threshold=threshold)


def sharing_threshold(
  calibration: Calibration | None, first: Calibration | None
) -> Calibration | None:
  """That of the second of two networks that stand for one.

  Args:
    calibration: of the second; None without one.
    first: of the first, likewise.

  Returns:
    ``calibration``, moved to the threshold of ``first`` where both are there:
    one threshold, so one meaning of their confidences.
  """
  if calibration is None or first is None:
    return calibration
  return moved_to(calibration, first.threshold)


def fit(
  confidence: HostArray,
  correct: HostArray,
  *,
  weight: HostArray | None = None,
) -> tuple[float, float]:
  """Fits slope and offset by maximum likelihood.

  Args:
    confidence: ``[K]`` in [0, 1], uncalibrated.
    correct: bool ``[K]``, whether each box is a true difference.
    weight: ``[K]``, positive, how much each box counts; None is alike.

  Returns:
    Slope and offset of the logit.

  Raises:
    ValueError: boxes of one kind alone, or confidences that do not rise with
      the truth.
  """
  if len(np.unique(correct)) < 2:
    raise ValueError(
      f'{np.sum(correct)} of {len(correct)} boxes are true; a calibration '
      'needs both kinds: give more pairs'
    )
  # Importing it takes longer than all else that detection imports, and those
  # who only apply a calibration need not have it.
  from sklearn.linear_model import LogisticRegression

  model = LogisticRegression(C=np.inf)  # no penalty
  model.fit(_logit(confidence)[:, None], correct, sample_weight=weight)
  slope, offset = float(model.coef_[0, 0]), float(model.intercept_[0])
  if slope <= 0:
    raise ValueError(
      f'the slope is {slope:.3g}: surer boxes are no truer, the network has '
      'not learned to tell; train it longer'
    )
  return slope, offset


def sure_offset(
  confidence: HostArray, correct: HostArray, *, slope: float
) -> float:
  """The largest offset by which of the boxes at ``SURE`` that share is true.

  Args:
    confidence: ``[K]`` in [0, 1], uncalibrated.
    correct: bool ``[K]``, whether each box is a true difference.
    slope: of the logit, see ``fit``.

  Returns:
    An offset of the logit; infinite without a box.
  """
  if not len(confidence):
    return np.inf
  order = np.argsort(-np.asarray(confidence, np.float64), kind='stable')
  ranked = np.asarray(confidence, np.float64)[order]
  shares = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
  # Of boxes of one confidence all count, or none.
  is_last = np.append(ranked[1:] < ranked[:-1], True)
  enough = np.flatnonzero(is_last & (shares >= SURE))
  if len(enough):
    least, reach = ranked[enough[-1]], 0.0
  else:  # not even the surest boxes are
    least, reach = ranked[0], _BELOW
  sure, own = _logit(np.array([SURE, least]))
  return float(sure - reach - slope * own)


def from_plain(values: Mapping[str, Any]) -> Calibration:
  """The calibration in a weights file's header, which may say more."""
  return Calibration(*(float(values[name]) for name in Calibration._fields))


def _logit(confidence: HostArray) -> HostArray:
  share = np.clip(np.asarray(confidence, np.float64), _MIN, 1 - _MIN)
  return np.log(share / (1 - share))
