"""Moves a reference picture, to measure how much misalignment is tolerated.

moved, valid = misalign.move_reference(
  reference, shift_px=4, rotation_deg=1, scale=1
)
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from zeroshot.types import HostArray


def move_reference(
  reference: HostArray, *, shift_px: float, rotation_deg: float, scale: float
) -> tuple[HostArray, HostArray]:
  """Turns and scales about the centre, then shifts right and down.

  Bilinear; beyond its edges the picture repeats its edge pixels. Two areas of
  the test picture then have nothing to be compared with: where the moved
  reference shows repeated pixels, and where its own content was moved out of
  the picture. Both follow from the move alone.

  Args:
    reference: image float32 ``[H, W, 3]`` in [0, 1].
    shift_px: to the right and down alike.
    rotation_deg: counter-clockwise as seen on the screen.
    scale: above 1 enlarges.

  Returns:
    The moved image, float32 ``[H, W, 3]``, and ``valid``, float32 ``[H, W]``: 0
    in those two areas, 1 elsewhere. Without any move the very input, and ones.

  Raises:
    ValueError: a value is not finite, or ``scale`` is not positive.
  """
  height, width = reference.shape[:2]
  if not (math.isfinite(shift_px) and math.isfinite(rotation_deg)):
    raise ValueError(
      f'misalign: shift_px is {shift_px} and rotation_deg is {rotation_deg};'
      ' give finite numbers'
    )
  if not (math.isfinite(scale) and scale > 0):
    raise ValueError(f'misalign: scale is {scale}; give a positive number')
  if shift_px == 0 and rotation_deg == 0 and scale == 1:
    return reference, np.ones((height, width), np.float32)
  centre = ((width - 1) / 2, (height - 1) / 2)
  matrix = cv2.getRotationMatrix2D(centre, rotation_deg, scale)  # [2, 3]
  matrix = matrix + [[0, 0, shift_px], [0, 0, shift_px]]
  moved = cv2.warpAffine(
    reference,
    matrix,
    (width, height),
    flags=cv2.INTER_LINEAR,
    borderMode=cv2.BORDER_REPLICATE,
  )
  moved = np.clip(moved, 0, 1)  # weights sum to 1 only to rounding
  valid = _lands_inside(matrix, height=height, width=width)
  inverse = cv2.invertAffineTransform(matrix)  # [2, 3]
  valid &= _lands_inside(inverse, height=height, width=width)
  return moved, valid.astype(np.float32)


def _lands_inside(matrix: HostArray, *, height: int, width: int) -> HostArray:
  """Where an affine map ``[2, 3]`` maps pixel centres into the picture."""
  y, x = np.mgrid[:height, :width].astype(np.float64)
  to_x = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
  to_y = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
  slack = 1e-6  # of a pixel, for the rounding of the map
  return (
    (to_x >= -slack)
    & (to_x <= width - 1 + slack)
    & (to_y >= -slack)
    & (to_y <= height - 1 + slack)
  )
