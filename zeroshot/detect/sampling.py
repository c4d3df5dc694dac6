"""Pixels of a part of a picture: bands, points and magnified planes.

  for tile in bands(height, width):
    part = enlarge(plane, (height, width), tile)
  values = bilinear(pixels, across, down)

Each is cheap however large the picture is.
"""

from __future__ import annotations

import numpy as np

from zeroshot.registration.transforms import MAX_SIDE_PX
from zeroshot.types import HostArray, Tile

_BAND_PIXELS = 2**22  # of a whole picture, resampled at once


def bands(height: int, width: int) -> list[Tile]:
  """Tiles over a whole picture, of a size that OpenCV resamples."""
  rows = max(_BAND_PIXELS // min(width, MAX_SIDE_PX), 1)
  rows = min(rows, MAX_SIDE_PX)
  return [
    Tile(top, left, min(rows, height - top), min(MAX_SIDE_PX, width - left))
    for top in range(0, height, rows)
    for left in range(0, width, MAX_SIDE_PX)
  ]


def enlarge(
  plane: HostArray, shape: tuple[int, ...], tile: Tile, *, step: int = 1
) -> HostArray:
  """A window of a small plane, each of whose pixels covers a rectangle.

  Args:
    plane: uint8 ``[h, w]``, over a picture of the shape.
    shape: height and width of the picture, and more.
    tile: the window of the picture.
    step: every so many-th row and column is taken.
  """
  rows, columns = (
    np.arange(start, start + size, step) * small // large
    for start, size, small, large in zip(
      (tile.top, tile.left),
      (tile.height, tile.width),
      plane.shape,
      shape[:2],
      strict=True,
    )
  )
  return plane[np.ix_(rows, columns)]


def bilinear(
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
    here, there = pixels[y, left], pixels[y, left + beside]
    return (1 - to_right) * here + to_right * there

  blended = (1 - to_bottom) * row(top) + to_bottom * row(top + below)
  return blended.astype(np.float32)
