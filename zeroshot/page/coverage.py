"""What of a test picture was not compared, as polygons.

  areas = coverage.uncompared(folder / 'valid.png', size=(640, 480))

Polygons take a few hundred bytes of a page, and are sharp at any zoom.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from zeroshot.data import pictures

_LONGEST_PX = 1000  # of the mask that is outlined
_TOLERANCE_PX = 1.5  # between an outline and its polygon, of that mask
_MIN_AREA_PX = 16  # of a polygon; smaller ones are not seen
_MAX_AREAS = 200


def uncompared(path: Path, *, size: tuple[int, int]) -> list[list[list[float]]]:
  """Outlines the black parts of a mask.

  Args:
    path: a mask, white where the pair was compared; it may be missing, which
      means everywhere.
    size: width and height that it must have, pixels.

  Returns:
    Polygons, each a list of (x, y) in pixels of the mask; holes are polygons
    of their own, to be filled by the even-odd rule.

  Raises:
    ValueError: the file is no picture, or of another size.
  """
  if not path.exists():
    return []
  mask = pictures.as_uint8(pictures.read_pixels(path))[..., 0] < 128
  height, width = mask.shape
  if size != (width, height):
    raise ValueError(
      f'{path}: is {width}x{height} and the results tell of {size[0]}x{size[1]}'
    )
  shrink = min(_LONGEST_PX / max(height, width), 1.0)
  target = (max(round(width * shrink), 1), max(round(height * shrink), 1))
  small = cv2.resize(
    mask.astype(np.uint8), target, interpolation=cv2.INTER_NEAREST
  )
  # Outlines go through the centres of pixels: doubled, and with a border, they
  # enclose whole ones.
  doubled = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
  outlines, _ = cv2.findContours(
    doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
  )
  scale = np.array([width, height]) / (2 * np.array(target))
  kept = sorted(outlines, key=cv2.contourArea, reverse=True)[:_MAX_AREAS]
  return [
    np.round(
      (cv2.approxPolyDP(outline, 2 * _TOLERANCE_PX, True)[:, 0] + 0.5) * scale,
      1,
    ).tolist()
    for outline in kept
    if cv2.contourArea(outline) >= 4 * _MIN_AREA_PX
  ]
