"""Windows of a large picture, each with whole components of its mask.

  for region in regions(scores, threshold=0.1, join_px=2.0):
    region.tile, region.own

What is made of a window (its boxes, their kinds) is what would be made of the
whole picture, as long as it looks no farther than ``_CONTEXT_PX``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.detect.components import join
from zeroshot.types import HostArray, Tile

# Naming looks 18 px beyond a box, see pcb/topology and pcb/surroundings; boxes
# look less far.
_CONTEXT_PX = 64
_BLOCK_PX = 512  # components that begin within a square of this go together
_CELL_PX = 4  # side of the squares on which components are told apart
_BAND_PX = 1024  # rows of the picture that are looked at at once
# Of a window, so that an image of it stays within some 100 MB.
_MAX_PIXELS = 2**23


class Region(NamedTuple):
  """A window, and what of it is its own.

  Attributes:
    tile: the window.
    own: bool ``[h, w]``, the pixels of its components; each component of what
      scores above the threshold is of one region alone, and whole.
  """

  tile: Tile
  own: HostArray


def regions(
  scores: HostArray,
  *,
  threshold: float,
  join_px: float,
  max_pixels: int = _MAX_PIXELS,
) -> Iterator[Region]:
  """Yields windows that together hold all that scores above a threshold.

  Components are told apart on cells of ``_CELL_PX``: what lies in neighbouring
  cells goes together, and no map of labels is as large as the picture.

  Args:
    scores: ``[H, W]``.
    threshold: pixels that score above it form components.
    join_px: see ``components.find_components``.
    max_pixels: a component whose box has more is cut along squares of 512 px,
      and each piece is one of its own.

  Yields:
    The regions; none where nothing scores above the threshold.
  """
  cells = _occupied(scores, threshold=threshold, join_px=join_px)
  _, labels, statistics, _ = cv2.connectedComponentsWithStats(
    cells, connectivity=8
  )
  left, top, width, height = statistics[:, :4].T * _CELL_PX
  large = width.astype(np.int64) * height > max_pixels
  large[0] = False  # what is no component
  home = top // _BLOCK_PX * scores.shape[1] + left // _BLOCK_PX
  order = np.argsort(home, kind='stable')
  order = order[(order > 0) & ~large[order]]
  starts = np.flatnonzero(np.diff(home[order])) + 1
  for members in np.split(order, starts) if order.size else []:
    box = (
      left[members].min(),
      top[members].min(),
      (left + width)[members].max(),
      (top + height)[members].max(),
    )
    tile = _with_context(box, scores.shape)
    own = scores[tile.window] > threshold
    yield Region(tile, own & _pixels(labels, members, tile))
  for label in np.flatnonzero(large):
    for tile, square in _squares(statistics[label, :4] * _CELL_PX, scores):
      own = np.zeros((tile.height, tile.width), bool)
      own[square] = (scores[tile.window] > threshold)[square]
      own &= _pixels(labels, label, tile)
      if own.any():
        yield Region(tile, own)


def _occupied(
  scores: HostArray, *, threshold: float, join_px: float
) -> HostArray:
  """Which cells hold pixels above the threshold or joined to them, uint8."""
  around = math.ceil(join_px / 2)
  cell = np.ones((_CELL_PX, _CELL_PX), np.uint8)
  height = scores.shape[0]
  bands = []
  for top in range(0, height, _BAND_PX):
    first = max(top - around, 0)
    above = scores[first : min(top + _BAND_PX + around, height)] > threshold
    joined = join(above, join_px=join_px)[top - first :][:_BAND_PX]
    highest = cv2.dilate(joined, cell, anchor=(0, 0))
    bands.append(highest[::_CELL_PX, ::_CELL_PX])
  return np.concatenate(bands)


def _pixels(
  labels: HostArray, members: HostArray | np.integer, tile: Tile
) -> HostArray:
  """Which pixels of a window lie in cells of some labels, bool ``[h, w]``."""
  rows, columns = (
    np.arange(start, start + size) // _CELL_PX
    for start, size in ((tile.top, tile.height), (tile.left, tile.width))
  )
  cells = labels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
  is_member = np.isin(cells, members)
  return is_member[np.ix_(rows - rows[0], columns - columns[0])]


def _squares(
  box: HostArray, scores: HostArray
) -> Iterator[tuple[Tile, tuple[slice, slice]]]:
  """The squares of a large box: a window, and the square's place in it."""
  left, top, width, height = box.tolist()
  bottom_most = min(top + height, scores.shape[0])
  right_most = min(left + width, scores.shape[1])
  for y in range(top, bottom_most, _BLOCK_PX):
    for x in range(left, right_most, _BLOCK_PX):
      bottom = min(y + _BLOCK_PX, bottom_most)
      right = min(x + _BLOCK_PX, right_most)
      tile = _with_context((x, y, right, bottom), scores.shape)
      yield (
        tile,
        (
          slice(y - tile.top, bottom - tile.top),
          slice(x - tile.left, right - tile.left),
        ),
      )


def _with_context(box: tuple[int, ...], shape: tuple[int, ...]) -> Tile:
  """A box x1 y1 x2 y2 with context, clipped to the picture."""
  x1, y1, x2, y2 = map(int, box)
  top, left = max(y1 - _CONTEXT_PX, 0), max(x1 - _CONTEXT_PX, 0)
  bottom = min(y2 + _CONTEXT_PX, shape[0])
  right = min(x2 + _CONTEXT_PX, shape[1])
  return Tile(top, left, bottom - top, right - left)
