"""Black-and-white pairs, such as scans of bare boards, and who compares them.

  if is_two_tone(reference, test): ...
  detect = choose(for_photographs, for_two_tones)   # asks that, pair by pair

A network that has to forgive lamps and focus forgives a little of what tells
two black-and-white drawings apart as well; there it is not needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.detect import pair_input
from zeroshot.types import HostArray

_SAMPLES = 100_000  # of a picture: enough for shares of a percent
# Of DeepPCB's pairs, turned ones too, the least has 255, 0.94 and 0; of the
# real pairs of cameras those with such a contrast have a share of 0.75 at most.
_MIN_CONTRAST = 180  # between the two tones, of 255
_TOLERANCE = 0.06  # of that contrast, about a tone
_MIN_SHARE = 0.9  # of the pixels, so near to a tone
_MAX_COLOUR = 12.0  # mean difference of a pixel's channels, of 255

T = TypeVar('T')


def is_two_tone(reference: HostArray, test: HostArray) -> bool:
  """Whether both pictures together are of two tones without colour.

  One of the two may be of one tone alone.

  Args:
    reference: pixels ``[H, W, 3]``, uint8, uint16, or float32 in [0, 1].
    test: likewise; its size may differ.
  """
  counts, colour = np.zeros(256), 0.0
  for picture in (reference, test):
    red, green, blue = _sample(picture)
    tones = (red.astype(np.uint16) + green + blue) // 3
    counts += np.bincount(tones, minlength=256)
    highest = np.maximum(np.maximum(red, green), blue)
    lowest = np.minimum(np.minimum(red, green), blue)
    colour += float((highest - lowest).sum())
  if colour > _MAX_COLOUR * counts.sum():
    return False
  dark, bright = _tones(counts)
  if bright - dark < _MIN_CONTRAST:
    return False
  tone = np.arange(256)
  apart = np.minimum(np.abs(tone - dark), np.abs(tone - bright))
  near = counts[apart <= _TOLERANCE * (bright - dark)].sum()
  return bool(near >= _MIN_SHARE * counts.sum())


def _tones(counts: HostArray) -> tuple[int, int]:
  """The medians of the pixels on both sides of Otsu's threshold.

  Args:
    counts: ``[256]``, pixels of each brightness.

  Returns:
    The dark one and the bright one; the same where all pixels are alike.
  """
  # cv2 takes no histogram: as many pixels as tell shares of 1 in 4,096.
  share = np.rint(counts / counts.sum() * 4096).astype(int)
  pixels = np.repeat(np.arange(256, dtype=np.uint8), share)
  cut, _ = cv2.threshold(pixels, 0, 255, cv2.THRESH_OTSU)
  split = int(cut) + 1
  if not counts[:split].any() or not counts[split:].any():
    return 0, 0
  return _median(counts[:split]), split + _median(counts[split:])


def _median(counts: HostArray) -> int:
  """The bin in which half of the pixels are reached."""
  return int(np.searchsorted(np.cumsum(counts), counts.sum() / 2))


def _sample(picture: HostArray) -> HostArray:
  """Every so many-th pixel, uint8 ``[3, N]``."""
  height, width = picture.shape[:2]
  step = max(1, round((height * width / _SAMPLES) ** 0.5))
  pixels = as_uint8(picture[::step, ::step]).reshape(-1, 3)
  return np.ascontiguousarray(pixels.T)


def choose(
  for_photographs: Callable[..., T], for_two_tones: Callable[..., T]
) -> Callable[..., T]:
  """A detector that asks one of two, pair by pair.

  Args:
    for_photographs: ``(reference, test, ...) -> Detection``, of
      ``detector.build_detector``.
    for_two_tones: likewise, for pairs that ``is_two_tone`` names.
  """

  def detect(
    reference: HostArray | pair_input.KnownReference,
    test: HostArray,
    *masks: HostArray | None,
    **options: object,
  ) -> T:
    pixels, _ = pair_input.known(reference)
    chosen = for_two_tones if is_two_tone(pixels, test) else for_photographs
    return chosen(reference, test, *masks, **options)

  return detect
