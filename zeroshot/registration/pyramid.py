"""A picture as registration sees it: middle frequencies at several sizes.

pyramid = Pyramid(picture)
plane = pyramid.plane(factor)       # made once for each factor
plane.texture, plane.slopes, plane.valid
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.registration import transforms
from zeroshot.registration.plane import Plane
from zeroshot.types import HostArray

FINEST_PX = 2560  # longest side of the largest copy
_NEAR = 1.25  # times as large is read between pixels without a blur
_SLENDER = 8  # times as long as wide; longer pictures are shrunk less

T = TypeVar('T')


class Pyramid:
  """Copies of one picture, each made when it is first asked for.

  Attributes:
    shape: height and width of the picture.
  """

  def __init__(
    self, picture: HostArray, valid: HostArray | None = None
  ) -> None:
    """Makes the largest copy, of at most ``FINEST_PX``.

    Args:
      picture: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
      valid: float32 ``[H, W]``, 1 where it has content; None is everywhere.
    """
    self.shape: tuple[int, int] = picture.shape[:2]
    pixels = np.ascontiguousarray(as_uint8(picture))
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    self._halved = [_shrink(grey, _size(self.shape, self.factor(FINEST_PX)))]
    self._valid = valid
    self._planes: dict[tuple[int, int], Plane] = {}
    self._made: dict[str, object] = {}

  def once(self, name: str, make: Callable[[Pyramid], T]) -> T:
    """What ``make`` makes of this picture, made once for each name."""
    if name not in self._made:
      self._made[name] = make(self)
    return cast(T, self._made[name])

  def mirrored(self) -> Pyramid:
    """The mirror image: left and right exchanged."""
    flipped = cv2.cvtColor(cv2.flip(self._halved[0], 1), cv2.COLOR_GRAY2RGB)
    valid = None if self._valid is None else cv2.flip(self._valid, 1)
    if valid is not None:
      valid = cv2.resize(valid, flipped.shape[1::-1])
    return Pyramid(flipped, valid)

  def factor(self, longest_px: int) -> float:
    """By what to shrink the picture to a longest side; at most 1.

    One that is much longer than wide is shrunk less, so that its structure
    across stays visible.
    """
    height, width = self.shape
    slender = longest_px / _SLENDER / min(height, width)
    most = transforms.MAX_SIDE_PX / max(height, width)
    return min(max(longest_px / max(height, width), slender), most, 1.0)

  def plane(self, factor: float) -> Plane:
    """The picture shrunk by a factor of at most 1."""
    size = _size(self.shape, factor)
    if size not in self._planes:
      valid = None
      if self._valid is not None:
        valid = _resize(self._valid, factor)
        valid = (valid > 0.99).astype(np.float32)
      self._planes[size] = Plane(self._grey(size), valid)
    return self._planes[size]

  def _grey(self, size: tuple[int, int]) -> HostArray:
    """The grey picture of a size, uint8 ``[h, w]``."""
    number = 0
    while _is_twice(self._halved[number].shape, size):
      if number + 1 == len(self._halved):
        self._halved.append(_halve(self._halved[number]))
      number += 1
    return _shrink(self._halved[number], size)


def shrink(picture: HostArray, longest_px: int) -> HostArray:
  """Returns a picture averaged down to a longest side, if longer.

  Args:
    picture: ``[H, W]`` or ``[H, W, C]``.
    longest_px: that side.
  """
  return _resize(picture, min(longest_px / max(picture.shape[:2]), 1.0))


def _size(shape: tuple[int, int], factor: float) -> tuple[int, int]:
  height, width = shape
  return max(round(height * factor), 1), max(round(width * factor), 1)


def _resize(plane: HostArray, factor: float) -> HostArray:
  height, width = _size(plane.shape[:2], factor)
  if (height, width) == plane.shape[:2]:
    return plane
  return cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)


def _shrink(grey: HostArray, size: tuple[int, int]) -> HostArray:
  """A grey picture of a smaller size, uint8 ``[h, w]``."""
  while _is_twice(grey.shape, size):
    grey = _halve(grey)
  if grey.shape == size:
    return grey
  # Averages over areas that are no whole pixels would take ten times as long.
  if max(grey.shape) > _NEAR * max(size):
    grey = cv2.GaussianBlur(grey, (3, 3), 0)
  return cv2.resize(grey, size[::-1])


def _is_twice(shape: tuple[int, ...], size: tuple[int, int]) -> bool:
  """Whether half of a picture is no smaller than a size."""
  return shape != size and all(
    (old + 1) // 2 >= new for old, new in zip(shape, size, strict=True)
  )


def _halve(grey: HostArray) -> HostArray:
  """A grey picture of half the size, the odd row or column rounded up."""
  height, width = ((side + 1) // 2 for side in grey.shape)
  is_even = grey.shape == (2 * height, 2 * width)
  # Between pixels is in the middle of two, but for an odd row.
  method = cv2.INTER_AREA if is_even else cv2.INTER_LINEAR
  return cv2.resize(grey, (width, height), interpolation=method)
