"""Pairs in which nothing differs: a picture against its own second take.

  found = false_confidences(images, detector, seed=0, nuisances=settings)
  threshold_for(found, false_boxes_per_pair=0.02)

The second take is what another day's photograph of the same part might be:
moved, turned, under other light, blurred and noisy, by amounts drawn uniformly
from ranges. It is the only truth about false alarms that a user without a
single labelled defect can have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import cv2
import numpy as np
from scipy.stats import chi2

from zeroshot.detect.detector import Detection
from zeroshot.evaluate import misalign
from zeroshot.types import HostArray


def second_take(
  image: HostArray,
  rng: np.random.Generator,
  *,
  shift_px: float,
  rotation_deg: float,
  scale_change: float,
  brightness: float,
  contrast: float,
  gamma_log2: float,
  blur_px: float,
  noise_std: float,
) -> HostArray:
  """The same part, photographed again.

  Args:
    image: float32 ``[H, W, 3]`` in [0, 1].
    rng: of NumPy.
    shift_px: most that it moves, diagonally.
    rotation_deg: most that it turns about the centre.
    scale_change: most that its scale departs from 1.
    brightness: most that is added.
    contrast: most that the gain about mid-grey departs from 1.
    gamma_log2: most that the binary logarithm of the exponent departs from 0.
    blur_px: widest blur, standard deviation.
    noise_std: strongest noise, standard deviation.

  Returns:
    Image float32 ``[H, W, 3]``; where the picture has no content its nearest
    edge pixel is repeated.
  """
  moved, _ = misalign.moved_reference(
    image,
    shift_px=rng.uniform(-shift_px, shift_px),
    rotation_deg=rng.uniform(-rotation_deg, rotation_deg),
    scale=1 + rng.uniform(-scale_change, scale_change),
  )
  take = moved**2.0 ** rng.uniform(-gamma_log2, gamma_log2)
  gain = 1 + rng.uniform(-contrast, contrast)
  take = (take - 0.5) * gain + 0.5 + rng.uniform(-brightness, brightness)
  sigma_px = rng.uniform(0, blur_px)
  if sigma_px > 0.1:  # less changes no pixel
    take = cv2.GaussianBlur(take, (0, 0), sigma_px)
  take = take + rng.normal(0, rng.uniform(0, noise_std), take.shape)
  return np.clip(take, 0, 1).astype(np.float32)


def false_confidences(
  images: Iterable[HostArray],
  detector: Callable[[HostArray, HostArray], Detection],
  *,
  seed: int,
  nuisances: Mapping[str, float],
) -> list[HostArray]:
  """What a detector finds between pictures and their own second takes.

  Args:
    images: float32 ``[H, W, 3]`` in [0, 1], each of a good part.
    detector: ``(reference, test) -> Detection``.
    seed: of the takes; each depends on it and on its place alone.
    nuisances: keyword arguments of ``second_take``.

  Returns:
    For each picture the confidences ``[K]`` of its boxes, all of them false.
  """
  return [
    false_confidence(
      image, detector, seed=seed, place=place, nuisances=nuisances
    )
    for place, image in enumerate(images)
  ]


def false_confidence(
  image: HostArray,
  detector: Callable[[HostArray, HostArray], Detection],
  *,
  seed: int,
  place: int,
  nuisances: Mapping[str, float],
) -> HostArray:
  """What a detector finds between one picture and its own second take.

  Args:
    image: float32 ``[H, W, 3]`` in [0, 1], of a good part.
    detector: ``(reference, test) -> Detection``.
    seed: of the takes.
    place: of the picture among all.
    nuisances: keyword arguments of ``second_take``.

  Returns:
    The confidences ``[K]`` of its boxes, all of them false.
  """
  rng = np.random.default_rng((seed, place))
  take = second_take(image, rng, **nuisances)
  confidence: HostArray = detector(image, take).boxes.confidence
  return confidence


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
  """How many boxes a rate allows on so many pairs; below 1 it cannot be shown.

  Args:
    num_pairs: of good parts.
    false_boxes_per_pair: the rate.

  Returns:
    Their product, rounded down but for rounding errors.
  """
  return int(false_boxes_per_pair * num_pairs + 1e-9)


def threshold_for(
  confidences: list[HostArray], *, false_boxes_per_pair: float
) -> float:
  """The least confidence that keeps false alarms to a rate.

  Args:
    confidences: ``[K]`` of each defect-free pair's boxes, in [0, 1].
    false_boxes_per_pair: the most that is wanted, positive.

  Returns:
    A threshold in [0, 1]: at most the wanted number of these boxes lie at or
    above it. It is the smallest float32 above the first box too many, or 0
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
  confidences: Sequence[HostArray], *, least: float
) -> float:
  """A threshold for pairs that are too few to show a rate.

  Args:
    confidences: ``[K]`` of each defect-free pair's boxes, in [0, 1].
    least: the threshold that is never gone below.

  Returns:
    Where the odds are twice those of the surest of these boxes, or ``least``
    if that is more.
  """
  surest = max(float(c.max(initial=0)) for c in confidences)
  return max(least, 2 * surest / (1 + surest))


def highest_rate(
  num_boxes: int, num_pairs: int, *, certainty: float = 0.95
) -> float:
  """The most false boxes a pair that what was seen allows to believe in.

  It holds for a threshold chosen on the same boxes, too: what lies above the
  n-th of the surest boxes of a Poisson process has a gamma distribution with
  n in the place of ``num_boxes + 1``. F. Garwood, "Fiducial limits for the
  Poisson distribution", Biometrika 1936; with no box, the rule of three.

  Args:
    num_boxes: false boxes at or above the threshold.
    num_pairs: of good parts.
    certainty: that the rate is no larger.

  Returns:
    Boxes a pair.
  """
  return float(chi2.ppf(certainty, 2 * (num_boxes + 1)) / 2 / num_pairs)
