"""Reference, test picture with boxes, and score map, side by side.

image = drawing.draw_result(reference, test, scores, detections, truth)
pictures.write_picture(path, image)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from zeroshot.data import pictures
from zeroshot.types import Boxes, HostArray

DETECTION_COLOUR = (230, 26, 26)  # RGB
TRUTH_COLOUR = (0, 153, 26)
ARROW_COLOUR = (255, 225, 77)
HATCH_COLOUR = (128, 128, 128)
GAP_PX = 8
_LABEL_PX = 23  # width of '100'
_LABEL_HEIGHT_PX = 10
_AROUND = 1.5  # times the longer side of a box, shown round its centre
_LEAST_SHOWN_PX = 8  # taken for the side of a smaller box
_CLOSE_UP_PX = 360  # least height of a close-up
_HATCH_PX = 12  # from one line of a hatching to the next
_HATCH_LINE_PX = 2
_BAND_PX = 256  # rows hatched at a time, which bounds the memory


def draw_result(
  reference: HostArray,
  test: HostArray,
  scores: HostArray,
  detections: Boxes,
  truth: Boxes | None = None,
) -> HostArray:
  """Draws one pair's result.

  Args:
    reference: image ``[H, W, 3]``.
    test: image ``[H, W, 3]``.
    scores: ``[H, W]`` in [0, 1].
    detections: drawn in red with their confidence.
    truth: annotations, drawn in green; None draws none.

  Returns:
    Image ``[H, 3 * W + 2 * gap, 3]``: the reference, the test picture with
    boxes, and the score map from black to white.
  """
  marked = test
  if truth is not None:
    marked = draw_boxes(marked, truth, colour=TRUTH_COLOUR, label=False)
  marked = draw_boxes(marked, detections, colour=DETECTION_COLOUR, label=True)
  gap = np.ones((test.shape[0], GAP_PX, 3), np.float32)
  heat = np.repeat(scores[..., None].astype(np.float32), 3, axis=-1)
  return np.concatenate([reference, gap, marked, gap, heat], axis=1)


def draw_boxes(
  image: HostArray,
  boxes: Boxes,
  *,
  colour: tuple[int, int, int],
  label: bool,
) -> HostArray:
  """Draws boxes into a copy of an image.

  Args:
    image: ``[H, W, 3]`` in [0, 1].
    boxes: half-open, pixels.
    colour: RGB, 0 to 255.
    label: whether to write each box's confidence, in percent, above it.

  Returns:
    Image ``[H, W, 3]`` in steps of 1 / 255.
  """
  # OpenCV 5 writes text into 8 bits alone.
  canvas = np.rint(image * 255).astype(np.uint8)
  draw_on(canvas, boxes, colour=colour, label=label)
  return canvas.astype(np.float32) / 255


def draw_on(
  canvas: HostArray,
  boxes: Boxes,
  *,
  colour: tuple[int, int, int],
  label: bool,
) -> None:
  """``draw_boxes`` into the picture itself, uint8 ``[H, W, 3]``, RGB.

  Of labels that would lie on each other the surest box has its own.
  """
  order = np.argsort(-boxes.confidence, kind='stable')
  taken: list[tuple[int, int]] = []
  for (x1, y1, x2, y2), confidence in zip(
    np.round(boxes.xyxy[order]).astype(int).tolist(),
    boxes.confidence[order].tolist(),
    strict=True,
  ):
    cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), colour, 1)
    place = max(min(x1, canvas.shape[1] - _LABEL_PX), 0), max(y1 - 2, 9)
    is_free = all(
      abs(place[0] - x) >= _LABEL_PX or abs(place[1] - y) >= _LABEL_HEIGHT_PX
      for x, y in taken
    )
    if label and is_free:
      taken.append(place)
      cv2.putText(
        canvas,
        f'{100 * confidence:.0f}',
        place,
        cv2.FONT_HERSHEY_SIMPLEX,
        0.38,
        colour,
        1,
        cv2.LINE_AA,
      )


def close_up(
  reference: HostArray, test: HostArray, sides: Sequence[float]
) -> HostArray:
  """Both pictures of a pair round a box, side by side, enlarged.

  Args:
    reference: aligned, uint8 ``[H, W, 3]``.
    test: like ``reference``.
    sides: x1, y1, x2 and y2 of the box, pixels.

  Returns:
    uint8 ``[h, w, 3]``: the reference, a gap, the test picture.
  """
  x1, y1, x2, y2 = sides
  reach = _AROUND * max(x2 - x1, y2 - y1, _LEAST_SHOWN_PX)
  (top, bottom), (left, right) = (
    (max(math.floor(middle - reach), 0), min(math.ceil(middle + reach), most))
    for middle, most in zip(
      ((y1 + y2) / 2, (x1 + x2) / 2), test.shape, strict=False
    )
  )
  scale = max(_CLOSE_UP_PX / (bottom - top), 1.0)
  size = round(scale * (right - left)), round(scale * (bottom - top))
  first, second = (
    cv2.resize(
      np.ascontiguousarray(picture[top:bottom, left:right]),
      size,
      interpolation=cv2.INTER_NEAREST,
    )
    for picture in (reference, test)
  )
  gap = np.full((size[1], GAP_PX, 3), 255, np.uint8)
  return np.concatenate([first, gap, second], axis=1)


def lay_over(
  reference: HostArray, test: HostArray, valid: HostArray | None = None
) -> HostArray:
  """Both pictures in one: the reference in red, the test picture in cyan.

  Where they agree it is grey.

  Args:
    reference: aligned, ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: like ``reference``.
    valid: ``[H, W]``, 0 where the reference has no content; None is nowhere.

  Returns:
    uint8 ``[H, W, 3]``, RGB.
  """
  red, cyan = (
    cv2.cvtColor(pictures.as_uint8(picture), cv2.COLOR_RGB2GRAY)
    for picture in (reference, test)
  )
  if valid is not None:
    red = np.where(valid > 0, red, 0).astype(np.uint8)
  return np.stack([red, cyan, cyan], axis=2)


def draw_arrows(canvas: HostArray, nodes: HostArray) -> None:
  """Draws how a reference was moved locally, enlarged.

  Args:
    canvas: uint8 ``[H, W, 3]``, RGB, which is drawn into.
    nodes: float ``[N, 4]``, (x, y, dx, dy) in pixels: it was moved by -dx, -dy
      at (x, y). The longest arrow reaches as far as the next node.
  """
  height, width = canvas.shape[:2]
  longest = np.hypot(nodes[:, 2], nodes[:, 3]).max(initial=0)
  if longest == 0:
    return
  factor = 0.9 * np.sqrt(height * width / len(nodes)) / longest
  starts = nodes[:, :2]
  tips = starts - factor * nodes[:, 2:]
  thickness = max(round(max(height, width) / 600), 1)
  for start, tip in zip(
    np.rint(starts).astype(int).tolist(),
    np.rint(tips).astype(int).tolist(),
    strict=True,
  ):
    cv2.arrowedLine(
      canvas, start, tip, ARROW_COLOUR, thickness, cv2.LINE_AA, 0, 0.25
    )


def hatch(canvas: HostArray, mask: HostArray) -> None:
  """Dims a part of a picture and hatches it.

  Args:
    canvas: uint8 ``[H, W, 3]``, RGB, which is drawn into.
    mask: bool ``[H, W]``, where.
  """
  for top in range(0, len(canvas), _BAND_PX):
    band = canvas[top : top + _BAND_PX]
    y, x = np.nonzero(mask[top : top + _BAND_PX])
    band[y, x] //= 2
    lines = (x + y + top) % _HATCH_PX < _HATCH_LINE_PX
    band[y[lines], x[lines]] = HATCH_COLOUR


def write_line(
  text: str,
  height: int,
  width: int,
  *,
  colour: tuple[int, int, int] = (0, 0, 0),
) -> HostArray:
  """Writes a line of text on white, vertically centred.

  Args:
    text: what does not fit is cut off.
    height: of the image, pixels.
    width: likewise.
    colour: RGB, 0 to 255.

  Returns:
    Image float32 ``[height, width, 3]``.
  """
  canvas = np.full((height, width, 3), 255, np.uint8)
  cv2.putText(
    canvas,
    text,
    (2, height // 2 + 4),
    cv2.FONT_HERSHEY_SIMPLEX,
    0.38,
    colour,
    1,
    cv2.LINE_AA,
  )
  return canvas.astype(np.float32) / 255
