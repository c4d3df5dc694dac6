"""A registered pair of any two sizes, of which windows are cut.

  pair = register_pair(reference, test, warp)
  crop = pair.crop(tile)   # a window of the test picture's grid
  crop.comparable, crop.test, crop.valid_mask, pair.relight(crop)

All pixels are uint8, and what a window needs is computed when it is cut: the
memory of a pair is that of its two pictures.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data.pictures import as_image, as_uint8
from zeroshot.detect import sampling
from zeroshot.pcb import conductors
from zeroshot.registration import lighting, register, sharpness
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray, Tile

RIM_PX = 3  # of the valid area, left out of what is compared
_MIN_CONTENT = 0.99  # of a resampled mask; less is mixed with its outside


class Crop(NamedTuple):
  """A window of a registered pair.

  Attributes:
    aligned: uint8 ``[h, w, 3]``, the aligned reference; where it has no
      content its nearest edge pixel is repeated.
    comparable: the same, as sharp as the test picture; the test picture, under
      the reference's lighting, stands in where the two cannot be compared.
    test: uint8 ``[h, w, 3]``, as sharp as the reference.
    valid: bool ``[h, w]``, where the two can be compared; None is everywhere.
    valid_mask: uint8 ``[h, w]``, 1 where the two can be compared, without a
      rim of ``RIM_PX`` along its border; None is everywhere.
  """

  aligned: HostArray
  comparable: HostArray
  test: HostArray
  valid: HostArray | None
  valid_mask: HostArray | None

  def window(self, tile: Tile) -> Crop:
    """A window of this window."""
    aligned, comparable, test = (part[tile.window] for part in self[:3])
    valid, valid_mask = (
      None if part is None else part[tile.window] for part in self[3:]
    )
    return Crop(aligned, comparable, test, valid, valid_mask)


class RegisteredPair(NamedTuple):
  """Two pictures, the move between them, and the lighting of both.

  Attributes:
    reference: uint8 ``[H, W, 3]``.
    test: uint8 ``[h, w, 3]``; its size may be another.
    warp: where the test picture's pixels lie in the reference.
    reference_mask: float32 ``[H, W]``, 1 where the reference has content, in
      its own grid; None is everywhere.
    foreign: see ``register.EstimatedMove``.
    to_test: gives the aligned reference the test picture's lighting.
    coverage: share of the test picture that is compared.
    to_blur: makes both pictures equally sharp; None: they are.
  """

  reference: HostArray
  test: HostArray
  warp: Warp
  reference_mask: HostArray | None
  foreign: HostArray | None
  to_test: lighting.Lighting
  coverage: float
  to_blur: sharpness.Sharpness | None = None

  def crop(self, tile: Tile) -> Crop:
    """What lies in a window of the test picture."""
    test = np.ascontiguousarray(self.test[tile.window])
    aligned = np.ascontiguousarray(self.warp.resample(self.reference, tile))
    valid, valid_mask = self._content(tile)
    comparable = aligned
    if valid is not None:
      # Under another lighting the border would be marked as a difference.
      comparable = self.to_test.inverse.on(test)
      cv2.copyTo(aligned, valid.view(np.uint8), comparable)
    if self.to_blur is not None:
      comparable, test = self.to_blur.on(comparable, test, tile)
    return Crop(aligned, comparable, test, valid, valid_mask)

  def relight(self, crop: Crop) -> HostArray:
    """A window's ``comparable`` under the test picture's lighting, uint8."""
    return self.to_test.on(crop.comparable)

  def aligned(self) -> HostArray:
    """The whole aligned reference, uint8 ``[h, w, 3]``."""
    height, width = self.test.shape[:2]
    if self.warp.is_identity:
      return self.reference
    aligned = np.empty_like(self.test)
    for tile in sampling.bands(height, width):
      aligned[tile.window] = self.warp.resample(self.reference, tile)
    return aligned

  def valid(self) -> HostArray:
    """Where the pictures can be compared, uint8 ``[h, w]``; read-only."""
    height, width = self.test.shape[:2]
    everywhere = np.broadcast_to(np.uint8(1), (height, width))
    if self._is_full(Tile(0, 0, height, width)):
      return everywhere
    valid = everywhere.copy()
    for tile in sampling.bands(height, width):
      content = self._valid(tile)
      if content is not None:
        valid[tile.window] = content
    return valid

  def conductor_threshold(self) -> float | None:
    """See ``conductors.conductor_threshold``, of the whole pictures."""
    step = conductors.sample_step(*self.test.shape[:2])
    aligned, test, valid = _sample(self, step)
    comparable = self.to_test.inverse.on(test)
    comparable[valid] = aligned[valid]
    return conductors.conductor_threshold(self.to_test.on(comparable), test)

  def _content(self, tile: Tile) -> tuple[HostArray | None, HostArray | None]:
    """``valid`` and ``valid_mask`` of a window."""
    height, width = self.test.shape[:2]
    top, left = max(tile.top - RIM_PX, 0), max(tile.left - RIM_PX, 0)
    bottom = min(tile.top + tile.height + RIM_PX, height)
    right = min(tile.left + tile.width + RIM_PX, width)
    valid = self._valid(Tile(top, left, bottom - top, right - left))
    if valid is None or valid.all():
      return None, None
    valid_mask = without_rim(valid.view(np.uint8))
    inner = (
      slice(tile.top - top, tile.top - top + tile.height),
      slice(tile.left - left, tile.left - left + tile.width),
    )
    return np.ascontiguousarray(valid[inner]), valid_mask[inner]

  def _valid(self, tile: Tile) -> HostArray | None:
    """Where a window can be compared, bool ``[h, w]``; None is everywhere."""
    if self._is_full(tile):
      return None
    valid = self.warp.inside(tile)
    if self.reference_mask is not None:
      content = self.warp.resample(self.reference_mask, tile)
      valid &= content > _MIN_CONTENT
    if self.foreign is not None:
      valid &= sampling.enlarge(self.foreign, self.test.shape, tile) == 0
    return valid

  def _is_full(self, tile: Tile) -> bool:
    """Whether the window is known to lie in the reference, by its corners."""
    if self.reference_mask is not None or self.foreign is not None:
      return False
    if self.warp.is_identity:
      return True
    reach = 0.0 if self.warp.field is None else self.warp.field.max_px
    left, right = tile.left - reach, tile.left + tile.width - 1 + reach
    top, bottom = tile.top - reach, tile.top + tile.height - 1 + reach
    x = np.array([left, right, left, right], np.float64)
    y = np.array([top, top, bottom, bottom], np.float64)
    without_field = self.warp._replace(field=None)
    return bool(without_field.points(x, y)[2].all())


def register_pair(
  reference: HostArray,
  test: HostArray,
  warp: Warp,
  reference_mask: HostArray | None = None,
  foreign: HostArray | None = None,
) -> RegisteredPair:
  """A registered pair, with its lighting and sharpness measured.

  Args:
    reference: uint8 ``[H, W, 3]``.
    test: uint8 ``[h, w, 3]``.
    warp: where the test picture's pixels lie in the reference.
    reference_mask: float32 ``[H, W]``, 1 where the reference has content, in
      its own grid; None is everywhere.
    foreign: see ``register.EstimatedMove``.
  """
  unlit = lighting.Lighting(np.ones(3), np.zeros(3))
  pair = RegisteredPair(
    reference, test, warp, reference_mask, foreign, unlit, 1.0
  )
  aligned, tested, valid = _sample(pair, lighting.fit_step(*test.shape[:2]))
  pair = pair._replace(
    to_test=lighting.lighting_of(tested, aligned, valid),
    coverage=float(valid.mean()),
  )

  def read_window(tile: Tile) -> tuple[HostArray, HostArray, float]:
    crop = pair.crop(tile)
    comparable = 1.0 if crop.valid is None else float(crop.valid.mean())
    return pair.relight(crop), crop.test, comparable

  return pair._replace(
    to_blur=sharpness.fit_sharpness(read_window, *test.shape[:2])
  )


class AlignedImages(NamedTuple):
  """A small registered pair as float32 images ``[H, W, 3]``.

  Attributes:
    comparable: see ``Crop``.
    relit: the same under the test picture's lighting.
  """

  comparable: HostArray
  relit: HostArray


def align(
  reference: HostArray, test: HostArray, *, method: str
) -> AlignedImages:
  """Registers a pair that is small enough to be taken whole.

  Args:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    method: of registration.

  Raises:
    ValueError: see ``register.estimate_move``.
  """
  reference, test = as_uint8(reference), as_uint8(test)
  move = register.estimate_move(reference, test, method=method)
  pair = register_pair(reference, test, move.warp, foreign=move.foreign)
  crop = pair.crop(Tile(0, 0, *test.shape[:2]))
  return AlignedImages(as_image(crop.comparable), as_image(pair.relight(crop)))


def without_rim(valid: HostArray) -> HostArray:
  """The valid area without the rim along its inner border.

  Resampling mixes the last row of content with what lies beyond. The edge of
  the picture itself is no such border.

  Args:
    valid: uint8 or float32 ``[H, W]``, 0 or 1.

  Returns:
    The same, eroded by ``RIM_PX``.
  """
  side = 2 * RIM_PX + 1
  kernel = np.ones((side, side), np.uint8)
  return cv2.erode(valid, kernel, borderType=cv2.BORDER_REPLICATE)


def _sample(
  pair: RegisteredPair, step: int
) -> tuple[HostArray, HostArray, HostArray]:
  """Every ``step``-th row and column of a registered pair.

  Returns:
    The aligned reference and the test picture, uint8 ``[h, w, 3]``, and where
    they can be compared, bool ``[h, w]``.
  """
  height, width = pair.test.shape[:2]
  whole = Tile(0, 0, height, width)
  test = np.ascontiguousarray(pair.test[::step, ::step])
  if pair.warp.is_identity:
    aligned = np.ascontiguousarray(pair.reference[::step, ::step])
    valid = np.ones(test.shape[:2], bool)
    if pair.reference_mask is not None:
      valid = pair.reference_mask[::step, ::step] > _MIN_CONTENT
  else:
    y, x = np.mgrid[0:height:step, 0:width:step]
    *points, valid = (
      values.reshape(x.shape)
      for values in pair.warp.points(x.ravel(), y.ravel())
    )
    aligned = np.rint(sampling.bilinear(pair.reference, *points)).astype(
      np.uint8
    )
    if pair.reference_mask is not None:
      content = sampling.bilinear(pair.reference_mask[..., None], *points)[
        ..., 0
      ]
      valid = valid & (content > _MIN_CONTENT)
  if pair.foreign is not None:
    foreign = sampling.enlarge(pair.foreign, pair.test.shape, whole, step=step)
    valid = valid & (foreign == 0)
  return aligned, test, valid
