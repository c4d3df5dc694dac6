"""Detection: a reference and a test picture -> score map, boxes, kinds.

  detect = build_detector(scorer, config.detect)
  detection = detect(reference, test)
  detection.boxes.xyxy, detection.scores, detection.registration.reason

One path for every size of picture. The move is estimated on shrunk copies; the
pictures are scored tile by tile, a small picture being one tile; and the
components of the score map are boxed and named window by window. No array of
the whole picture is float32 but the score map.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from zeroshot.data.pair_shapes import check_pair_shapes
from zeroshot.detect import (
  boxes,
  maps,
  naming,
  postprocess,
  regions,
  rescore,
  settings,
  tiling,
)
from zeroshot.detect.calibration import Calibration
from zeroshot.detect.registered_pair import RegisteredPair, register_pair
from zeroshot.detect.scorers import Scorer
from zeroshot.detect.settings import DetectSettings
from zeroshot.pcb import conductors
from zeroshot.registration import register
from zeroshot.types import Boxes, HostArray, Tile


class Detection(NamedTuple):
  """The differences of one pair.

  Attributes:
    scores: float32 ``[H, W]``, probability that the two truly differ; 0 where
      the reference has no content, in a rim along that, and outside the
      region of interest.
    boxes: the differences as boxes, with confidences and kinds.
    registration: how the reference was moved onto the test picture, and where
      it has content; its pictures are uint8.
  """

  scores: HostArray
  boxes: Boxes
  registration: register.Registration


class _Scan(NamedTuple):
  """What is made tile by tile.

  Attributes:
    scores: see ``Detection``.
    aligned: uint8 ``[H, W, 3]``, the aligned reference.
    valid: uint8 ``[H, W]``, 1 where it has content.
    head_maps: of the whole picture where it is one tile; else None.
  """

  scores: HostArray
  aligned: HostArray
  valid: HostArray
  head_maps: maps.HeadMaps | None


def build_detector(
  scorer: Scorer,
  config: Mapping[str, Any],
  calibration: Calibration | None = None,
) -> Callable[..., Detection]:
  """Builds the function that detects the differences of a pair.

  Args:
    scorer: the network or its baseline.
    config: ``config.detect``.
    calibration: turns a component's score into the probability that it is a
      true difference; None leaves it as it is.

  Returns:
    ``detect`` without the arguments after ``roi_mask``.

  Raises:
    ValueError: a setting is out of its range, or nothing names kinds as
      ``config.kinds`` says.
  """
  options = settings.from_config(config)
  boxes.check_settings(**options.box_settings._asdict())
  _build_namer(options, scorer, threshold=None)  # refuses an unknown method
  return functools.partial(
    detect, scorer=scorer, options=options, calibration=calibration
  )


def detect(
  reference: HostArray,
  test: HostArray,
  reference_mask: HostArray | None = None,
  *,
  roi_mask: HostArray | None = None,
  scorer: Scorer,
  options: DetectSettings,
  calibration: Calibration | None = None,
) -> Detection:
  """Marks every true difference of one pair.

  Args:
    reference: pixels ``[H, W, 3]`` of the good part: uint8, uint16, or float32
      in [0, 1].
    test: likewise, of the part under test.
    reference_mask: float32 ``[H, W]``, 1 where the reference has content, in
      its own grid; None is everywhere.
    roi_mask: ``[H, W]``, 1 in the region of interest, in the test picture's
      grid; None is everywhere. Registration sees the rest all the same.
    scorer: compares the registered pictures.
    options: of ``config.detect``.
    calibration: of the confidences; None leaves them as they are.

  Returns:
    Detection.

  Raises:
    ValueError: the pictures are not two images of one size, a mask is of
      another, or a setting is out of its range.
  """
  check_pair_shapes(reference, test)
  if roi_mask is not None and roi_mask.shape != test.shape[:2]:
    raise ValueError(f'roi_mask is {roi_mask.shape}; give {test.shape[:2]}')
  height, width = test.shape[:2]
  move = register.estimate_move(
    reference, test, reference_mask, method=options.registration
  )
  pair = register_pair(reference, test, move.warp, reference_mask)
  tile_px, overlap_px = options.tile_size(height, width)
  grid = tiling.TileSettings(tile_px, overlap_px, scorer.stride_px)
  scan = _scan(pair, scorer, roi_mask, grid)
  parts = _detect_boxes(
    pair, scan, roi_mask, grid, scorer, options, calibration
  )
  merged = boxes.grow(
    boxes.merge(parts),
    margin_px=options.box_margin_px,
    height=height,
    width=width,
  )
  registration = register.describe(move, scan.aligned, scan.valid)
  return Detection(scan.scores, merged, registration)


def _scan(
  pair: RegisteredPair,
  scorer: Scorer,
  roi_mask: HostArray | None,
  grid: tiling.TileSettings,
) -> _Scan:
  """Aligns and scores the pictures tile by tile; see ``tiling``."""
  height, width = pair.test.shape[:2]
  tiles = tiling.tile_grid(height, width, grid)
  scores = np.zeros((height, width), np.float32)
  aligned = np.empty((height, width, 3), np.uint8)
  valid = np.empty((height, width), np.uint8)
  head_maps = None
  weights = tiling.blend_weights(tiles, overlap_px=grid.overlap_px)
  for tile, weight in zip(tiles, weights, strict=True):
    crop = pair.crop(tile)
    aligned[tile.window] = np.rint(crop.aligned * 255)
    valid[tile.window] = crop.valid
    valid_mask = _within_roi(crop.valid_mask, roi_mask, tile)
    if not valid_mask.any():
      continue
    tile_maps = scorer.split(scorer.score(crop.comparable, crop.test))
    boxes.check_finite(tile_maps.scores)
    scores[tile.window] += weight * valid_mask * tile_maps.scores
    if len(tiles) == 1:
      head_maps = tile_maps
  return _Scan(scores, aligned, valid, head_maps)


def _detect_boxes(
  pair: RegisteredPair,
  scan: _Scan,
  roi_mask: HostArray | None,
  grid: tiling.TileSettings,
  scorer: Scorer,
  options: DetectSettings,
  calibration: Calibration | None,
) -> list[Boxes]:
  """Boxes and names what scores above the threshold, window by window.

  Returns:
    The boxes of each window, in the whole picture's grid.
  """
  mask = scan.scores > options.box_settings.threshold
  if not mask.any():  # a good part: nothing to name
    return []
  namer = _build_namer(options, scorer, threshold=pair.conductor_threshold())
  parts = []
  for region in regions.regions(mask, join_px=options.box_settings.join_px):
    tile = region.tile
    crop = pair.crop(tile)
    if scan.head_maps is None:
      head_maps = rescore.rescore_window(pair, scorer, scan.scores, tile, grid)
    else:
      head_maps = scan.head_maps.crop(tile)
    detected = postprocess.postprocess(
      scan.scores[tile.window],
      head_maps,
      _within_roi(crop.valid_mask, roi_mask, tile),
      (crop.relit, crop.test),
      options=options,
      calibration=calibration,
      namer=namer,
      own_mask=region.own,
    )
    corner = np.array([tile.left, tile.top] * 2, np.float32)
    parts.append(detected._replace(xyxy=detected.xyxy + corner))
  return parts


def _within_roi(
  valid_mask: HostArray, roi_mask: HostArray | None, tile: Tile
) -> HostArray:
  """A window's valid mask, 0 outside the region of interest."""
  return valid_mask if roi_mask is None else valid_mask * roi_mask[tile.window]


def _build_namer(
  options: DetectSettings, scorer: Scorer, *, threshold: float | None
) -> naming.Namer | None:
  """What names kinds, where a threshold separates conductor and board."""
  return naming.build_namer(
    options.kinds,
    scorer.kinds,
    dark_is_conductor=options.dark_is_conductor,
    separate=functools.partial(conductors.separate_at, threshold),
  )
