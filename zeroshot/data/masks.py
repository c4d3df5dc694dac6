"""Masks of defects from labelling tools -> boxes.

boxes = masks.boxes_of('part7_mask.png')  # [[10, 20, 31, 45]]
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.data import pictures

_JPEG, _LOSSLESS_WEBP = b'\xff\xd8\xff', b'VP8L'
_CONNECTIVITY = 8  # pixels that touch at a corner are connected


def boxes_of(path: pictures.Path) -> list[list[int]]:
  """The box of each region of a mask.

  Args:
    path: picture that is not black where the part is defective. Pixels that
      touch at a side or a corner form one region.

  Returns:
    x1, y1, x2, y2 of each region, its first and its last pixel, from top to
    bottom; empty for a black mask, which means a good part.

  Raises:
    ValueError: the mask cannot be read, or is a JPEG or a lossy WebP, whose
      black is not exact.
  """
  refuse_lossy(path)
  marked = np.asarray(pictures.read_picture(path).any(axis=-1), np.uint8)
  *_, statistics, _ = cv2.connectedComponentsWithStats(
    marked, connectivity=_CONNECTIVITY
  )
  left, top, width, height = statistics[1:, :4].T  # the first is the black
  corners = np.stack([left, top, left + width - 1, top + height - 1], axis=1)
  order = np.lexsort((left, top))
  boxes: list[list[int]] = corners[order].tolist()
  return boxes


def refuse_lossy(path: pictures.Path) -> None:
  """Refuses a mask whose black is not exact.

  Raises:
    ValueError: it is a JPEG or a lossy WebP, whatever its name.
  """
  try:
    with open(path, 'rb') as file:
      start = file.read(16)
  except (OSError, ValueError):
    return  # the reader raises
  is_webp = start.startswith(b'RIFF') and start[8:12] == b'WEBP'
  if start.startswith(_JPEG) or (is_webp and start[12:] != _LOSSLESS_WEBP):
    raise ValueError(
      f'{path}: a {"lossy WebP" if is_webp else "JPEG"} changes the colours of '
      'a mask; save it as PNG'
    )
