"""One picture under the brightness and contrast of another.

relit = with_lighting_of(test, reference)
relit = lighting_of(test, reference).on(reference)   # uint8 as well
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data.pictures import as_image
from zeroshot.types import HostArray

_MAX_GAIN = 2.0  # of contrast, or its inverse; more is a true difference
_KEPT_SHARE = 0.8  # of the pixels fit the lighting; the rest may be defects
_FIT_ROUNDS = 4
_FIT_PIXELS = 2**13  # about so many are enough for two numbers
_MIN_SPREAD = 0.02  # of a channel; flatter pictures tell no contrast


class Lighting(NamedTuple):
  """What turns one picture's brightness and contrast into another's.

  Attributes:
    gains: float64 ``[C]``.
    offsets: float64 ``[C]``.
  """

  gains: HostArray
  offsets: HostArray

  @property
  def inverse(self) -> Lighting:
    """What turns the other picture's lighting into that of the first."""
    return Lighting(1.0 / self.gains, -self.offsets / self.gains)

  def on(self, picture: HostArray) -> HostArray:
    """A picture under the other lighting.

    Args:
      picture: uint8 ``[H, W, C]``, or an image ``[..., C]``.

    Returns:
      Of the same shape: uint8 within [0, 255], of which each level is
      rounded; or float32, not clipped.
    """
    if picture.dtype != np.uint8:
      return (picture * self.gains + self.offsets).astype(np.float32)
    levels = np.arange(256)[:, None] * self.gains + 255 * self.offsets
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)  # [256, C]
    if (table == table[:, :1]).all():
      return cv2.LUT(picture, table[:, 0])
    return cv2.LUT(picture, table[None])


def with_lighting_of(
  test: HostArray, reference: HostArray, valid: HostArray | None = None
) -> HostArray:
  """Returns the reference with the test picture's brightness and contrast.

  Args:
    test: image ``[H, W, 3]``.
    reference: image ``[H, W, 3]``, registered.
    valid: see ``lighting_of``.

  Returns:
    Image float32 ``[H, W, 3]``; not clipped to [0, 1].
  """
  return lighting_of(test, reference, valid).on(reference)


def lighting_of(
  test: HostArray, reference: HostArray, valid: HostArray | None = None
) -> Lighting:
  """What gives the reference the test picture's brightness and contrast.

  Each channel is fitted by the line that matches mean and standard deviation,
  over the four fifths of the pixels that the line of the round before fits
  best: a defect takes no part, and equal pictures stay equal bit for bit.

  Args:
    test: image or uint8 ``[H, W, 3]``, or a sample of its pixels.
    reference: likewise, registered.
    valid: ``[H, W]``, 1 where both have content, and tell the lighting; None
      is everywhere. Where nothing is valid the reference keeps its own.

  Returns:
    Lighting.

  Source: concentration steps of Rousseeuw and Van Driessen, Computing LTS
    regression for large data sets, 2006.
  """
  height, width, channels = test.shape
  step = fit_step(height, width)
  content = np.ones((height, width), bool) if valid is None else valid > 0
  content = content[::step, ::step]
  old, new = (
    as_image(picture[::step, ::step])[content].astype(np.float64).T
    for picture in (reference, test)
  )  # [C, N]
  gains, offsets = np.ones(channels), np.zeros(channels)
  for c in range(channels if content.any() else 0):
    if c and all(np.array_equal(plane[c], plane[0]) for plane in (old, new)):
      gains[c], offsets[c] = gains[0], offsets[0]  # grey
    else:
      gains[c], offsets[c] = _fit_line(old[c], new[c])
  return Lighting(gains, offsets)


def fit_step(height: int, width: int) -> int:
  """Of a picture of this size every so many-th row and column is looked at."""
  return max(1, round(math.sqrt(height * width / _FIT_PIXELS)))


def _fit_line(x: HostArray, y: HostArray) -> tuple[float, float]:
  """Returns gain and offset from ``[N]`` to ``[N]``, blind to outliers."""
  spread = x.std()
  gain, offset = _match_moments(x, y)
  num_kept = math.ceil(_KEPT_SHARE * x.size)
  for _ in range(_FIT_ROUNDS):
    residual = np.abs(gain * x + offset - y)
    kept = residual <= np.partition(residual, num_kept - 1)[num_kept - 1]
    # What is left of a picture with few bright or dark pixels may be one flat
    # level, which says nothing of the contrast: stay with the line so far.
    if x[kept].std() < 0.5 * spread:
      break
    gain, offset = _match_moments(x[kept], y[kept])
  return gain, offset


def _match_moments(x: HostArray, y: HostArray) -> tuple[float, float]:
  """Returns gain and offset that give ``x`` the mean and spread of ``y``."""
  before, after = x.std(), y.std()
  gain = 1.0
  if min(before, after) > _MIN_SPREAD:
    gain = float(np.clip(after / before, 1.0 / _MAX_GAIN, _MAX_GAIN))
  return gain, float(y.mean() - gain * x.mean())
