"""What a matrix leaves: lens distortion, a bent board, low relief.

  field = local_field.estimate_field(reference, test, warp)
  warp = Warp(matrix, reference_shape, test_shape, field)

A field is given only where it clearly helps: patches that were not used for it
must lie closer and look more alike with it. It is too stiff to follow a part
that has moved alone, see ``stiff_spline``.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration import patch_shifts, stiff_spline, transforms
from zeroshot.registration.patch_shifts import Corners, Shifts
from zeroshot.registration.register import EstimatedMove
from zeroshot.registration.warp import LocalField, Warp
from zeroshot.types import HostArray, Tile

_MIN_DRIFT_PX = 1.2  # of corners in some part of the picture, to be mended
_MIN_SIMILARITY = 0.25  # after the matrix; less is not looked at
_LONGEST_PX = 1024  # of the copies that are compared
_MIN_SIDE_PX = 64  # of such a copy
_NODE_PX = 16  # between the nodes of a field
_MIN_PATCHES = 24  # that both pictures show
_SMALL_PX = 0.35  # median shift of a block of patches that is not worth a field
_BLOCKS = 5  # along the longest side
_MIN_BLOCK = 5  # patches that say where a block lies
_MAX_LEFT = 0.6  # of the residual of patches that were not fitted
_FAR_PX = 3.0  # a larger residual counts no more
_MIN_ALIKE = 0.65  # share of these patches that a field makes more alike
# Of a copy; what seems to have moved farther is another thing, elsewhere.
_MAX_REACH_PX = 13.0
_MAX_STRAIN = 0.1  # change of the displacement over one pixel


class _Copies(NamedTuple):
  """Small flat copies of a pair.

  Attributes:
    aligned: the reference by the matrix, of ``patch_shifts.flatten``.
    test: likewise.
    content: uint8 ``[h, w]``, where the reference has content; None is
      everywhere.
    factor: pixels of the test picture in one of a copy.
  """

  aligned: HostArray
  test: HostArray
  content: HostArray | None
  factor: int


def estimate_field(
  reference: HostArray,
  test: HostArray,
  warp: Warp,
  valid: HostArray | None = None,
) -> LocalField | None:
  """The smooth displacement that is left after a matrix.

  Args:
    reference: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise; its size may be another.
    warp: its matrix is kept, its field is not looked at.
    valid: float32 ``[H, W]``, 1 where the reference has content, in its own
      grid; None is everywhere.

  Returns:
    The field; None if there is nothing to gain, or nothing to tell by.
  """
  copies = _copies(reference, test, warp, valid)
  if min(copies.test.shape) < _MIN_SIDE_PX:
    return None
  corners = patch_shifts.find_corners(copies.test, copies.content)
  if len(corners.places) < _MIN_PATCHES or _is_still(copies, corners):
    return None
  shifts = patch_shifts.measure(copies.aligned, copies.test, corners)
  if len(shifts.places) < _MIN_PATCHES:
    return None
  used, held = _halves(shifts)
  spline = stiff_spline.fit(used, copies.test.shape)
  if not _helps(copies, spline, held):
    return None
  spline = stiff_spline.fit(shifts, copies.test.shape, start=spline)
  if _strain(spline) > _MAX_STRAIN or _reach_px(spline) > _MAX_REACH_PX:
    return None
  return _as_field(spline, copies.factor, test.shape[:2])


def with_local_field(
  move: EstimatedMove,
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
) -> EstimatedMove:
  """Adds the smooth displacement that a move leaves, where that helps.

  Args:
    move: of ``register.estimate_move``. If it found the pictures too unlike,
      or did not compare them, it stays as it is.
    reference: see ``estimate_field``.
    test: likewise.
    valid: likewise.
  """
  if not move.similarity_after >= _MIN_SIMILARITY:  # NaN is not
    return move
  if move.drift_px < _MIN_DRIFT_PX:  # corners lie in place already
    return move
  field = estimate_field(reference, test, move.warp, valid)
  return move._replace(warp=move.warp._replace(field=field))


def _copies(
  reference: HostArray, test: HostArray, warp: Warp, valid: HostArray | None
) -> _Copies:
  """Shrinks, aligns and flattens a pair."""
  factor = -(-max(test.shape[:2]) // _LONGEST_PX)
  height, width = test.shape[:2]
  scale = transforms.describe(warp.matrix, height=height, width=width).scale
  finer = max(int(factor * scale + 0.25), 1)  # a pixel of the small reference
  old, new = _shrink(reference, finer), _shrink(test, factor)
  matrix = _from_copy(1 / finer) @ warp.matrix @ _from_copy(factor)
  small = Warp(matrix, old.shape, new.shape)
  tile = Tile(0, 0, *new.shape)
  content = None
  if valid is not None or not small.is_identity:
    content = small.inside(tile)
    if valid is not None:
      mask = cv2.resize(valid, old.shape[::-1], interpolation=cv2.INTER_AREA)
      content = content & (small.resample(mask, tile) > 0.99)
    content = np.broadcast_to(content, new.shape).astype(np.uint8)
  aligned = small.resample(old, tile)
  return _Copies(
    patch_shifts.flatten(aligned),
    patch_shifts.flatten(new),
    content,
    factor,
  )


def _shrink(pixels: HostArray, factor: int) -> HostArray:
  """A grey copy, of which each pixel is the mean of a square."""
  height, width = (side // factor for side in pixels.shape[:2])
  if factor > 1:
    pixels = cv2.resize(
      pixels[: height * factor, : width * factor],
      (width, height),
      interpolation=cv2.INTER_AREA,
    )
  return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)


def _from_copy(factor: float) -> HostArray:
  """The matrix from the pixels of a copy to those of the picture."""
  shift = (factor - 1) / 2
  return np.array([[factor, 0, shift], [0, factor, shift], [0, 0, 1.0]])


def _is_still(copies: _Copies, corners: Corners) -> bool:
  """Whether no area of the pictures has moved enough to matter."""
  moved, found = patch_shifts.follow(
    copies.test, copies.aligned, corners.places
  )
  found &= corners.certainty.trace(axis1=1, axis2=2) > 1.2
  shift, places = (moved - corners.places)[found], corners.places[found]
  side = max(copies.test.shape) / _BLOCKS
  block = (places // side).astype(int) @ (1, _BLOCKS)
  medians = [
    np.median(shift[block == number], axis=0)
    for number in np.unique(block)
    if (block == number).sum() >= _MIN_BLOCK
  ]
  far = [np.hypot(*median) > _SMALL_PX / copies.factor for median in medians]
  return not any(far)


def _halves(shifts: Shifts) -> tuple[Shifts, Shifts]:
  """The cells of a chessboard: to fit, and to judge the fit by."""
  cell = (shifts.places // patch_shifts.CELL_PX).astype(int).sum(-1)
  black, white = (
    Shifts(*(values[cell % 2 == half] for values in shifts)) for half in (0, 1)
  )
  return black, white


def _helps(copies: _Copies, spline: stiff_spline.Spline, held: Shifts) -> bool:
  """Whether a field helps patches that it was not fitted to."""
  displacement = spline.at(held.places)
  before, after = (
    np.minimum(patch_shifts.length(shift, held.certainty), _FAR_PX)
    for shift in (held.shift, held.shift - displacement)
  )
  if np.square(after).sum() > _MAX_LEFT * np.square(before).sum():
    return False
  matters = np.hypot(*displacement.T) > _SMALL_PX / 2
  places, displacement = held.places[matters], displacement[matters]
  without, within = (
    patch_shifts.correlations(copies.aligned, copies.test, moved, places)
    for moved in (places, (places + displacement).astype(np.float32))
  )
  return bool((within > without).mean() > _MIN_ALIKE)


def _strain(spline: stiff_spline.Spline) -> float:
  """The largest change of the displacement over one pixel."""
  nodes = _nodes(spline)
  steps = [
    np.linalg.norm(np.diff(nodes, axis=axis), axis=-1) for axis in (0, 1)
  ]
  return max(float(step.max(initial=0.0)) for step in steps) / _NODE_PX


def _reach_px(spline: stiff_spline.Spline) -> float:
  """The largest displacement."""
  return float(np.linalg.norm(_nodes(spline), axis=-1).max(initial=0.0))


def _nodes(spline: stiff_spline.Spline) -> HostArray:
  """The displacement on a grid of ``_NODE_PX``, ``[rows, columns, 2]``."""
  height, width = spline.shape
  return spline.on(
    np.arange(0, width, _NODE_PX), np.arange(0, height, _NODE_PX)
  )


def _as_field(
  spline: stiff_spline.Spline, factor: int, shape: tuple[int, int]
) -> LocalField:
  """A spline of copies as a field of the test picture."""
  y, x = (
    (np.linspace(0, side - 1, -(-side // (_NODE_PX * factor)) + 1) + 0.5)
    / factor
    - 0.5
    for side in shape
  )
  nodes = (spline.on(x, y) * factor).astype(np.float32)
  return LocalField(nodes, *shape)
