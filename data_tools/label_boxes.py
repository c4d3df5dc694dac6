"""Boxes of labelling tools -> first and last pixels.

size = label_boxes.size_of('part7.jpg')
label_boxes.pixel_box((9.6, 20.0, 32.0, 46.0), size, where='a.txt, line 1')
"""

from __future__ import annotations

import math
import pathlib
import struct
import warnings
from collections.abc import Sequence

from PIL import Image

_ORIENTATION, _UPRIGHT = 0x0112, 1  # of EXIF
# Errors of Pillow on truncated files and damaged EXIF data.
_UNREADABLE = (
  OSError,
  SyntaxError,
  ValueError,
  struct.error,
  Image.DecompressionBombError,
)
_SLACK_PX = 1.0  # by which a tool's box may exceed the picture


def size_of(picture: pathlib.Path) -> tuple[int, int]:
  """Width and height in pixels of a picture, in the grid of its labels.

  Labelling tools apply the EXIF orientation of a picture; zeroshot does not. So
  the boxes of a rotated picture would be in another grid.

  Raises:
    ValueError: the file is no picture, or its EXIF orientation is not upright.
  """
  try:
    with warnings.catch_warnings():
      # Only the header is read, so the size does not matter.
      warnings.simplefilter('ignore', Image.DecompressionBombWarning)
      opened = Image.open(picture)
    with opened:
      is_turned = opened.getexif().get(_ORIENTATION, _UPRIGHT) != _UPRIGHT
      size: tuple[int, int] = opened.size
  except _UNREADABLE as error:
    raise ValueError(f'{picture}: not a readable picture ({error})') from error
  if is_turned:
    raise ValueError(
      f'{picture}: its EXIF orientation is not upright, so that labels and '
      'pixels may be in different grids; rotate the pixels, and label it again'
    )
  return size


def pixel_box(
  sides: Sequence[float], size: tuple[int, int], *, where: str
) -> tuple[int, ...]:
  """The range of pixels whose centres lie in a box; at least one.

  Args:
    sides: left, top, right, bottom in pixels from the picture's upper left
      corner: the first pixel goes from 0 to 1.
    size: width and height of the picture.
    where: file and line, for the error.

  Returns:
    x1, y1, x2, y2 of the first and last pixel.

  Raises:
    ValueError: a side is not finite, the box is empty, or it exceeds the
      picture by more than 1 px.
  """
  left, top, right, bottom = sides
  text = ' '.join(f'{side:g}' for side in sides)
  if not all(map(math.isfinite, sides)) or left >= right or top >= bottom:
    raise ValueError(
      f'{where}: box {text} (left top right bottom, px) is not a box; fix it'
    )
  width, height = size
  if (
    min(left, top) < -_SLACK_PX
    or right > width + _SLACK_PX
    or bottom > height + _SLACK_PX
  ):
    raise ValueError(
      f'{where}: box {text} (left top right bottom, px) leaves the picture, '
      f'{width}x{height}; correct it'
    )
  (x1, x2), (y1, y2) = (
    _pixels(left, right, width),
    _pixels(top, bottom, height),
  )
  return x1, y1, x2, y2


def _pixels(start: float, end: float, length: int) -> tuple[int, int]:
  """The first and last pixel whose centre lies between two positions."""
  first, last = math.floor(start + 0.5), math.floor(end + 0.5) - 1
  if last < first:  # thinner than a pixel
    first = last = math.floor((start + end) / 2)
  return max(0, min(first, length - 1)), max(0, min(last, length - 1))
