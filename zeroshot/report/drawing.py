"""Reference, test picture with boxes, and score map, side by side.

image = drawing.draw_result(reference, test, scores, detections, truth)
pictures.write_picture(path, image)
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.types import Boxes, HostArray

DETECTION_COLOUR = (230, 26, 26)  # RGB
TRUTH_COLOUR = (0, 153, 26)
HATCH_COLOUR = (128, 128, 128)
GAP_PX = 8
_LABEL_PX = 23  # width of '100'
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
  """``draw_boxes`` into the picture itself, uint8 ``[H, W, 3]``, RGB."""
  for (x1, y1, x2, y2), confidence in zip(
    np.round(boxes.xyxy).astype(int).tolist(),
    boxes.confidence.tolist(),
    strict=True,
  ):
    cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), colour, 1)
    if label:
      cv2.putText(
        canvas,
        f'{100 * confidence:.0f}',
        (max(min(x1, canvas.shape[1] - _LABEL_PX), 0), max(y1 - 2, 9)),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.38,
        colour,
        1,
        cv2.LINE_AA,
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
