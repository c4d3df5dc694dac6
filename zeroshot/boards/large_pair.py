"""Draws a colour pair of any size, with defects where tiles meet.

  large_pair.write(folder, width=12000, height=9000, suffix='.tif', defects=60)

Every defect is a square of ``DEFECT_PX``; half of them are where the tiles of
detection overlap. The reference is displaced by a few pixels and a
fifth of a degree.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from zeroshot.types import HostArray

DEFECT_PX = 12
_MARGIN_PX = 160  # of the picture, without defects: the reference ends there
_SEAM_PX = 1280  # tiles of large pictures start at its multiples
MIN_PX = _SEAM_PX + 2 * _MARGIN_PX  # of a side, so that it has a seam
_SHIFT_PX, _ROTATION_DEG = (9.0, -6.0), 0.2
_MAX_TRIES = 1000  # to find a place for a defect
_CELL_PX = 40  # side of the grid cell of one trace, pad or nothing


def write(
  folder: Path, *, width: int, height: int, suffix: str, defects: int
) -> None:
  """Writes ``reference``, ``test`` and ``defects.json``, always the same.

  Args:
    folder: to write into; it must exist.
    width: of both pictures, pixels, at least ``MIN_PX``.
    height: likewise.
    suffix: of the picture files, ``'.tif'``, ``'.png'`` or ``'.jpg'``.
    defects: how many; ``defects.json`` lists their upper left corners.

  Raises:
    ValueError: there is no room for so many defects.
  """
  rng = np.random.default_rng(0)
  board = _draw_board(rng, height, width)
  motion = cv2.getRotationMatrix2D((width / 2, height / 2), _ROTATION_DEG, 1.0)
  motion[:, 2] += np.array(_SHIFT_PX)
  reference = cv2.warpAffine(
    board, motion, (width, height), borderMode=cv2.BORDER_REPLICATE
  )
  corners = place_defects(rng, height, width, count=defects)
  for x, y in corners.tolist():
    spot = board[y : y + DEFECT_PX, x : x + DEFECT_PX]
    spot[:] = np.where(spot > 128, spot - 110, spot + 110)
  options = [cv2.IMWRITE_PNG_COMPRESSION, 1] if suffix == '.png' else []
  for name, picture in (('reference', reference), ('test', board)):
    _add_noise(rng, picture)
    cv2.imwrite(str(folder / f'{name}{suffix}'), picture, options)
  (folder / 'defects.json').write_text(json.dumps(corners.tolist()))


def place_defects(
  rng: np.random.Generator, height: int, width: int, *, count: int
) -> HostArray:
  """Upper left corners of defects far apart, int ``[N, 2]``, x and y.

  Raises:
    ValueError: there is no room for so many.
  """
  corners: list[HostArray] = []
  lowest = np.array([_MARGIN_PX, _MARGIN_PX])
  highest = np.array([width, height]) - _MARGIN_PX - DEFECT_PX
  tries = 0
  while len(corners) < count:
    tries += 1
    if tries > _MAX_TRIES:
      raise ValueError(
        f'--defects={count}: no room for more than {len(corners)} on '
        f'{width} x {height} pixels; give fewer, or raise --width and --height'
      )
    corner = rng.integers(lowest, highest)
    if len(corners) % 2:  # half of them in the middle of where tiles overlap
      axis = len(corners) // 2 % 2
      corner[axis] = corner[axis] // _SEAM_PX * _SEAM_PX
      corner[axis] += rng.integers(90, 156)
    is_apart = all(
      np.abs(corner - other).max() > 8 * DEFECT_PX for other in corners
    )
    if is_apart and (corner >= lowest).all() and (corner <= highest).all():
      corners.append(corner)
      tries = 0
  return np.array(corners, int).reshape(-1, 2)


def _draw_board(rng: np.random.Generator, height: int, width: int) -> HostArray:
  """Traces and pads on a substrate, uint8 ``[height, width, 3]``, BGR."""
  board = np.full((height, width, 3), (60, 110, 40), np.uint8)
  for y in range(0, height, _CELL_PX):
    for x in range(0, width, _CELL_PX):
      shape, length = rng.integers(0, 4), int(rng.integers(20, 160))
      colour = (90, 180 + int(rng.integers(0, 40)), 215)
      if shape == 0:
        cv2.line(board, (x, y + 8), (x + length, y + 8), colour, 8)
      elif shape == 1:
        cv2.line(board, (x + 8, y), (x + 8, y + length), colour, 8)
      elif shape == 2:
        cv2.circle(board, (x + 20, y + 20), 12, colour, -1)
  return cv2.GaussianBlur(board, (0, 0), 0.7, dst=board)


def _add_noise(rng: np.random.Generator, picture: HostArray) -> None:
  """Adds up to 8 levels in place, strip by strip to save memory."""
  for top in range(0, len(picture), 512):
    strip = picture[top : top + 512]
    cv2.add(strip, rng.integers(0, 9, strip.shape, np.uint8), dst=strip)
