"""A sheet of failures: reference, test picture with boxes, score map.

  tiles = [
    cut_tile(reference, test, scores, detections, truth, failure=failure)
    for failure in failures.worst_misses(...)
  ]
  sheet = draw_contact_sheet(tiles, columns=3, tile_px=160)
  pictures.write_picture(path, sheet)

A tile keeps its crops alone, so that the pictures can be freed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.detect.boxes import select
from zeroshot.evaluate.failures import Failure
from zeroshot.report import drawing
from zeroshot.types import Boxes, HostArray

BEYOND_COLOUR = (0.75, 0.8, 0.95)  # RGB, where a crop leaves the picture
CAPTION_PX = 16
_EMPTY_PX = (48, 160)  # height and width of the sheet that shows none


class Tile(NamedTuple):
  """The square surroundings of one failure, ``S`` pixels a side.

  Attributes:
    reference: image ``[S, S, 3]``.
    test: image ``[S, S, 3]``, without boxes.
    scores: image ``[S, S, 3]``, the score map from black to white.
    detections: those within the crop, in its pixels.
    truth: the annotations within the crop, likewise.
    caption: one line.
  """

  reference: HostArray
  test: HostArray
  scores: HostArray
  detections: Boxes
  truth: Boxes
  caption: str


def cut_tile(
  reference: HostArray,
  test: HostArray,
  scores: HostArray,
  detections: Boxes,
  truth: Boxes,
  *,
  failure: Failure,
  context_px: int = 24,
) -> Tile:
  """Cuts a failure and its surroundings out of its picture.

  Args:
    reference: image ``[H, W, 3]``.
    test: image ``[H, W, 3]``.
    scores: ``[H, W]`` in [0, 1].
    detections: of the picture, with the margin that the failure has.
    truth: the picture's annotations.
    failure: the box to show.
    context_px: margin around its longer side, 0 or more.

  Returns:
    The tile, centred on the box; ``BEYOND_COLOUR`` beyond the picture.

  Raises:
    ValueError: the pictures differ in size, or the context is negative.
  """
  if not reference.shape[:2] == test.shape[:2] == scores.shape:
    raise ValueError(
      f'{failure.name}: reference {reference.shape}, test {test.shape} and'
      f' scores {scores.shape} differ in size; give one of each pixel'
    )
  if context_px < 0:
    raise ValueError(f'context_px is {context_px}; give 0 or more')
  left, top, side = _window(failure.xyxy, context_px)
  heat = np.repeat(scores[..., None], 3, axis=-1)  # [H, W, 3]
  return Tile(
    reference=_crop(reference, left, top, side),
    test=_crop(test, left, top, side),
    scores=_crop(heat, left, top, side),
    detections=_crop_boxes(detections, left, top, side),
    truth=_crop_boxes(truth, left, top, side),
    caption=format_caption(failure),
  )


def format_caption(failure: Failure) -> str:
  """One line; the picture's name comes last, as it may be cut off.

  Args:
    failure: of ``zeroshot.evaluate.failures``.

  Returns:
    For example ``'0.87, IoU 0.21, 00041205'``; ``'missed, ...'`` where there
    is no confidence; ``'mousebite, found open 0.98, 00041205'`` where the kind
    is the failure.
  """
  if failure.true_kind:
    named = f'{failure.true_kind}, found {failure.detected_kind}'
    return f'{named} {failure.confidence:.2f}, {failure.name}'
  claim = f'{failure.confidence:.2f}'
  if math.isnan(failure.confidence):
    claim = 'missed'
  return f'{claim}, IoU {failure.best_iou:.2f}, {failure.name}'


def draw_contact_sheet(
  tiles: Sequence[Tile], *, columns: int, tile_px: int
) -> HostArray:
  """Arranges tiles in rows, the first at the upper left.

  Args:
    tiles: of ``cut_tile``.
    columns: the most tiles in a row.
    tile_px: side of each of the three crops of a tile.

  Returns:
    Image float32 ``[h, w, 3]`` in [0, 1]. A tile is a line of text over
    reference, test (detections red with their percent, truth green) and score
    map; tiles have a gap round them. Without a tile it is a small sheet that
    says ``none``.

  Raises:
    ValueError: ``columns`` or ``tile_px`` is not positive.
  """
  if columns < 1 or tile_px < 1:
    raise ValueError(
      f'columns is {columns} and tile_px {tile_px}; give at least 1 of each'
    )
  if not tiles:
    return drawing.write_line('none', *_EMPTY_PX)
  drawn = [_draw_tile(tile, tile_px) for tile in tiles]
  columns = min(columns, len(drawn))
  missing = -len(drawn) % columns  # in the last row
  grid = np.stack(drawn + missing * [np.ones_like(drawn[0])])  # [K, h, w, 3]
  grid = np.pad(
    grid,
    ((0, 0), (0, drawing.GAP_PX), (0, drawing.GAP_PX), (0, 0)),
    constant_values=1,
  )
  _, height, width, _ = grid.shape
  sheet = (
    grid.reshape(-1, columns, height, width, 3)
    .swapaxes(1, 2)  # [rows, h, columns, w, 3]
    .reshape(-1, columns * width, 3)
  )
  before = (drawing.GAP_PX, 0)
  return np.pad(sheet, (before, before, (0, 0)), constant_values=1)


def _window(box: HostArray, context_px: int) -> tuple[int, int, int]:
  """Left, top and side of the square to cut out, in whole pixels."""
  x1, y1, x2, y2 = np.asarray(box, np.float64).tolist()
  side = math.ceil(max(x2 - x1, y2 - y1, 1)) + 2 * context_px
  left = math.floor((x1 + x2 - side) / 2 + 0.5)
  top = math.floor((y1 + y2 - side) / 2 + 0.5)
  return left, top, side


def _crop(image: HostArray, left: int, top: int, side: int) -> HostArray:
  """A square ``[side, side, 3]`` of an image, which it may leave."""
  height, width = image.shape[:2]
  crop = np.empty((side, side, 3), np.float32)
  crop[:] = BEYOND_COLOUR
  x1, x2 = max(left, 0), min(left + side, width)
  y1, y2 = max(top, 0), min(top + side, height)
  if x1 < x2 and y1 < y2:
    crop[y1 - top : y2 - top, x1 - left : x2 - left] = image[y1:y2, x1:x2]
  return crop


def _crop_boxes(boxes: Boxes, left: int, top: int, side: int) -> Boxes:
  """The boxes that reach into a square, in its pixels."""
  xyxy = boxes.xyxy - np.array([left, top, left, top], np.float32)  # [K, 4]
  reaches = np.concatenate([xyxy[:, :2] < side, xyxy[:, 2:] > 0], axis=1)
  return select(boxes._replace(xyxy=xyxy), np.all(reaches, axis=1))


def _draw_tile(tile: Tile, tile_px: int) -> HostArray:
  """Caption over the three crops, ``[h, w, 3]``."""
  scale = tile_px / len(tile.test)
  marked = _resize(tile.test, tile_px)
  for boxes, colour, label in (
    (tile.truth, drawing.TRUTH_COLOUR, False),
    (tile.detections, drawing.DETECTION_COLOUR, True),
  ):
    boxes = boxes._replace(xyxy=boxes.xyxy * scale)
    marked = drawing.draw_boxes(marked, boxes, colour=colour, label=label)
  gap = np.ones((tile_px, drawing.GAP_PX // 2, 3), np.float32)
  reference, heat = (_resize(x, tile_px) for x in (tile.reference, tile.scores))
  row = np.concatenate([reference, gap, marked, gap, heat], axis=1)
  caption_line = drawing.write_line(tile.caption, CAPTION_PX, row.shape[1])
  return np.concatenate([caption_line, row])


def _resize(image: HostArray, side: int) -> HostArray:
  """A square image at another size; pixels stay pixels where it grows."""
  grows = side >= len(image)
  interpolation = cv2.INTER_NEAREST_EXACT if grows else cv2.INTER_AREA
  return cv2.resize(image, (side, side), interpolation=interpolation)
