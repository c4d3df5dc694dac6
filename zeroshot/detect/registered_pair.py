"""A registered pair of any size, of which windows are cut.

  pair = register_pair(reference, test, warp)
  crop = pair.crop(tile)   # a window of the test picture's grid
  crop.comparable, crop.relit, crop.test, crop.valid_mask

Pixels keep the type they came in and become float32 in a window only, so the
memory does not grow with the picture.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data.pictures import as_image
from zeroshot.pcb import conductors
from zeroshot.registration import lighting, register
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray, Tile

RIM_PX = 3  # of the valid area, left out of what is compared
_MIN_CONTENT = 0.99  # of a resampled mask; less is mixed with its outside


class Crop(NamedTuple):
  """A window of a registered pair.

  Attributes:
    aligned: image ``[h, w, 3]``, the aligned reference; where it has no
      content its nearest edge pixel is repeated.
    comparable: the same; the test picture, under the reference's lighting,
      stands in where the reference has no content.
    relit: ``comparable`` under the test picture's lighting.
    test: image ``[h, w, 3]``.
    valid: bool ``[h, w]``, where the reference has content.
    valid_mask: float32 ``[h, w]``, 1 where the reference has content, without
      a rim of ``RIM_PX`` along its border.
  """

  aligned: HostArray
  comparable: HostArray
  relit: HostArray
  test: HostArray
  valid: HostArray
  valid_mask: HostArray


class RegisteredPair(NamedTuple):
  """Two pictures, the move between them, and the lighting of both.

  Attributes:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise; its size may be another.
    warp: where the test picture's pixels lie in the reference.
    reference_mask: float32 ``[H, W]``, 1 where the reference has content, in
      its own grid; None is everywhere.
    to_reference: gives the test picture the reference's lighting.
    to_test: gives the comparable reference the test picture's lighting.
  """

  reference: HostArray
  test: HostArray
  warp: Warp
  reference_mask: HostArray | None
  to_reference: lighting.Lighting
  to_test: lighting.Lighting

  def crop(self, tile: Tile) -> Crop:
    """What lies in a window of the test picture."""
    test = as_image(self.test[tile.window])
    aligned = as_image(self.warp.resample(self.reference, tile))
    valid, valid_mask = self._content(tile)
    comparable = aligned
    if not valid.all():
      # Under another lighting the border would be marked as a difference.
      stand_in = self.to_reference.on(test)
      comparable = np.where(valid[..., None], aligned, stand_in)
    relit = self.to_test.on(comparable)
    return Crop(aligned, comparable, relit, test, valid, valid_mask)

  def conductor_threshold(self) -> float | None:
    """See ``conductors.conductor_threshold``, of the whole pictures."""
    step = conductors.sample_step(*self.test.shape[:2])
    aligned, test, valid = _sample(
      self.reference, self.test, self.warp, self.reference_mask, step
    )
    stand_in = self.to_reference.on(test)
    comparable = np.where(valid[..., None], aligned, stand_in)
    return conductors.conductor_threshold(self.to_test.on(comparable), test)

  def _content(self, tile: Tile) -> tuple[HostArray, HostArray]:
    """``valid`` and ``valid_mask`` of a window."""
    height, width = self.test.shape[:2]
    top, left = max(tile.top - RIM_PX, 0), max(tile.left - RIM_PX, 0)
    bottom = min(tile.top + tile.height + RIM_PX, height)
    right = min(tile.left + tile.width + RIM_PX, width)
    around = Tile(top, left, bottom - top, right - left)
    valid = self.warp.inside(around)
    if self.reference_mask is not None:
      content = self.warp.resample(self.reference_mask, around)
      valid = valid & (content > _MIN_CONTENT)
    valid_mask = without_rim(valid.astype(np.float32))
    inner = (
      slice(tile.top - top, tile.top - top + tile.height),
      slice(tile.left - left, tile.left - left + tile.width),
    )
    return valid[inner], valid_mask[inner]


def register_pair(
  reference: HostArray,
  test: HostArray,
  warp: Warp,
  reference_mask: HostArray | None = None,
) -> RegisteredPair:
  """A registered pair, with the lighting of both pictures measured.

  Args:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    warp: where the test picture's pixels lie in the reference.
    reference_mask: float32 ``[H, W]``, 1 where the reference has content, in
      its own grid; None is everywhere.
  """
  step = lighting.fit_step(*test.shape[:2])
  aligned, tested, valid = _sample(reference, test, warp, reference_mask, step)
  to_reference = lighting.lighting_of(aligned, tested, valid)
  comparable = np.where(valid[..., None], aligned, to_reference.on(tested))
  to_test = lighting.lighting_of(tested, comparable)
  return RegisteredPair(
    reference, test, warp, reference_mask, to_reference, to_test
  )


def align(reference: HostArray, test: HostArray, *, method: str) -> Crop:
  """Registers a pair that is small enough to be taken whole.

  Args:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    method: of registration.

  Raises:
    ValueError: see ``register.estimate_move``.
  """
  move = register.estimate_move(reference, test, method=method)
  height, width = test.shape[:2]
  return register_pair(reference, test, move.warp).crop(
    Tile(0, 0, height, width)
  )


def without_rim(valid: HostArray) -> HostArray:
  """The valid area without the rim along its inner border.

  Resampling mixes the last row of content with what lies beyond. The edge of
  the picture itself is no such border.

  Args:
    valid: float32 ``[H, W]``, 0 or 1.

  Returns:
    The same, eroded by ``RIM_PX``.
  """
  side = 2 * RIM_PX + 1
  kernel = np.ones((side, side), np.uint8)
  return cv2.erode(valid, kernel, borderType=cv2.BORDER_REPLICATE)


def _sample(
  reference: HostArray,
  test: HostArray,
  warp: Warp,
  reference_mask: HostArray | None,
  step: int,
) -> tuple[HostArray, HostArray, HostArray]:
  """Every ``step``-th row and column of a registered pair.

  Returns:
    The aligned reference and the test picture, images ``[h, w, 3]``, and where
    the reference has content, bool ``[h, w]``.
  """
  height, width = test.shape[:2]
  y, x = np.mgrid[0:height:step, 0:width:step]
  *points, valid = (
    values.reshape(x.shape) for values in warp.points(x.ravel(), y.ravel())
  )
  aligned = _bilinear(reference, *points)
  if reference_mask is not None:
    content = _bilinear(reference_mask[..., None], *points)[..., 0]
    valid = valid & (content > _MIN_CONTENT)
  return aligned, as_image(test[::step, ::step]), valid


def _bilinear(
  pixels: HostArray, across: HostArray, down: HostArray
) -> HostArray:
  """Pixels ``[H, W, C]`` read at points ``[h, w]``; float32 ``[h, w, C]``.

  OpenCV resamples no picture of more than 32,767 px a side.
  """
  height, width = pixels.shape[:2]
  across, down = np.clip(across, 0, width - 1), np.clip(down, 0, height - 1)
  left = np.minimum(across.astype(int), max(width - 2, 0))
  top = np.minimum(down.astype(int), max(height - 2, 0))
  to_right, to_bottom = (across - left)[..., None], (down - top)[..., None]
  beside, below = min(1, width - 1), min(1, height - 1)

  def row(y: HostArray) -> HostArray:
    here, there = as_image(pixels[y, left]), as_image(pixels[y, left + beside])
    return (1 - to_right) * here + to_right * there

  blended = (1 - to_bottom) * row(top) + to_bottom * row(top + below)
  return blended.astype(np.float32)
