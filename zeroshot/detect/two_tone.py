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

_SAMPLES = 250_000  # of a picture: enough for shares of a percent
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
  pixels = np.concatenate([_sample(reference), _sample(test)])
  tones = pixels.mean(axis=1).astype(np.uint8)
  colour = pixels.max(axis=1).astype(np.int16) - pixels.min(axis=1)
  if colour.mean() > _MAX_COLOUR:
    return False
  cut, _ = cv2.threshold(tones, 0, 255, cv2.THRESH_OTSU)
  is_bright = tones > cut
  if is_bright.all() or not is_bright.any():
    return False
  bright = np.median(tones[is_bright])
  dark = np.median(tones[~is_bright])
  tolerance = _TOLERANCE * (bright - dark)
  near = np.abs(tones - np.where(is_bright, bright, dark)) <= tolerance
  return bool(bright - dark >= _MIN_CONTRAST and near.mean() >= _MIN_SHARE)


def _sample(picture: HostArray) -> HostArray:
  """Every so many-th pixel, uint8 ``[N, 3]``."""
  height, width = picture.shape[:2]
  step = max(1, round((height * width / _SAMPLES) ** 0.5))
  return as_uint8(picture[::step, ::step]).reshape(-1, 3)


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
