"""Simulated retakes: another photograph of the same part.

ranges = retakes.RetakeRanges(**config.eval.second_take)
retakes.simulate_retake(image, np.random.default_rng(0), ranges)

A retake is moved, turned, under other light, blurred and noisy, by amounts
drawn uniformly from ranges.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.evaluate import misalign
from zeroshot.types import HostArray


class RetakeRanges(NamedTuple):
  """How far a simulated retake departs from the picture, at most.

  The fields are those of ``config.eval.second_take``.

  Attributes:
    shift_px: shift along the diagonal, pixels.
    rotation_deg: rotation about the centre, degrees.
    scale_change: departure of the scale from 1.
    brightness: value added.
    contrast: departure of the gain about mid-grey from 1.
    gamma_log2: binary logarithm of the exponent.
    blur_px: standard deviation of the blur, pixels.
    noise_std: standard deviation of the noise.
  """

  shift_px: float
  rotation_deg: float
  scale_change: float
  brightness: float
  contrast: float
  gamma_log2: float
  blur_px: float
  noise_std: float


def simulate_retake(
  image: HostArray, rng: np.random.Generator, ranges: RetakeRanges
) -> HostArray:
  """Simulates another photograph of the same part.

  Args:
    image: float32 ``[H, W, 3]`` in [0, 1].
    rng: of NumPy.
    ranges: of the amounts that are drawn.

  Returns:
    Image float32 ``[H, W, 3]``; where the picture has no content its nearest
    edge pixel is repeated.
  """
  retake, _ = misalign.move_reference(
    image,
    shift_px=rng.uniform(-ranges.shift_px, ranges.shift_px),
    rotation_deg=rng.uniform(-ranges.rotation_deg, ranges.rotation_deg),
    scale=1 + rng.uniform(-ranges.scale_change, ranges.scale_change),
  )
  retake = retake**2.0 ** rng.uniform(-ranges.gamma_log2, ranges.gamma_log2)
  gain = 1 + rng.uniform(-ranges.contrast, ranges.contrast)
  brightness = rng.uniform(-ranges.brightness, ranges.brightness)
  retake = (retake - 0.5) * gain + 0.5 + brightness
  sigma_px = rng.uniform(0, ranges.blur_px)
  if sigma_px > 0.1:  # less changes no pixel
    retake = cv2.GaussianBlur(retake, (0, 0), sigma_px)
  retake = retake + rng.normal(
    0, rng.uniform(0, ranges.noise_std), retake.shape
  )
  return np.clip(retake, 0, 1).astype(np.float32)
