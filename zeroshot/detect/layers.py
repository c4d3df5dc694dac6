"""What a network with a pair head says in a window of a large picture.

Its layers other than the scores are too many to be kept for every pixel; where
something was found, the network looks again.

  maps = said(views, scorer, scores, tile, tile_settings=tile_settings)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zeroshot.detect import detector, maps, tiling, windowed
from zeroshot.types import HostArray


def said(
  views: windowed.Views,
  scorer: detector.Scorer,
  scores: HostArray,
  tile: tiling.Tile,
  *,
  tile_settings: Mapping[str, Any],
) -> maps.Maps:
  """What the network says in a window.

  Args:
    views: of the pair.
    scorer: the network.
    scores: ``[H, W]``, what it says of the whole, enough for one without a
      pair head.
    tile: the window.
    tile_settings: keyword arguments of ``tiling.score_tiled``; the window is widened
      to such a tile, so that nothing compiles anew.
  """
  if not scorer.kinds and not scorer.regresses_boxes:
    return maps.Maps(scores[tile.window])
  height, width = scores.shape
  least = tiling.tile_grid(height, width, **tile_settings)[0]
  top, bottom = _widened(
    tile.top, tile.height, least.height, height, tile_settings
  )
  left, right = _widened(
    tile.left, tile.width, least.width, width, tile_settings
  )
  cut = views.cut(tiling.Tile(top, left, bottom - top, right - left))
  layers = tiling.score_tiled(
    scorer.score, cut.comparable, cut.test, **tile_settings
  )
  inner = tile._replace(top=tile.top - top, left=tile.left - left)
  return scorer.split(layers[inner.window])


def _widened(
  start: int,
  size: int,
  least: int,
  length: int,
  tile_settings: Mapping[str, Any],
) -> tuple[int, int]:
  """A span with half an overlap of context, at least as long as a tile."""
  context = tile_settings['overlap_px'] // 2
  stride = tile_settings['stride_px']
  first = max(start - context, 0) // stride * stride
  last = min(max(start + size + context, first + least), length)
  return min(first, max(last - least, 0)), last
