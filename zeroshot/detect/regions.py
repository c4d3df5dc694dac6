"""Windows of a large picture, each with whole components of its mask.

  for region in regions(scores > threshold, join_px=2.0):
    region.tile, region.own

What is made of a window (its boxes, their kinds) is what would be made of the
whole picture, as long as it looks no farther than ``_CONTEXT_PX``.
"""

from __future__ import annotations

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
# Of a window, so that an image of it stays within some 100 MB.
_MAX_PIXELS = 2**23


class Region(NamedTuple):
  """A window, and what of it is its own.

  Attributes:
    tile: the window.
    own: bool ``[h, w]``, the pixels of its components; each component of the
      mask is of one region alone, and whole.
  """

  tile: Tile
  own: HostArray


def regions(
  mask: HostArray, *, join_px: float, max_pixels: int = _MAX_PIXELS
) -> Iterator[Region]:
  """Yields windows that together hold all components of a mask.

  Args:
    mask: bool ``[H, W]``.
    join_px: see ``components.find_components``.
    max_pixels: a component whose box has more is cut along squares of 512 px,
      and each piece is one of its own.

  Yields:
    The regions; none where the mask is empty.
  """
  _, labels, statistics, _ = cv2.connectedComponentsWithStats(
    join(mask, join_px=join_px), connectivity=8
  )
  left, top, width, height = statistics[:, :4].T
  large = width.astype(np.int64) * height > max_pixels
  large[0] = False  # what is no component
  home = top // _BLOCK_PX * mask.shape[1] + left // _BLOCK_PX
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
    tile = _with_context(box, mask.shape)
    is_member = np.zeros(len(statistics), bool)
    is_member[members] = True
    yield Region(tile, mask[tile.window] & is_member[labels[tile.window]])
  for label in np.flatnonzero(large):
    yield from _pieces(mask, labels, int(label), statistics[label, :4])


def _pieces(
  mask: HostArray, labels: HostArray, label: int, box: HostArray
) -> Iterator[Region]:
  """Yields what a component has in each square that it reaches."""
  left, top, width, height = box.tolist()
  for y in range(top, top + height, _BLOCK_PX):
    for x in range(left, left + width, _BLOCK_PX):
      bottom = min(y + _BLOCK_PX, top + height)
      right = min(x + _BLOCK_PX, left + width)
      tile = _with_context((x, y, right, bottom), mask.shape)
      square = (
        slice(y - tile.top, bottom - tile.top),
        slice(x - tile.left, right - tile.left),
      )
      own = np.zeros((tile.height, tile.width), bool)
      own[square] = (mask[tile.window] & (labels[tile.window] == label))[square]
      if own.any():
        yield Region(tile, own)


def _with_context(box: tuple[int, ...], shape: tuple[int, ...]) -> Tile:
  """A box x1 y1 x2 y2 with context, clipped to the picture."""
  x1, y1, x2, y2 = map(int, box)
  top, left = max(y1 - _CONTEXT_PX, 0), max(x1 - _CONTEXT_PX, 0)
  bottom = min(y2 + _CONTEXT_PX, shape[0])
  right = min(x2 + _CONTEXT_PX, shape[1])
  return Tile(top, left, bottom - top, right - left)
