"""A registered pair, scored tile by tile.

grid = scan.tile_grid_of(pair, scorer, options)
scored = scan.scan_pair(pair, scorer, None, grid)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.detect import boxes, maps, settings, tiling
from zeroshot.detect.registered_pair import Crop, RegisteredPair
from zeroshot.detect.scorers import Scorer
from zeroshot.detect.settings import DetectSettings
from zeroshot.types import HostArray, Tile


class Scan(NamedTuple):
  """What is made of a pair tile by tile.

  Attributes:
    scores: see ``detector.Detection``.
    head_maps: of the whole picture where it is one tile; else None.
    crop: of the whole picture where it is one tile; else None.
  """

  scores: HostArray
  head_maps: maps.HeadMaps | None
  crop: Crop | None


def tile_grid_of(
  pair: RegisteredPair, scorer: Scorer, options: DetectSettings
) -> tiling.TileSettings:
  """The tiles of a registered pair's test picture."""
  height, width = pair.test.shape[:2]
  stride_px = scorer.stride_px
  return tiling.TileSettings(
    *options.tile_size(height, width, stride_px=stride_px), stride_px
  )


def scan_pair(
  pair: RegisteredPair,
  scorer: Scorer,
  roi_mask: HostArray | None,
  grid: tiling.TileSettings,
) -> Scan:
  """Aligns and scores the pictures tile by tile; see ``tiling``."""
  height, width = pair.test.shape[:2]
  tiles = tiling.tile_grid(height, width, grid)
  if len(tiles) == 1:
    crop = pair.crop(tiles[0])
    valid_mask = within_roi(crop.valid_mask, roi_mask, tiles[0])
    head_maps = _score(crop, valid_mask, scorer)
    return Scan(head_maps.scores, head_maps, crop)
  kind = np.float32 if height * width < settings.LARGE_PX else np.float16
  scores = np.zeros((height, width), kind)
  weights = tiling.blend_weights(tiles, overlap_px=grid.overlap_px)
  for tile, weight in zip(tiles, weights, strict=True):
    crop = pair.crop(tile)
    valid_mask = within_roi(crop.valid_mask, roi_mask, tile)
    tile_scores = _score(crop, valid_mask, scorer).scores
    scores[tile.window] += (weight * tile_scores).astype(kind)
  return Scan(scores, None, None)


def _score(
  crop: Crop, valid_mask: HostArray | None, scorer: Scorer
) -> maps.HeadMaps:
  """The maps of a window; scores are 0 where nothing is to be compared."""
  if valid_mask is not None and not valid_mask.any():
    return maps.HeadMaps(np.zeros(valid_mask.shape, np.float32))
  layers = scorer.score(crop.comparable, crop.test)
  head_maps = scorer.split(layers)
  boxes.check_finite(head_maps.scores)
  if valid_mask is None:
    return head_maps
  return head_maps._replace(scores=head_maps.scores * valid_mask)


def revised(scan: Scan, scores: HostArray) -> Scan:
  """A scan with other scores."""
  head_maps = scan.head_maps
  if head_maps is not None:
    head_maps = head_maps._replace(scores=scores)
  return Scan(scores, head_maps, scan.crop)


def within_roi(
  valid_mask: HostArray | None, roi_mask: HostArray | None, tile: Tile
) -> HostArray | None:
  """A window's valid mask, 0 outside the region of interest."""
  if roi_mask is None:
    return valid_mask
  inside = (roi_mask[tile.window] > 0).view(np.uint8)
  return inside if valid_mask is None else valid_mask * inside
