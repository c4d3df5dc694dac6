"""A picture as registration sees it: middle frequencies at several sizes.

  pyramid = Pyramid(picture)
  plane = pyramid.plane(factor)       # made once for each factor
  plane.texture, plane.slopes, plane.valid

A texture has no mean and nothing finer than 2 or coarser than 31 pixels, so a
change of brightness or contrast or a soft spot light changes it little.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.registration import resampling, transforms
from zeroshot.types import HostArray

FINEST_PX = 2560  # longest side of the largest copy
_LIGHT_PX = 31  # what is coarser is light
_ROUGH_PX = 160  # longest side of planes for rough moves, left as they are
_EVEN_PX = 17  # over which contrast is made even
_EVEN_FROM = 0.4  # of a picture's contrast; less is made even in part
_MIN_CONTRAST = 0.5  # of 255; a flatter picture's noise is not amplified
_MIN_STEEPNESS = 0.5  # of the mean squared slope
_NUM_STEEP = 4096  # at most about so many pixels
_CORNER_PX = {1: 5, 2: 3}  # side of the square that makes a corner
_HALVED_PX = 400  # shorter side, from which corners are looked for at half size
_SLENDER = 8  # times as long as wide; longer pictures are shrunk less

T = TypeVar('T')


class Points(NamedTuple):
  """Pixels of a texture, each field float32 ``[N]``.

  Attributes:
    column: of the pixel.
    row: of the pixel.
    texture: there.
    along_x: the texture's derivative.
    along_y: likewise.
  """

  column: HostArray
  row: HostArray
  texture: HostArray
  along_x: HostArray
  along_y: HostArray


@dataclasses.dataclass(frozen=True, eq=False)
class Plane:
  """A copy of a picture at one size.

  Attributes:
    texture: float32 ``[h, w]``, of standard deviation 1.
    valid: float32 ``[h, w]``, 1 where the picture has content; None is
      everywhere.
    grey: uint8 ``[h, w]``.
    contrast: standard deviation of the texture before it was scaled, of 255.
  """

  texture: HostArray
  valid: HostArray | None
  grey: HostArray
  contrast: float

  @functools.cached_property
  def slopes(self) -> HostArray:
    """An even texture, and its derivatives along x and y, ``[h, w, 3]``.

    Float32. Its contrast is about the same everywhere, so light that is
    stronger on one side does not pull an alignment.
    """
    return cv2.merge(self._even)

  @functools.cached_property
  def _even(self) -> list[HostArray]:
    """The channels of ``slopes``."""
    even = self.texture
    if max(self.shape) > _ROUGH_PX:
      power = cv2.blur(even * even, (_EVEN_PX, _EVEN_PX))
      even = even / cv2.sqrt(power + _EVEN_FROM**2)
    along_x, along_y = (
      cv2.Sobel(even, cv2.CV_32F, *order, ksize=1, scale=0.5)
      for order in ((1, 0), (0, 1))
    )
    return [even, along_x, along_y]

  @functools.cached_property
  def steep(self) -> Points:
    """Some thousand pixels where the texture changes, row by row."""
    even, along_x, along_y = (plane.ravel() for plane in self._even)
    steepness = along_x * along_x + along_y * along_y
    least = max(_MIN_STEEPNESS * float(cv2.mean(steepness)[0]), 1e-8)
    pixel = np.flatnonzero(steepness > least)
    pixel = pixel[:: 1 + pixel.size // _NUM_STEEP]
    rest = pixel.size % resampling.ROW_PX  # whole rows are cheapest to read
    if rest < pixel.size:
      pixel = pixel[: pixel.size - rest]
    row, column = np.divmod(pixel, self.width)
    return Points(
      column.astype(np.float32),
      row.astype(np.float32),
      *(plane[pixel] for plane in (even, along_x, along_y)),
    )

  @functools.cached_property
  def corners(self) -> tuple[HostArray, HostArray]:
    """Corners ``[N, 2]``, x and y, the strongest first; their strengths.

    In large planes they are looked for at half the size, which is near enough
    to compare the patches around them.
    """
    step = 2 if min(self.shape) >= _HALVED_PX else 1
    height, width = (side // step for side in self.shape)
    small = self.texture[: step * height, : step * width]
    small = cv2.resize(small, (width, height), interpolation=cv2.INTER_AREA)
    strength = cv2.cornerMinEigenVal(small, _CORNER_PX[step])
    highest = strength == cv2.dilate(strength, np.ones((3, 3), np.uint8))
    pixel = np.flatnonzero(highest & (strength > 0))
    values = strength.ravel()[pixel]
    order = np.argsort(-values, kind='stable')
    rows, columns = np.divmod(pixel[order], width)
    return step * np.stack([columns, rows], axis=1), values[order]

  @property
  def is_blank(self) -> bool:
    """Whether nothing is to be seen."""
    return self.contrast <= _MIN_CONTRAST

  @property
  def shape(self) -> tuple[int, int]:
    """Height and width."""
    return self.grey.shape[0], self.grey.shape[1]

  @property
  def height(self) -> int:
    """Pixels."""
    return self.grey.shape[0]

  @property
  def width(self) -> int:
    """Pixels."""
    return self.grey.shape[1]


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
    small = as_uint8(_resize(picture, self.factor(FINEST_PX)))
    self._grey = cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2GRAY)
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
    flipped = cv2.cvtColor(cv2.flip(self._grey, 1), cv2.COLOR_GRAY2RGB)
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
      grey = self._grey
      if size != grey.shape:
        grey = cv2.resize(grey, size[::-1], interpolation=cv2.INTER_AREA)
      valid = None
      if self._valid is not None:
        valid = _resize(self._valid, factor)
        valid = (valid > 0.99).astype(np.float32)
      texture, contrast = _texture(grey)
      self._planes[size] = Plane(texture, valid, grey, contrast)
    return self._planes[size]


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


def _middle_frequencies(grey: HostArray) -> HostArray:
  """Returns a plane without what is finer than 2 or coarser than 31 pixels.

  Args:
    grey: uint8 or float32 ``[h, w]``.

  Returns:
    Float32 ``[h, w]``, about zero mean everywhere.
  """
  fine = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
  return fine - cv2.blur(fine, (_LIGHT_PX, _LIGHT_PX))


def _texture(grey: HostArray) -> tuple[HostArray, float]:
  """Returns ``Plane.texture`` and ``Plane.contrast`` of a grey picture."""
  texture = _middle_frequencies(grey)
  contrast = max(float(cv2.meanStdDev(texture)[1][0, 0]), _MIN_CONTRAST)
  texture /= contrast
  return texture, contrast
