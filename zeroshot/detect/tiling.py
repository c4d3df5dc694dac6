"""Pictures in overlapping tiles, blended into one score map.

  grid = TileSettings(tile_px=1024, overlap_px=128, stride_px=16)
  scores = score_tiled(score_function, reference, test, grid)

Where two tiles overlap, the outer three eighths of each, which the tile's own
border may have disturbed, have no weight, and a ramp leads from one tile to the
other in the quarter between. So the map equals that of the whole picture for a
function that looks no farther than three eighths of the overlap, and shows no
seam for one that does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from zeroshot.data.pair_shapes import check_pair_shapes
from zeroshot.registration.transforms import MAX_SIDE_PX
from zeroshot.types import HostArray, Tile

_OUTER_SHARE = 0.375  # of an overlap, at the border of a tile: not used


class TileSettings(NamedTuple):
  """How a picture is cut into tiles.

  Attributes:
    tile_px: longest side of a tile, or its greatest height and width; a
      shorter side of the picture is taken whole.
    overlap_px: least overlap of neighbours.
    stride_px: every tile begins at a multiple of it, so that a network sees
      the same cells as in the whole picture; tiles become up to
      ``stride_px - 1`` shorter for that.
  """

  tile_px: int | tuple[int, int]
  overlap_px: int
  stride_px: int = 1


def tile_grid(height: int, width: int, grid: TileSettings) -> list[Tile]:
  """Returns tiles of one size that cover a picture, row by row.

  Args:
    height: of the picture.
    width: of the picture.
    grid: see ``TileSettings``.

  Returns:
    Tiles inside the picture; the last of a row or column ends at its edge.

  Raises:
    ValueError: if the picture is empty or the tiles cannot overlap so far.
  """
  if min(height, width) < 1:
    raise ValueError(f'the picture is {height} x {width} px; give at least 1')
  tile_px, overlap_px, stride_px = grid
  most = (tile_px, tile_px) if isinstance(tile_px, int) else tile_px
  cut = [
    side
    for side, full in zip(most, (height, width), strict=True)
    if side < full
  ]
  least = overlap_px + 2 * stride_px
  if stride_px < 1 or overlap_px < 0 or min(cut, default=least) < least:
    raise ValueError(
      f'tiles of {tile_px} px cannot overlap by {overlap_px} px in steps of '
      f'{stride_px} px; use a larger tile or a smaller overlap'
    )
  rule = {'overlap_px': overlap_px, 'stride_px': stride_px}
  tops, tile_height = _starts(height, tile_px=most[0], **rule)
  lefts, tile_width = _starts(width, tile_px=most[1], **rule)
  return [
    Tile(top, left, tile_height, tile_width)
    for top, left in itertools.product(tops, lefts)
  ]


def fewest_pixels(
  height: int,
  width: int,
  *,
  max_pixels: int,
  overlap_px: int,
  stride_px: int,
) -> tuple[int, int] | None:
  """Returns the size of tile with which the fewest pixels are scored twice.

  Args:
    height: of the picture.
    width: of the picture.
    max_pixels: of a tile.
    overlap_px: see ``TileSettings``.
    stride_px: see ``TileSettings``.

  Returns:
    Height and width for ``TileSettings.tile_px``; None if tiles of so few
    pixels cannot overlap so far.
  """
  rule = {'overlap_px': overlap_px, 'stride_px': stride_px}
  rows, columns = (_sizes(side, **rule) for side in (height, width))
  possible = [
    (i * j * tile_height * tile_width, i * j, tile_height, tile_width)
    for i, tile_height in rows.items()
    for j, tile_width in columns.items()
    if tile_height * tile_width <= max_pixels
  ]
  return min(possible)[2:] if possible else None


def blend_weights(tiles: list[Tile], *, overlap_px: int) -> Iterator[HostArray]:
  """Yields the weight of each tile in the blended map.

  Args:
    tiles: from ``tile_grid``.
    overlap_px: that the grid was made with.

  Yields:
    Float32 ``[h, w]`` of each tile; where tiles overlap they sum to 1.
  """
  down = _shares([(t.top, t.height) for t in tiles], overlap_px=overlap_px)
  across = _shares([(t.left, t.width) for t in tiles], overlap_px=overlap_px)
  for tile in tiles:
    yield np.outer(down[tile.top, tile.height], across[tile.left, tile.width])


def score_tiled(
  score_function: Callable[[HostArray, HostArray], HostArray],
  reference: HostArray,
  test: HostArray,
  grid: TileSettings,
) -> HostArray:
  """Returns the score map of a picture of any size.

  Args:
    score_function: from a reference and a test tile, ``[h, w, 3]``, to scores
      ``[h, w]`` or layers ``[h, w, C]``; called with one shape only, so it
      compiles once.
    reference: image ``[H, W, 3]``.
    test: image ``[H, W, 3]``.
    grid: of the tiles.

  Returns:
    Float32 scores ``[H, W]`` or layers ``[H, W, C]``.

  Raises:
    ValueError: if the pictures differ in shape, the tiles cannot overlap so
      far, or a tile's scores do not have the tile's shape.
  """
  check_pair_shapes(reference, test)
  tiles = tile_grid(test.shape[0], test.shape[1], grid)
  weights = blend_weights(tiles, overlap_px=grid.overlap_px)
  blended = np.zeros(test.shape[:2], np.float32)
  for tile, weight in zip(tiles, weights, strict=True):
    layers = np.asarray(
      score_function(reference[tile.window], test[tile.window])
    )
    _check_map(layers, tile)
    if layers.ndim > blended.ndim:
      blended = np.zeros((*blended.shape, layers.shape[2]), np.float32)
    weight = weight.reshape(*weight.shape, *[1] * (layers.ndim - 2))
    blended[tile.window] += weight * layers
  return blended


def pad(image: HostArray, size: tuple[int, int]) -> HostArray:
  """Returns an image with its last row and column repeated up to a size.

  Args:
    image: ``[H, W, C]``.
    size: height and width, no less than the image's.
  """
  below, beside = size[0] - image.shape[0], size[1] - image.shape[1]
  return np.pad(image, ((0, below), (0, beside), (0, 0)), mode='edge')


def _sizes(length: int, *, overlap_px: int, stride_px: int) -> dict[int, int]:
  """Returns the shortest tiles of a side, by how many there are of them."""
  sizes = {} if length > MAX_SIDE_PX else {1: length}
  least = overlap_px + 2 * stride_px
  for count in range(2, max(length // least, 1) + 1):
    size = -(-(length + (count - 1) * overlap_px) // count)
    size += (length - size) % stride_px
    while length - size > (count - 1) * (
      (size - overlap_px) // stride_px * stride_px
    ):
      size += stride_px
    if least <= size <= MAX_SIDE_PX:
      sizes[count] = size
  return sizes


def _starts(
  length: int, *, tile_px: int, overlap_px: int, stride_px: int
) -> tuple[list[int], int]:
  """Returns where the tiles of a side begin, and how long they are.

  They are as few as they can be, and as short as their number allows.
  """
  if length <= tile_px:
    return [0], length
  longest = tile_px - (tile_px - length) % stride_px
  last = (length - longest) // stride_px  # in strides, as all that follows
  step = (longest - overlap_px) // stride_px
  count = math.ceil(last / step)  # of steps
  # A tile that is shorter by a stride has a last start that is later by one.
  shorter = (count * step - last) // (count + 1)
  last, step = last + shorter, step - shorter
  size = length - last * stride_px
  return [min(i * step, last) * stride_px for i in range(count + 1)], size


def _ramp(start: int, size: int, length: int, *, overlap_px: int) -> HostArray:
  """Returns the weight along one side of a tile, float32 ``[size]``."""
  position = np.arange(size, dtype=np.float32) + 0.5
  outer, ramp = _OUTER_SHARE * overlap_px, (1 - 2 * _OUTER_SHARE) * overlap_px
  ramp = max(ramp, 1e-3)
  weight = np.ones(size, np.float32)
  if start > 0:
    weight = np.minimum(weight, (position - outer) / ramp)
  if start + size < length:
    weight = np.minimum(weight, (size - position - outer) / ramp)
  return np.maximum(weight, 0.0)


def _shares(
  spans: list[tuple[int, int]], *, overlap_px: int
) -> dict[tuple[int, int], HostArray]:
  """Returns the share of each span ``(start, size)`` along a side."""
  length = max(start + size for start, size in spans)
  ramps = {
    (start, size): _ramp(start, size, length, overlap_px=overlap_px)
    for start, size in set(spans)
  }
  total = np.zeros(length, np.float32)
  for (start, size), ramp in ramps.items():
    total[start : start + size] += ramp
  return {
    (start, size): ramp / total[start : start + size]
    for (start, size), ramp in ramps.items()
  }


def _check_map(scores: HostArray, tile: Tile) -> None:
  if scores.shape[:2] != (tile.height, tile.width) or scores.ndim > 3:
    raise ValueError(
      f'the scores of a tile of {tile.height} x {tile.width} px have shape '
      f'{scores.shape}; return one score for each pixel'
    )
