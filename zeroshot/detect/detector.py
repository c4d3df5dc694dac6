"""Detection: a reference and a test picture -> score map, boxes, kinds.

  detect = build_detector(scorer, config.detect)
  detection = detect(reference, test)
  detection.boxes.xyxy, detection.scores, detection.registration.reason

One path for every two pictures, in uint8. The move is estimated on shrunk
copies; the pictures are scored tile by tile, a small picture being one tile;
and the components of the score map are boxed and named window by window.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.detect import (
  boxes,
  naming,
  pair_input,
  postprocess,
  regions,
  rescore,
  scan,
  settings,
  tiling,
)
from zeroshot.detect.calibration import Calibration
from zeroshot.detect.registered_pair import (
  RegisteredPair,
  register_pair,
)
from zeroshot.detect.scorers import Scorer
from zeroshot.detect.settings import DetectSettings
from zeroshot.pcb import conductors
from zeroshot.registration import register
from zeroshot.types import Boxes, HostArray


class Detection(NamedTuple):
  """The differences of one pair.

  Attributes:
    scores: ``[H, W]`` of the test picture, probability that the two truly
      differ; 0 where they cannot be compared, in a rim along that, and outside
      the region of interest. Float32; float16 from ``settings.LARGE_PX`` on.
    boxes: the differences as boxes, with confidences and kinds.
    registration: how the reference was moved onto the test picture, and where
      the two can be compared; its pictures are uint8.
    pair: the registered pair.
    pixel_px: side of the pixels that were compared, in pixels of the test
      picture; see ``working_size``.
  """

  scores: HostArray
  boxes: Boxes
  registration: register.Registration
  pair: RegisteredPair
  pixel_px: int = 1


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
    ``detect`` without ``scorer``, ``options`` and ``calibration``.

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
  reference: HostArray | pair_input.KnownReference,
  test: HostArray,
  reference_mask: HostArray | None = None,
  *,
  roi_mask: HostArray | None = None,
  scorer: Scorer,
  options: DetectSettings,
  calibration: Calibration | None = None,
  check_move: Callable[[register.EstimatedMove], None] | None = None,
) -> Detection:
  """Marks every true difference of one pair.

  Args:
    reference: pixels ``[H, W, 3]`` of the good part: uint8, uint16, or float32
      in [0, 1]. The latter two are rounded to 8 bits: a difference that is
      fainter than a 255th of white is below the noise of a camera. Or what is
      known of a reference already.
    test: likewise, of the part under test; its size may be another.
    reference_mask: float32 ``[H, W]``, 1 where the reference has content, in
      its own grid; None is everywhere.
    roi_mask: 1 in the region of interest, in the test picture's grid; None
      is everywhere. Registration sees the rest all the same.
    scorer: compares the registered pictures.
    options: of ``config.detect``.
    calibration: of the confidences; None leaves them as they are.
    check_move: called with how the reference is to be moved, before anything
      is scored; may raise. None accepts every move.

  Returns:
    Detection.

  Raises:
    ValueError: the pictures are not two RGB images, a mask does not fit its
      picture, or a setting is out of its range.
  """
  pixels, prepared = pair_input.known(reference)
  pair_input.check(pixels, test, reference_mask, roi_mask)
  pixels, test = as_uint8(pixels), as_uint8(test)
  move = pair_input.estimate_move(
    pixels, test, reference_mask, roi_mask, options, check_move, prepared
  )
  pair = register_pair(pixels, test, move.warp, reference_mask, move.foreign)
  return detect_registered(
    pair,
    move,
    roi_mask=roi_mask,
    scorer=scorer,
    options=options,
    calibration=calibration,
  )


def detect_registered(
  pair: RegisteredPair,
  move: register.EstimatedMove,
  *,
  roi_mask: HostArray | None,
  scorer: Scorer,
  options: DetectSettings,
  calibration: Calibration | None = None,
  revise: Callable[[HostArray], HostArray] | None = None,
) -> Detection:
  """Marks the differences of a pair that is registered already.

  Args:
    pair: the registered pair.
    move: that it was registered by.
    roi_mask: see ``detect``.
    scorer: see ``detect``.
    options: see ``detect``.
    calibration: see ``detect``.
    revise: called with the score map ``[H, W]`` before it is boxed; returns
      what takes its place, of the same shape and type. None keeps it.
  """
  height, width = pair.test.shape[:2]
  grid = scan.tile_grid_of(pair, scorer, options)
  whole = scan.scan_pair(pair, scorer, roi_mask, grid)
  if revise is not None:
    whole = scan.revised(whole, revise(whole.scores))
  parts = _detect_boxes(
    pair, whole, roi_mask, grid, scorer, options, calibration
  )
  margin_px = options.box_margin_px
  merged = boxes.merge(parts)
  merged = boxes.grow(merged, margin_px=margin_px, height=height, width=width)
  return Detection(whole.scores, merged, _describe(move, pair, whole), pair)


def score_map(
  pair: RegisteredPair,
  scorer: Scorer,
  options: DetectSettings,
  roi_mask: HostArray | None = None,
) -> HostArray:
  """The scores of a registered pair alone; see ``Detection.scores``."""
  return scan.scan_pair(
    pair, scorer, roi_mask, scan.tile_grid_of(pair, scorer, options)
  ).scores


def _describe(
  move: register.EstimatedMove, pair: RegisteredPair, whole: scan.Scan
) -> register.Registration:
  """How the reference was moved; its pictures are made when asked for."""
  crop = whole.crop
  return register.describe(
    move,
    align=pair.aligned if crop is None else lambda: crop.aligned,
    find_valid=pair.valid,
    coverage=pair.coverage,
  )


def _detect_boxes(
  pair: RegisteredPair,
  whole: scan.Scan,
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
  namer = None
  parts: list[Boxes] = []
  for region in regions.regions(
    whole.scores,
    threshold=options.box_settings.threshold,
    join_px=options.box_settings.join_px,
  ):
    if not parts:  # a good part has nothing to name
      threshold = pair.conductor_threshold()
      namer = _build_namer(options, scorer, threshold=threshold)
    tile = region.tile
    crop = pair.crop(tile) if whole.crop is None else whole.crop.window(tile)
    if whole.head_maps is None:
      head_maps = rescore.rescore_window(pair, scorer, whole.scores, tile, grid)
    else:
      head_maps = whole.head_maps.crop(tile)
    detected = postprocess.postprocess(
      whole.scores[tile.window].astype(np.float32, copy=False),
      head_maps,
      scan.within_roi(crop.valid_mask, roi_mask, tile),
      (pair.relight(crop), crop.test),
      options=options,
      calibration=calibration,
      namer=namer,
      own_mask=region.own,
    )
    corner = np.array([tile.left, tile.top] * 2, np.float32)
    parts.append(detected._replace(xyxy=detected.xyxy + corner))
  return parts


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
