"""Draws what ``zeroshot demo`` inspects, and the picture of the README.

demo_pairs.write_connector(folder)
picture = demo_pairs.draw_picture(folder)
"""

from __future__ import annotations

import functools
from pathlib import Path

import cv2
import jax
import numpy as np

from zeroshot.data import pair_list, pictures
from zeroshot.inspection import differences
from zeroshot.inspection.detector import Detector
from zeroshot.inspection.result import Inspection
from zeroshot.report import drawing
from zeroshot.synthesis import connector_pair
from zeroshot.types import HostArray, Pair

LIST = 'pairs.csv'  # of the folder
_HEIGHT_PX, _WIDTH_PX = 320, 400
_SEED = 0
_GAP_PX = 24  # between pairs
_BAR_GREY = 150  # of what parts a reference from its test picture
_OUTER_PX = 2  # from a box to the frame that makes it plain


def draw_connector() -> Pair:
  """The pair of the connector, always the same.

  Returns:
    float32 ``[320, 400, 3]`` pictures and their ``[320, 400]`` mask.
  """
  draw = functools.partial(
    connector_pair.draw, height=_HEIGHT_PX, width=_WIDTH_PX
  )
  pair: Pair = jax.jit(draw)(jax.random.key(_SEED))
  return pair


def write_connector(folder: Path) -> None:
  """Writes the pictures of the connector.

  Args:
    folder: must exist.

  Raises:
    ValueError: they cannot be written.
  """
  pair = draw_connector()
  for name, picture in (('reference', pair.reference), ('test', pair.test)):
    file = folder / f'connector_{name}.jpg'
    pictures.write_picture(file, np.asarray(picture))


def draw_picture(folder: Path) -> HostArray:
  """Inspects the pairs of a folder with the default weights, and draws them.

  Args:
    folder: with ``pairs.csv`` and pictures of one height.

  Returns:
    Image float32 ``[H, W, 3]``: each pair's reference, and its test picture
    with boxes, all in one row.

  Raises:
    ValueError: a file cannot be read, or a pair not be inspected.
  """
  detector = Detector.load()
  shown: list[HostArray] = []
  for pair in pair_list.read_pair_list(folder / LIST):
    outcome = detector.inspect(pair.reference_path, pair.test_path)
    reference = pictures.as_uint8(pictures.read_picture(pair.reference_path))
    if shown:
      shown.append(_bar(outcome, _GAP_PX, grey=255))
    bar = _bar(outcome, drawing.GAP_PX, grey=_BAR_GREY)
    shown += [reference, bar, _mark(outcome)]
  return pictures.as_image(np.concatenate(shown, axis=1))


def _bar(outcome: Inspection, width: int, *, grey: int) -> HostArray:
  return np.full((outcome.test.shape[0], width, 3), grey, np.uint8)


def _mark(outcome: Inspection) -> HostArray:
  """The test picture with boxes that can be seen when it is shown smaller."""
  canvas = outcome.test.copy()
  boxes = differences.to_arrays(outcome.boxes)
  drawing.draw_on(canvas, boxes, colour=drawing.DETECTION_COLOUR, label=False)
  for x1, y1, x2, y2 in np.round(boxes.xyxy).astype(int).tolist():
    corner = x1 - _OUTER_PX, y1 - _OUTER_PX
    opposite = x2 - 1 + _OUTER_PX, y2 - 1 + _OUTER_PX
    cv2.rectangle(canvas, corner, opposite, drawing.DETECTION_COLOUR, 2)
  return canvas
