"""Scores a window again for the maps of its pair head.

The maps other than the scores are too many to be kept for every pixel of a
picture of many tiles; only the windows with a difference need them.

  head_maps = rescore_window(pair, scorer, scores, tile, grid)
"""

from __future__ import annotations

import numpy as np

from zeroshot.detect import maps, tiling
from zeroshot.detect.registered_pair import RegisteredPair
from zeroshot.detect.scorers import Scorer
from zeroshot.types import HostArray, Tile


def rescore_window(
  pair: RegisteredPair,
  scorer: Scorer,
  scores: HostArray,
  tile: Tile,
  grid: tiling.TileSettings,
) -> maps.HeadMaps:
  """The maps of a window.

  Args:
    pair: the registered pair.
    scorer: the network.
    scores: ``[H, W]`` of the whole picture; taken where there is no pair head.
    tile: the window.
    grid: of the tiles; the window is widened to one of their size, so that
      nothing is compiled again.
  """
  if not scorer.has_pair_head:
    return maps.HeadMaps(scores[tile.window].astype(np.float32, copy=False))
  height, width = scores.shape
  smallest = tiling.tile_grid(height, width, grid)[0]
  top, bottom = _widen(tile.top, tile.height, smallest.height, height, grid)
  left, right = _widen(tile.left, tile.width, smallest.width, width, grid)
  crop = pair.crop(Tile(top, left, bottom - top, right - left))
  layers = tiling.score_tiled(scorer.score, crop.comparable, crop.test, grid)
  inner = tile._replace(top=tile.top - top, left=tile.left - left)
  return scorer.split(layers[inner.window])


def _widen(
  start: int, size: int, min_size: int, length: int, grid: tiling.TileSettings
) -> tuple[int, int]:
  """A span with half an overlap of context, at least as long as a tile."""
  context = grid.overlap_px // 2
  first = max(start - context, 0) // grid.stride_px * grid.stride_px
  last = min(max(start + size + context, first + min_size), length)
  return min(first, max(last - min_size, 0)), last
