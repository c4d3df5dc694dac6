"""Pairs in which nothing differs: a picture against a simulated retake.

  ranges = retakes.RetakeRanges(**config.eval.second_take)
  confidences = defect_free.false_confidences(
    images, detector, seed=0, ranges=ranges
  )
  defect_free.threshold_for(confidences, false_boxes_per_pair=0.02)

Every box between a picture and its retake is a false alarm, so that false
alarms are measured without a labelled defect.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from zeroshot.detect.detector import Detection
from zeroshot.evaluate.metrics import JsonFields
from zeroshot.evaluate.retakes import RetakeRanges, simulate_retake
from zeroshot.types import HostArray


@dataclasses.dataclass(frozen=True)
class DefectFreeMetrics(JsonFields):
  """False alarms on pairs in which nothing differs.

  Attributes:
    num_pairs: pairs of a picture and its retake.
    false_boxes_per_pair: boxes a pair, whatever their confidence.
    false_boxes_per_pair_at_threshold: boxes a pair at or above the stored
      threshold; None where there is none.
  """

  num_pairs: int
  false_boxes_per_pair: float
  false_boxes_per_pair_at_threshold: float | None


def false_confidences(
  images: Iterable[HostArray],
  detector: Callable[[HostArray, HostArray], Detection],
  *,
  seed: int,
  ranges: RetakeRanges,
) -> list[HostArray]:
  """Detects on pictures and their simulated retakes.

  Args:
    images: float32 ``[H, W, 3]`` in [0, 1], each of a good part.
    detector: ``(reference, test) -> Detection``.
    seed: of the retakes; each depends on it and on its index alone.
    ranges: of the retakes.

  Returns:
    For each picture the confidences ``[K]`` of its boxes, all of them false.
  """
  return [
    false_confidence(image, detector, seed=seed, index=index, ranges=ranges)
    for index, image in enumerate(images)
  ]


def false_confidence(
  image: HostArray,
  detector: Callable[[HostArray, HostArray], Detection],
  *,
  seed: int,
  index: int,
  ranges: RetakeRanges,
) -> HostArray:
  """Detects on one picture and its simulated retake.

  Args:
    image: float32 ``[H, W, 3]`` in [0, 1], of a good part.
    detector: ``(reference, test) -> Detection``.
    seed: of the retakes.
    index: of the picture among all.
    ranges: of the retake.

  Returns:
    The confidences ``[K]`` of its boxes, all of them false.
  """
  retake = simulate_retake(image, np.random.default_rng((seed, index)), ranges)
  confidence: HostArray = detector(image, retake).boxes.confidence
  return confidence


def summarise(
  confidences: Sequence[HostArray], *, threshold: float | None
) -> DefectFreeMetrics:
  """Counts the false boxes of some defect-free pairs.

  Args:
    confidences: ``[K]`` of each defect-free pair's boxes.
    threshold: in [0, 1]; None where there is none.
  """
  at_threshold = None
  if threshold is not None:
    at_threshold = false_boxes_per_pair(confidences, threshold=threshold)
  return DefectFreeMetrics(
    num_pairs=len(confidences),
    false_boxes_per_pair=false_boxes_per_pair(confidences, threshold=0.0),
    false_boxes_per_pair_at_threshold=at_threshold,
  )


def false_boxes_per_pair(
  confidences: Sequence[HostArray], *, threshold: float
) -> float:
  """The mean number of boxes with at least a confidence.

  Args:
    confidences: ``[K]`` of each defect-free pair's boxes.
    threshold: in [0, 1].

  Returns:
    Boxes a pair; NaN where there is no pair.
  """
  if not confidences:
    return float('nan')
  return float(np.mean([np.sum(c >= threshold) for c in confidences]))


def allowed_false_boxes(num_pairs: int, *, false_boxes_per_pair: float) -> int:
  """The number of false boxes that a rate allows on some pairs.

  Args:
    num_pairs: of good parts.
    false_boxes_per_pair: the rate.

  Returns:
    Their product, rounded down; below 1 the pairs are too few to show the rate.
  """
  return int(false_boxes_per_pair * num_pairs + 1e-9)


def threshold_for(
  confidences: list[HostArray], *, false_boxes_per_pair: float
) -> float:
  """The smallest threshold that keeps false boxes to a rate.

  Args:
    confidences: ``[K]`` of each defect-free pair's boxes, in [0, 1].
    false_boxes_per_pair: the highest rate allowed, positive.

  Returns:
    A threshold in [0, 1]: at most the allowed number of these boxes lie at
    or above it. It is the smallest float32 above the first box too many, or 0
    where no box is too many.

  Raises:
    ValueError: there is no pair, so few pairs that one box alone exceeds the
      rate, or the rate is not positive.
  """
  if not false_boxes_per_pair > 0:
    raise ValueError(
      f'false_boxes_per_pair is {false_boxes_per_pair}; give a positive rate'
    )
  allowed = allowed_false_boxes(
    len(confidences), false_boxes_per_pair=false_boxes_per_pair
  )
  if allowed < 1:
    raise ValueError(
      f'{len(confidences)} defect-free pairs cannot show a rate of '
      f'{false_boxes_per_pair} false boxes a pair; give at least '
      f'{int(np.ceil(1 / false_boxes_per_pair))}'
    )
  pooled = np.sort(np.concatenate(confidences).astype(np.float32))[::-1]
  if pooled.size <= allowed:
    return 0.0
  return float(np.nextafter(pooled[allowed], np.float32(2)))


def cautious_threshold(
  confidences: Sequence[HostArray], *, min_threshold: float
) -> float:
  """A threshold for pairs that are too few to show a rate.

  Args:
    confidences: ``[K]`` of each defect-free pair's boxes, in [0, 1].
    min_threshold: lower bound of the threshold.

  Returns:
    Where the odds are twice those of the most confident of these boxes, or
    ``min_threshold`` if that is more.
  """
  highest = max(float(c.max(initial=0)) for c in confidences)
  return max(min_threshold, 2 * highest / (1 + highest))


def highest_rate(
  num_boxes: int, num_pairs: int, *, certainty: float = 0.95
) -> float:
  """Upper confidence bound of the false boxes a pair.

  It also holds for a threshold chosen on the same boxes: the rate above the
  n-th most confident box of a Poisson process has a gamma distribution with n
  in the place of ``num_boxes + 1``. F. Garwood, "Fiducial limits for the
  Poisson distribution", Biometrika 1936; with no box, the rule of three.

  Args:
    num_boxes: false boxes at or above the threshold.
    num_pairs: of good parts.
    certainty: probability that the rate is no larger.

  Returns:
    Boxes a pair.
  """
  # Imported where it is used: it takes longer than all else of a training.
  from scipy.stats import chi2

  return float(chi2.ppf(certainty, 2 * (num_boxes + 1)) / 2 / num_pairs)
