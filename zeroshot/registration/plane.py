"""A picture's middle frequencies at one size.

  plane = Plane(grey)                 # of Pyramid.plane
  plane.texture, plane.slopes, plane.steep

A texture has no mean and nothing finer than 2 or coarser than 31 pixels, so a
change of brightness or contrast or a soft spot light changes it little. All but
the grey picture is made when it is first asked for.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration import resampling
from zeroshot.types import HostArray

_FINE = cv2.getGaussianKernel(9, 1.0, cv2.CV_32F)
_LIGHT_PX = 31  # what is coarser is light
_ROUGH_PX = 160  # longest side of planes for rough moves, left as they are
_EVEN_PX = 17  # over which contrast is made even
_EVEN_FROM = 0.4  # of a picture's contrast; less is made even in part
_MIN_CONTRAST = 0.5  # of 255; a flatter picture's noise is not amplified
_MIN_STEEPNESS = 0.5  # of the mean squared slope
_NUM_STEEP = 4096  # at most about so many pixels


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
    grey: uint8 ``[h, w]``.
    valid: float32 ``[h, w]``, 1 where the picture has content; None is
      everywhere.
  """

  grey: HostArray
  valid: HostArray | None = None

  @property
  def texture(self) -> HostArray:
    """Float32 ``[h, w]``, of standard deviation 1."""
    return self._textured[0]

  @property
  def contrast(self) -> float:
    """Standard deviation of the texture before it was scaled, of 255."""
    return self._textured[1]

  @functools.cached_property
  def _textured(self) -> tuple[HostArray, float]:
    """``texture`` and ``contrast``."""
    texture = cv2.sepFilter2D(self.grey, cv2.CV_32F, _FINE, _FINE)
    light = cv2.boxFilter(self.grey, cv2.CV_32F, (_LIGHT_PX, _LIGHT_PX))
    cv2.subtract(texture, light, dst=texture)
    spread = float(cv2.norm(texture)) / texture.size**0.5
    contrast = max(spread, _MIN_CONTRAST)
    texture *= 1 / contrast
    return texture, contrast

  @functools.cached_property
  def even(self) -> HostArray:
    """The texture with about the same contrast everywhere, float32 ``[h, w]``.

    Light that is stronger on one side does not pull an alignment by it.
    """
    texture = self.texture
    if max(self.shape) <= _ROUGH_PX:
      return texture
    power: HostArray = cv2.sqrBoxFilter(
      texture, cv2.CV_32F, (_EVEN_PX, _EVEN_PX)
    )
    power += _EVEN_FROM**2
    return cv2.divide(texture, cv2.sqrt(power, dst=power))

  @functools.cached_property
  def slopes(self) -> HostArray:
    """``even``, and its derivatives along x and y, float32 ``[h, w, 3]``."""
    return cv2.merge([self.even, *derivatives(self.even)])

  @functools.cached_property
  def steep(self) -> Points:
    """Some thousand pixels where the texture changes, row by row."""
    return steep_points(self.even)

  def read(
    self, across: HostArray, down: HostArray
  ) -> tuple[HostArray, HostArray]:
    """``slopes`` at points, and whether the picture has content there.

    Args:
      across: float32 ``[N]``, pixels.
      down: float32 ``[N]``, pixels.

    Returns:
      Float32 ``[N, 3]`` and bool ``[N]``.
    """
    content = (
      (across >= 0)
      & (down >= 0)
      & (across <= self.width - 1)
      & (down <= self.height - 1)
    )
    if self.valid is not None:
      valid = resampling.read(self.valid[..., None], across, down)
      content &= valid[:, 0] > 0.99
    return resampling.read(self.slopes, across, down), content

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


def derivatives(even: HostArray) -> tuple[HostArray, HostArray]:
  """The derivatives of a plane along x and y; 0 across its border.

  Args:
    even: float32 ``[h, w]``.

  Returns:
    Likewise, each.
  """
  along_x = cv2.Sobel(even, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
  along_y = np.zeros_like(even)
  np.subtract(even[2:], even[:-2], out=along_y[1:-1])
  along_y *= 0.5
  return along_x, along_y


def steep_points(even: HostArray, core: HostArray | None = None) -> Points:
  """Some thousand pixels where a plane changes, row by row.

  Args:
    even: float32 ``[h, w]``.
    core: bool ``[h, w]``, where they may lie; None is everywhere.
  """
  along = derivatives(even)
  steepness = along[0] * along[0] + along[1] * along[1]
  if core is not None:
    steepness *= core
  least = max(_MIN_STEEPNESS * float(cv2.mean(steepness)[0]), 1e-8)
  pixel = np.flatnonzero(steepness > least)
  pixel = pixel[:: 1 + pixel.size // _NUM_STEEP]
  rest = pixel.size % resampling.ROW_PX  # whole rows are cheapest to read
  if rest < pixel.size:
    pixel = pixel[: pixel.size - rest]
  row, column = np.divmod(pixel, even.shape[1])
  return Points(
    column.astype(np.float32),
    row.astype(np.float32),
    even[row, column],
    *(values.ravel()[pixel] for values in along),
  )
