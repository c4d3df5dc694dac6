"""The door of detection for large pictures, in bounded memory.

  detector = build_streamed(scorer, config.detect)
  detection = detector(reference, test)   # pixels as they come, uint8 say

No whole picture becomes floating: the move is found on shrunk copies, and
pixels become images tile by tile, where they are compared, and window by
window, where what was found is boxed and named. What takes the pictures' size
is what is handed back: the score map, the aligned reference and where it is
valid; and the numbers of the components, for a while.

What is found is what ``detector.detect`` would find, but for this: the move is
found on copies of up to 2,560 px instead of 1,280; and a difference with a side
of more than 2,048 px is boxed in pieces.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from zeroshot.data.pictures import as_image
from zeroshot.detect import (
  boxes,
  detector,
  layers,
  maps,
  naming,
  postprocess,
  regions,
  settings,
  tiling,
  windowed,
)
from zeroshot.detect.calibration import Calibration
from zeroshot.pcb import conductors
from zeroshot.registration import coarse_search, register, transforms
from zeroshot.types import Boxes, HostArray

# As whole images a pair takes some 120 bytes a pixel, so 1 GB at this size.
FROM_PX = 2**23

# How far a network looks changes scores by 4e-3 where tiles overlap by 128 px,
# and by 3e-4 at 256. Larger tiles repeat less of it, but need more memory.
_TILE_PX = 1536
_OVERLAP_PX = 256

# An error of a twentieth of a pixel there is one of a quarter in 12,000 px.
_FINEST_PX = 2560
_SIZES = (*coarse_search.LEVELS, (_FINEST_PX, 3))


class _Scan(NamedTuple):
  """What is made tile by tile; see ``detector.Detection``."""

  scores: HostArray  # float32 [H, W]
  aligned: HostArray  # uint8 [H, W, 3]
  valid: HostArray  # uint8 [H, W]


def build_streamed(
  scorer: detector.Scorer,
  config: Mapping[str, Any],
  calibration: Calibration | None = None,
  *,
  tile_px: int | None = None,
  overlap_px: int | None = None,
) -> Callable[..., detector.Detection]:
  """Builds the detector of large pictures.

  Args:
    scorer: see ``detector.build_detector``.
    config: ``config.detect``; its tiles are those of small pictures, and not
      taken, unless they have a height and a width: those of a network that
      takes no other size.
    calibration: see ``detector.build_detector``.
    tile_px: longest side of a tile; None takes 1,536.
    overlap_px: of neighbouring tiles; None takes 256.

  Returns:
    A function ``(reference, test, *, wanted=None) -> Detection`` of pixels
    ``[H, W, 3]``; see ``detect``.

  Raises:
    ValueError: a setting is out of its range, or nothing names kinds as
      ``config.kinds`` says.
  """
  opened = settings.from_config(config)
  side: int | tuple[int, int] = tile_px or _TILE_PX
  overlap_px = overlap_px or _OVERLAP_PX
  if isinstance(opened.tile_px, tuple):
    side, overlap_px = opened.tile_px, opened.tile_overlap_px
  boxes.check_settings(**opened.box_settings)
  _namer(opened, scorer, threshold=None)  # says early that there is none
  return functools.partial(
    detect,
    scorer=scorer,
    opened=opened,
    calibration=calibration,
    tile_px=side,
    overlap_px=overlap_px,
  )


def detect(
  reference: HostArray,
  test: HostArray,
  *,
  wanted: HostArray | None = None,
  scorer: detector.Scorer,
  opened: settings.Settings,
  calibration: Calibration | None,
  tile_px: int | tuple[int, int],
  overlap_px: int,
) -> detector.Detection:
  """Marks every true difference of one pair; see ``detector.detect``.

  Args:
    reference: pixels ``[H, W, 3]`` of the good part: uint8, uint16, or float32
      in [0, 1].
    test: likewise, of the part under test.
    wanted: ``[H, W]``, 1 where to look for differences, in the test picture's
      grid; None is everywhere. Registration sees the rest all the same.
    scorer: compares what was registered.
    opened: ``config.detect``.
    calibration: of the confidences; None leaves them as they are.
    tile_px: longest side of a tile, or its height and width.
    overlap_px: of neighbouring tiles.

  Returns:
    Detection; its aligned reference and valid mask are uint8.

  Raises:
    ValueError: if the pictures are not two images of one size, or ``wanted``
      is of another.
  """
  detector.check_pictures(reference, test, wanted)
  height, width = test.shape[:2]
  move = _find_move(reference, test, method=opened.registration)
  moves = opened.registration != 'none' and not move.reason
  views = windowed.views(reference, test, move.matrix if moves else np.eye(3))
  tile_settings = {
    'tile_px': tile_px,
    'overlap_px': overlap_px,
    'stride_px': scorer.stride_px,
  }
  scan = _scan(views, scorer, wanted, tile_settings)
  parts = _find(
    views,
    scan.scores,
    wanted,
    opened,
    say=functools.partial(
      layers.said, views, scorer, tile_settings=tile_settings
    ),
    namer=_namer(opened, scorer, threshold=views.conductor_threshold()),
    calibration=calibration,
  )
  found = boxes.grow(
    boxes.merge(parts),
    margin_px=opened.box_margin_px,
    height=height,
    width=width,
  )
  moved = register.Registration(
    scan.aligned,
    scan.valid,
    views.matrix,
    opened.registration if moves else 'none',
    move.reason,
    *transforms.describe(views.matrix, height=height, width=width),
    move.before,
    move.after,
  )
  return detector.Detection(scan.scores, found, moved)


def _find_move(
  reference: HostArray, test: HostArray, *, method: str
) -> register.Found:
  """``registration.register``, but on shrunk copies and without moving."""
  reason = ''
  if method != 'none':
    reason = register.reason_to_stay(reference, test)
  if reason or method == 'none':
    return register.Found(np.eye(3), reason, math.nan, math.nan)
  shrunk = (
    as_image(coarse_search.shrink(picture, _FINEST_PX))
    for picture in (reference, test)
  )
  levels = coarse_search.pyramid(*shrunk, sizes=_SIZES)
  return register.find(levels, method=method, shape=test.shape[:2])


def _scan(
  views: windowed.Views,
  scorer: detector.Scorer,
  wanted: HostArray | None,
  tile_settings: Mapping[str, Any],
) -> _Scan:
  """Compares the pictures tile by tile; see ``tiling.score_tiled``."""
  height, width = views.test.shape[:2]
  tiles = tiling.tile_grid(height, width, **tile_settings)
  scores = np.zeros((height, width), np.float32)
  aligned = np.empty((height, width, 3), np.uint8)
  valid = np.empty((height, width), np.uint8)
  shares = tiling.weights(tiles, overlap_px=tile_settings['overlap_px'])
  for tile, share in zip(tiles, shares, strict=True):
    cut = views.cut(tile)
    aligned[tile.window] = np.rint(cut.aligned * 255)
    valid[tile.window] = cut.valid
    counts = cut.seen if wanted is None else cut.seen * wanted[tile.window]
    if counts.any():
      said = scorer.split(scorer.score(cut.comparable, cut.test))
      boxes.check_finite(said.scores)
      scores[tile.window] += share * counts * said.scores
  return _Scan(scores, aligned, valid)


def _find(
  views: windowed.Views,
  scores: HostArray,
  wanted: HostArray | None,
  opened: settings.Settings,
  *,
  say: Callable[[HostArray, tiling.Tile], maps.Maps],
  namer: naming.Namer | None,
  calibration: Calibration | None,
) -> list[Boxes]:
  """Boxes and names window by window what scores above the threshold.

  Args:
    views: of the pair.
    scores: float32 ``[H, W]``.
    wanted: see ``detect``.
    opened: likewise.
    say: what the network says in a window of the scores.
    namer: see ``finding.find``.
    calibration: likewise.

  Returns:
    The boxes of each window, in the whole picture's grid.
  """
  parts = []
  for region in regions.regions(
    scores > opened.box_settings['threshold'],
    join_px=opened.box_settings['join_px'],
  ):
    tile = region.tile
    cut = views.cut(tile)
    found = postprocess.postprocess(
      scores[tile.window],
      say(scores, tile),
      cut.seen if wanted is None else cut.seen * wanted[tile.window],
      (cut.lit, cut.test),
      box_settings=opened.box_settings,
      min_confidence=opened.min_confidence,
      calibration=calibration,
      namer=namer,
      own=region.own,
    )
    corner = np.array([tile.left, tile.top] * 2, np.float32)
    parts.append(found._replace(xyxy=found.xyxy + corner))
  return parts


def _namer(
  opened: settings.Settings,
  scorer: detector.Scorer,
  *,
  threshold: float | None,
) -> naming.Namer | None:
  """What names kinds, where conductors are told by a threshold."""
  return naming.build_namer(
    opened.kinds,
    scorer.kinds,
    dark_is_conductor=opened.dark_is_conductor,
    cut=functools.partial(conductors.cut_at, threshold),
  )
