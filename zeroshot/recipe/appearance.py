"""What good parts look like at each place, and how far a part is from that.

  memory = appearance.remember(goods, moves)
  seen = appearance.look(test, to_frame)
  far = appearance.distance(memory, seen)

Places are cells of the frame. A part is as far from the good parts as its
colour in a cell is from the nearest colour that any of them has there or within
``REACH_PX`` of it: gloss that moves, a label that is turned and what a
registration leaves are near, and so is each of several variants.

Notation:
  N     good parts
  h, w  cells of the frame
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray

CELL_PX = 4
_REACH = 2  # cells
REACH_PX = _REACH * CELL_PX
_BLOCK = 128  # cells that are searched at once
_SPREAD = 5  # cells over which a bar holds around where it was measured
_LEAST_LEVELS = 12.0  # of a bar: less is noise; the sum over three channels
_LEAST_SHARE = 0.7  # of the median bar, likewise


def remember(goods: Sequence[HostArray], moves: Sequence[Warp]) -> HostArray:
  """The colours of good parts in the cells of the frame.

  Args:
    goods: pixels ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    moves: where the frame's pixels lie in each.

  Returns:
    Float32 ``[N, 3, h, w]``, 0 to 255.
  """
  return np.stack(
    [look(good, invert(move)) for good, move in zip(goods, moves, strict=True)]
  )


def look(picture: HostArray, to_frame: Warp) -> HostArray:
  """The colours of a picture in the cells of the frame.

  Args:
    picture: pixels ``[H, W, 3]``, see ``remember``.
    to_frame: where its pixels lie in the frame; a field is left out, what it
      moves by is within reach.

  Returns:
    Float32 ``[3, h, w]``, 0 to 255.
  """
  blurred = cv2.GaussianBlur(
    as_uint8(picture).astype(np.float32), (0, 0), CELL_PX / 2
  )
  share, offset = 1 / CELL_PX, (1 / CELL_PX - 1) / 2
  to_cells = np.array([[share, 0, offset], [0, share, offset], [0, 0, 1]])
  height, width = cells_of(to_frame.reference_shape)
  cells = cv2.warpPerspective(
    blurred,
    to_cells @ to_frame.matrix,
    (width, height),
    borderMode=cv2.BORDER_REPLICATE,
  )
  return np.ascontiguousarray(np.moveaxis(cells, 2, 0))


def cells_of(shape: tuple[int, ...]) -> tuple[int, int]:
  """Rows and columns of cells of a frame of a height and width in pixels."""
  return -(-shape[0] // CELL_PX), -(-shape[1] // CELL_PX)


def invert(move: Warp) -> Warp:
  """From a good part into the frame, without the field."""
  matrix = np.linalg.inv(move.matrix)
  return Warp(matrix / matrix[2, 2], move.test_shape, move.reference_shape)


def distance(
  memory: HostArray, seen: HostArray, wanted: HostArray | None = None
) -> HostArray:
  """How far a part is from the nearest good part, cell by cell.

  Args:
    memory: of ``remember``.
    seen: of ``look``.
    wanted: bool ``[h, w]``, where it is asked for; None is everywhere.

  Returns:
    Float32 ``[h, w]``, levels of 255, summed over the channels; 0 in blocks
    where it is not asked for.
  """
  height, width = seen.shape[1:]
  edge = ((0, 0), (0, 0), (_REACH, _REACH), (_REACH, _REACH))
  around = np.pad(memory, edge, mode='edge')
  far = np.zeros((height, width), np.float32)
  for top in range(0, height, _BLOCK):
    for left in range(0, width, _BLOCK):
      block = slice(top, top + _BLOCK), slice(left, left + _BLOCK)
      if wanted is None or wanted[block].any():
        far[block] = _nearest(around, seen[:, *block], top, left)
  return far


def _nearest(
  around: HostArray, seen: HostArray, top: int, left: int
) -> HostArray:
  """The distance of a block from the nearest good part, ``[h, w]``."""
  height, width = seen.shape[1:]
  best = np.full((height, width), np.inf, np.float32)
  for good in around:
    for down in range(top, top + 2 * _REACH + 1):
      for across in range(left, left + 2 * _REACH + 1):
        there = good[:, down : down + height, across : across + width]
        np.minimum(best, np.abs(seen - there).sum(axis=0), out=best)
  return best


def bar(distances: Sequence[HostArray]) -> HostArray:
  """How far good parts are from the others, place by place.

  Args:
    distances: of good parts, each from the others; ``[h, w]`` each.

  Returns:
    Float32 ``[h, w]``, levels; never so little that noise reaches it.
  """
  disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_SPREAD, _SPREAD))
  highest = cv2.dilate(np.max(np.stack(distances), axis=0), disc)
  least = max(_LEAST_LEVELS, _LEAST_SHARE * float(np.median(highest)))
  return np.maximum(highest, np.float32(least)).astype(np.float32)


def on_picture(cells: HostArray, to_frame: Warp) -> HostArray:
  """A map of the frame's cells in the test picture's grid.

  Args:
    cells: float32 ``[h, w]``.
    to_frame: where the test picture's pixels lie in the frame.

  Returns:
    Float32 ``[H, W]`` of the test picture.
  """
  height, width = to_frame.test_shape
  share, offset = 1 / CELL_PX, (1 / CELL_PX - 1) / 2
  to_cells = np.array([[share, 0, offset], [0, share, offset], [0, 0, 1]])
  return cv2.warpPerspective(
    cells,
    to_cells @ to_frame.matrix,
    (width, height),
    flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    borderMode=cv2.BORDER_REPLICATE,
  )
