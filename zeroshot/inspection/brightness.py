"""Puts both pictures of a pair on one scale of brightness.

  stored = brightness.measure(pixels, name='the test part.png', bits=None)
  reference, test, warnings = brightness.match(stored, other)

Differences are measured relative to white. So both get one white where their
types agree, or a change of brightness would be hidden or invented; and pictures
that are too dark are multiplied, as long as their noise then stays small.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from zeroshot.data import bit_depth
from zeroshot.types import HostArray

_SAMPLE_PX = 320  # longest side of a sample of the pixels
_QUANTILES = 0.001, 0.999  # stand for the darkest and the brightest parts
_MIN_BRIGHTEST = 0.2  # of white; darker pictures are stretched
_STRETCHED = 0.75  # of white, what the brightest parts are stretched to
_MIN_LEVELS = 24  # between the darkest and the brightest parts
# Of white, standard deviation of the noise of a stretched picture: that of the
# retakes which calibration is fitted on.
_MAX_NOISE = 0.04
_LIKE_EXPOSURES = 2.0  # ratio of the brightest parts, under one stretch
_LIKE_RANGES = 4.0  # ratio of the spans of values, on one scale
_RANGE_MARGIN = 0.125  # of the span, kept on both sides
_NOISE_PX = 1024  # side of the part that noise is measured on
_BLOCK_PX = 16
_NOISE_QUANTILE = 0.25  # of blocks: the others may have texture
_HIGH_PASS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class Stored:
  """Pixels as a file or an array has them, and their scale.

  Attributes:
    pixels: uint8, uint16 or float32 ``[H, W, 3]``, RGB.
    name: role and file, for messages.
    black: value of black.
    white: value of white.
    step: smallest distance of two values; 0 for floating ones.
    ranged: whether black and white are the picture's own range.
    darkest: value of its darkest parts.
    brightest: value of its brightest parts.
  """

  pixels: HostArray = dataclasses.field(repr=False)
  name: str
  black: float
  white: float
  step: float
  ranged: bool
  darkest: float
  brightest: float

  @property
  def reach(self) -> float:
    """The brightest parts, as a share of white."""
    return (self.brightest - self.black) / (self.white - self.black)


def measure(pixels: HostArray, *, name: str, bits: int | None) -> Stored:
  """Finds the scale of a picture's values.

  Args:
    pixels: ``[H, W, 3]``, RGB, of any type of numbers.
    name: role and file, for messages.
    bits: that integers of 16 bits use; None finds them from the values.

  Raises:
    ValueError: values are NaN or infinite, or do not fit into ``bits``.
  """
  pixels = _to_known_type(pixels, name)
  darkest, brightest = _extremes(pixels)
  if bits is not None and pixels.dtype != np.uint16 and bits != 8:
    raise ValueError(
      f'{name} has pixels of type {pixels.dtype}, which cannot have {bits} '
      'bits; leave bits out'
    )
  black, white, step, ranged = 0.0, 1.0, 0.0, False
  if pixels.dtype == np.uint8:
    white, step = 255.0, 1.0
  elif pixels.dtype == np.uint16:
    try:
      depth = bit_depth.given(pixels, bits) if bits else bit_depth.find(pixels)
    except ValueError as error:
      raise ValueError(f'{name} {error}') from error
    white, step = float(depth.white), float(depth.step)
  elif pixels.min() < 0 or pixels.max() > 1:
    ranged = True
    margin = _RANGE_MARGIN * (brightest - darkest) or 1.0
    black, white = darkest - margin, brightest + margin
  return Stored(pixels, name, black, white, step, ranged, darkest, brightest)


def match(
  reference: Stored, test: Stored
) -> tuple[HostArray, HostArray, tuple[str, ...]]:
  """The pixels of both on one scale, and warnings.

  Args:
    reference: of ``measure``.
    test: of ``measure``.

  Returns:
    The pixels of the reference and of the test picture, of their own types and
    at full scale; the very same array where nothing had to be changed. And a
    sentence on each picture whose values were stretched.

  Raises:
    ValueError: one is so dark that stretching would show noise, or too few
      levels.
  """
  pair = _one_scale(reference, test)
  warnings = [
    f'{stored.name} has values beyond black and white, most from '
    f'{stored.darkest:g} to {stored.brightest:g}; they were scaled from '
    f'{stored.black:g} to {stored.white:g}'
    for stored in pair
    if stored.ranged
  ]
  dark = [stored.reach < _MIN_BRIGHTEST for stored in pair]
  gains = [1.0, 1.0]
  if any(dark):
    gains = _gains(pair)
  for stored, is_dark, gain in zip(pair, dark, gains, strict=True):
    if is_dark:
      _refuse_noise(stored, gain)
      warnings.append(
        f'{stored.name} is dark: its brightest parts reach {stored.reach:.1%} '
        f'of white; its values were multiplied by {gain:.3g}: expose longer'
      )
  first, second = (
    _scale(stored, gain) for stored, gain in zip(pair, gains, strict=True)
  )
  return first, second, tuple(warnings)


def sample(pixels: HostArray) -> HostArray:
  """At most 320 evenly spaced rows and columns, contiguous."""
  step = -(-max(pixels.shape[:2]) // _SAMPLE_PX)
  height, width = (-(-side // step) for side in pixels.shape[:2])
  # Faster than slices.
  return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_NEAREST)


def _to_known_type(pixels: HostArray, name: str) -> HostArray:
  """The pixels as uint8, uint16 or float32."""
  if pixels.dtype in (np.uint8, np.uint16):
    return pixels
  if pixels.dtype.kind in 'iu':
    if pixels.min() >= 0 and pixels.max() <= np.iinfo(np.uint16).max:
      return pixels.astype(np.uint16)
    return pixels.astype(np.float32)
  with np.errstate(over='ignore'):
    pixels = pixels.astype(np.float32, copy=False)
  num_wrong = np.count_nonzero(~np.isfinite(pixels))
  if num_wrong:
    raise ValueError(
      f'{name} has {num_wrong} values that are NaN or infinite; replace them'
    )
  return pixels


def _extremes(pixels: HostArray) -> tuple[float, float]:
  """Values of the darkest and brightest parts, of the brightest channel."""
  red, green, blue = cv2.split(sample(pixels))
  brightest = cv2.max(cv2.max(red, green), blue)
  if pixels.dtype != np.uint8:
    low, high = np.quantile(brightest, _QUANTILES)
    return float(low), float(high)
  counts = cv2.calcHist([brightest], [0], None, [256], [0, 256])
  shares = counts.ravel().cumsum() / brightest.size
  low, high = np.searchsorted(shares, _QUANTILES)
  return float(low), float(high)


def _one_scale(reference: Stored, test: Stored) -> tuple[Stored, Stored]:
  """Both with one black and one white, where their values are alike."""
  pair = reference, test
  types = {stored.pixels.dtype for stored in pair}
  spans = sorted(stored.white - stored.black for stored in pair)
  alike = all(stored.ranged for stored in pair) and (
    spans[1] <= _LIKE_RANGES * spans[0]
  )
  if types != {np.dtype(np.uint16)} and not alike:
    return pair
  black = min(stored.black for stored in pair)
  white = max(stored.white for stored in pair)
  first, second = (
    dataclasses.replace(stored, black=black, white=white) for stored in pair
  )
  return first, second


def _gains(pair: tuple[Stored, Stored]) -> list[float]:
  """By how much each is multiplied; at least one of them is dark."""
  reaches = [stored.reach for stored in pair]
  high, low = max(reaches), min(reaches)
  if low > 0 and high <= _LIKE_EXPOSURES * low:
    return [_STRETCHED / high] * 2
  return [
    _STRETCHED / reach if 0 < reach < _MIN_BRIGHTEST else 1.0
    for reach in reaches
  ]


def _refuse_noise(stored: Stored, gain: float) -> None:
  """Refuses a dark picture that cannot be stretched."""
  start = (
    f'{stored.name} is too dark: its brightest parts reach {stored.reach:.1%} '
    'of white'
  )
  remedy = 'expose longer, or store more bits'
  span = stored.brightest - stored.darkest
  if stored.step and span < _MIN_LEVELS * stored.step:
    raise ValueError(
      f'{start}, {span / stored.step:.0f} levels above its darkest, and '
      f'{_MIN_LEVELS} are needed; {remedy}'
    )
  noise = gain * _noise(stored) / (stored.white - stored.black)
  if stored.reach <= 0 or noise > _MAX_NOISE:
    raise ValueError(
      f'{start}, and its noise would be {noise:.1%} of white when stretched, '
      f'more than {_MAX_NOISE:.0%}; {remedy}'
    )


def _noise(stored: Stored) -> float:
  """Standard deviation of the noise, in stored values.

  The response of a filter that is blind to edges along one axis (Immerkær,
  1996), in the quiet ones of the blocks that are not black.
  """
  height, width = stored.pixels.shape[:2]
  top, left = (max(0, (side - _NOISE_PX) // 2) for side in (height, width))
  part = stored.pixels[top : top + _NOISE_PX, left : left + _NOISE_PX, 1]
  values = part.astype(np.float32)
  response = np.abs(cv2.filter2D(values, -1, _HIGH_PASS))
  rows, columns = (max(1, side // _BLOCK_PX) for side in values.shape)
  size = columns, rows
  blocks = cv2.resize(response, size, interpolation=cv2.INTER_AREA)
  levels = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
  bright = levels - stored.black > 0.25 * (stored.brightest - stored.black)
  chosen = blocks[bright] if bright.any() else blocks
  mean = float(np.quantile(chosen, _NOISE_QUANTILE))
  # The filter's norm is 6; the mean of |normal| is sqrt(2 / pi).
  return mean * float(np.sqrt(np.pi / 2)) / 6


def _scale(stored: Stored, gain: float) -> HostArray:
  """The pixels at full scale, multiplied; unchanged if that changes nothing."""
  pixels = stored.pixels
  is_floating = pixels.dtype == np.float32
  full = 1.0 if is_floating else float(np.iinfo(pixels.dtype).max)
  gain *= full / (stored.white - stored.black)
  if gain == 1 and not stored.black:
    return pixels
  # Saturates, and rounds integers.
  scaled = cv2.addWeighted(pixels, gain, pixels, 0, -stored.black * gain)
  return np.clip(scaled, 0, 1) if is_floating else scaled
