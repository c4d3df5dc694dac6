"""Boxes as annotators draw them, shrunk, and dropped where invalid.

boxes = box_shapes.as_annotated(boxes, margin_px=10, height=640, width=640)
halved = box_shapes.shrink(truth)
"""

from __future__ import annotations

import math

import numpy as np

from zeroshot.detect.boxes import grow, select
from zeroshot.types import Boxes, HostArray


def as_annotated(
  boxes: Boxes, *, margin_px: float, height: int, width: int
) -> Boxes:
  """Detections as DeepPCB's annotators would have drawn them.

  They leave a margin round a defect, and their second corner is the last pixel
  inside, not the first one beyond: with this convention the margin of isolated
  defects is the same on all sides, to a pixel.

  Args:
    boxes: detections of one picture, half-open, without any margin.
    margin_px: added to each side; a negative one takes away, to the centre at
      most.
    height: of the picture, to which they are clipped.
    width: of the picture.

  Returns:
    The boxes with inclusive corners.
  """
  grown = grow(boxes, margin_px=margin_px, height=height, width=width)
  first, beyond = grown.xyxy[:, :2], grown.xyxy[:, 2:]
  last = np.maximum(beyond - 1, first)
  return grown._replace(xyxy=np.concatenate([first, last], axis=1))


def shrink(boxes: Boxes) -> Boxes:
  """Halves the width and the height about the centre.

  The paper's authors shrink DeepPCB's ground truth so: its annotators left
  a margin of about 10 px round each defect.

  Args:
    boxes: of one picture.

  Returns:
    The same boxes at half their sides; corners may fall between pixels.
  """
  xyxy = np.asarray(boxes.xyxy, np.float32)
  quarter = (xyxy[:, 2:] - xyxy[:, :2]) / 4  # [K, 2]
  corners = np.concatenate(
    [xyxy[:, :2] + quarter, xyxy[:, 2:] - quarter], axis=1
  )  # [K, 4]
  return boxes._replace(xyxy=corners)


def drop_invalid(boxes: Boxes, valid: HostArray | None) -> Boxes:
  """Drops the boxes of which more than half lies in the invalid area.

  What lies beyond the picture is invalid. Ground truth and detections are
  treated alike: where one picture has no content, nothing can be detected.

  Args:
    boxes: of one picture.
    valid: 0 or 1, ``[H, W]``; None where all is valid, which drops nothing.

  Returns:
    The boxes that are left, in the same order.
  """
  if valid is None:
    return boxes
  xyxy = np.asarray(boxes.xyxy, np.float64)
  total = np.prod(xyxy[:, 2:] - xyxy[:, :2], axis=1)  # [K]
  area = np.asarray([_valid_area(valid, box) for box in xyxy])  # [K]
  return select(boxes, 2 * area >= total)


def _valid_area(valid: HostArray, box: HostArray) -> float:
  """Valid area within a box ``[4]``; a pixel counts by the share it covers."""
  x1, y1, x2, y2 = box
  rows, cover_y = _cover(y1, y2, size=valid.shape[0])
  columns, cover_x = _cover(x1, x2, size=valid.shape[1])
  return float(cover_y @ valid[rows, columns] @ cover_x)


def _cover(low: float, high: float, *, size: int) -> tuple[slice, HostArray]:
  """The pixels that an interval meets, and the share of each inside it."""
  low, high = min(max(low, 0), size), min(max(high, 0), size)
  pixels = slice(math.floor(low), math.ceil(high))
  left = np.arange(pixels.start, pixels.stop)
  return pixels, np.minimum(left + 1, high) - np.maximum(left, low)
