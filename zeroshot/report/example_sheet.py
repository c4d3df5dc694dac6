"""Examples of a batch, drawn so that what is not finite can be seen.

  tile = draw_example((reference, test, mask, scores), ['example 5', ...])
  pictures.write_picture(path, tile)
  pictures.write_picture(sheet_path, draw_sheet(tiles))

Magenta is NaN or infinite, cyan is beyond [0, 1]; a picture that has either
has a frame of that colour, since a single pixel is easily missed.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from zeroshot.report import drawing
from zeroshot.types import HostArray

NOT_FINITE_COLOUR = (1.0, 0.0, 1.0)  # RGB
BEYOND_COLOUR = (0.0, 1.0, 1.0)
_BAD_TEXT = (200, 0, 0)  # RGB, 0 to 255
_ROUNDING = 1e-3  # beyond the range: not painted
_SIDE_PX = 144  # the least that a picture is drawn with
_FRAME_PX = 3
_LINE_PX = 16
_LEGEND = 'reference, test, mask, scores; magenta: not finite, cyan: not [0, 1]'


def draw_example(
  planes: Sequence[HostArray], lines: Sequence[str], *, is_bad: bool = False
) -> HostArray:
  """Draws the pictures of one example beside each other, under some text.

  Args:
    planes: images ``[H, W, 3]`` and grey planes ``[H, W]``, of one size; any
      values.
    lines: text above them.
    is_bad: whether the text is red.

  Returns:
    Image float32 ``[h, w, 3]`` in [0, 1].
  """
  gap = drawing.GAP_PX
  drawn = [_framed(plane) for plane in planes]
  row = np.concatenate(
    [
      np.pad(tile, ((0, gap), (gap, 0), (0, 0)), constant_values=1)
      for tile in drawn
    ],
    axis=1,
  )
  row = np.pad(row, ((0, 0), (0, gap), (0, 0)), constant_values=1)
  colour = _BAD_TEXT if is_bad else (0, 0, 0)
  width = row.shape[1]
  text = [
    drawing.write_line(line, _LINE_PX, width, colour=colour) for line in lines
  ]
  return np.concatenate([*text, row])


def draw_sheet(tiles: Sequence[HostArray]) -> HostArray:
  """Puts examples below each other, over what the colours mean.

  Args:
    tiles: of ``draw_example``, of one width; one or more.

  Returns:
    Image float32 ``[h, w, 3]`` in [0, 1].
  """
  width = tiles[0].shape[1]
  return np.concatenate([*tiles, drawing.write_line(_LEGEND, _LINE_PX, width)])


def _framed(plane: HostArray) -> HostArray:
  """A plane painted, enlarged, and framed where some of it is painted."""
  image = np.asarray(plane, np.float32)
  if image.ndim == 2:
    image = np.repeat(image[..., None], 3, axis=-1)  # [H, W, 3]
  is_finite = np.all(np.isfinite(image), axis=-1)  # [H, W]
  is_beyond = np.abs(image - 0.5) > 0.5 + _ROUNDING  # [H, W, 3]
  beyond = is_finite & np.any(is_beyond, axis=-1)  # [H, W]
  painted = np.clip(np.where(is_finite[..., None], image, 0.0), 0.0, 1.0)
  painted[beyond] = BEYOND_COLOUR
  painted[~is_finite] = NOT_FINITE_COLOUR
  times = -(-_SIDE_PX // min(painted.shape[:2]))
  height, width = (times * side for side in painted.shape[:2])
  painted = cv2.resize(
    painted, (width, height), interpolation=cv2.INTER_NEAREST_EXACT
  )
  frame = (1.0, 1.0, 1.0)
  if not is_finite.all():
    frame = NOT_FINITE_COLOUR
  elif beyond.any():
    frame = BEYOND_COLOUR
  framed = np.empty((height + 2 * _FRAME_PX, width + 2 * _FRAME_PX, 3))
  framed[:] = frame
  framed[_FRAME_PX:-_FRAME_PX, _FRAME_PX:-_FRAME_PX] = painted
  return framed.astype(np.float32)
