"""Moves of a picture: matrices, where they lead and how large they are.

A matrix, float64 ``[3, 3]``, maps test pixel coordinates (x, y, 1) to
reference pixel coordinates. Pixel centres are integers, so a picture spans
-0.5 to W - 0.5. A turn is positive anticlockwise as seen, as in OpenCV.

  aligned = transforms.warp(reference, matrix)
  content = transforms.inside(matrix, height=height, width=width)
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.types import HostArray

_MAX_SHIFT_SHARE = 0.15  # of the longest side, at the picture's centre
_MAX_TURN_DEG = 15.0
_MAX_SCALE = 1.15  # or its inverse; also the most that two axes may differ


class Move(NamedTuple):
  """How far a matrix moves a picture.

  Attributes:
    shift_px: how far the picture's centre travels.
    rotation_deg: how far the reference lies turned, anticlockwise positive.
    scale: how much larger the reference is than the test picture.
  """

  shift_px: float
  rotation_deg: float
  scale: float


def turn_and_scale(
  rotation_deg: float, scale: float, *, height: int, width: int
) -> HostArray:
  """Returns the matrix that turns and scales about the picture's centre."""
  centre = ((width - 1) / 2, (height - 1) / 2)
  affine = cv2.getRotationMatrix2D(centre, rotation_deg, scale)
  return np.vstack([affine, (0.0, 0.0, 1.0)])


def translation(dx: float, dy: float) -> HostArray:
  """Returns the matrix that shifts by (dx, dy) pixels."""
  return np.array([[1.0, 0.0, dx], [0.0, 1.0, dy], [0.0, 0.0, 1.0]])


def rescale(
  matrix: HostArray,
  *,
  from_shape: tuple[int, int],
  to_shape: tuple[int, int],
) -> HostArray:
  """Returns a matrix found on copies of one size for copies of another.

  Args:
    matrix: float64 ``[3, 3]`` between pictures of ``from_shape``.
    from_shape: height and width where the matrix holds.
    to_shape: height and width of the same pictures, resized.

  Returns:
    Float64 ``[3, 3]``, its last entry 1.
  """
  fy, fx = to_shape[0] / from_shape[0], to_shape[1] / from_shape[1]
  resize = np.array(
    [[fx, 0.0, 0.5 * fx - 0.5], [0.0, fy, 0.5 * fy - 0.5], [0.0, 0.0, 1.0]]
  )
  result = resize @ matrix @ np.linalg.inv(resize)
  return result / result[2, 2]


def warp(
  picture: HostArray,
  matrix: HostArray,
  *,
  shape: tuple[int, int] | None = None,
) -> HostArray:
  """Returns a picture read at ``matrix @ (x, y, 1)``.

  Args:
    picture: float32 ``[H, W]`` or ``[H, W, C]``.
    matrix: float64 ``[3, 3]``.
    shape: height and width of the result; None takes the picture's.

  Returns:
    Of that shape, bilinear; outside, the nearest edge pixel is repeated.
  """
  height, width = picture.shape[:2] if shape is None else shape
  size = (width, height)
  flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
  if np.array_equal(matrix[2], (0.0, 0.0, 1.0)):
    return cv2.warpAffine(
      picture, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
  return cv2.warpPerspective(
    picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
  )


def inside(matrix: HostArray, *, height: int, width: int) -> HostArray:
  """Returns where a mapped pixel's centre lies in the picture.

  Args:
    matrix: float64 ``[3, 3]``.
    height: of both pictures.
    width: of both pictures.

  Returns:
    Bool ``[height, width]``.
  """
  x = np.arange(width, dtype=np.float32)[None, :]
  y = np.arange(height, dtype=np.float32)[:, None]
  return leads_inside(matrix, x, y, height=height, width=width)


def leads_inside(
  matrix: HostArray, x: HostArray, y: HostArray, *, height: int, width: int
) -> HostArray:
  """Returns whether a matrix leads points into a picture.

  Args:
    matrix: float64 ``[3, 3]``.
    x: float32, any shape.
    y: float32, of a shape that broadcasts with that of ``x``.
    height: of the picture.
    width: of the picture.

  Returns:
    Bool, of the common shape.
  """
  (a, b, c), (d, e, f), (g, h, i) = matrix.astype(np.float32)
  depth = g * x + h * y + i  # 1 everywhere for an affine matrix
  across, down = a * x + b * y + c, d * x + e * y + f
  low = -0.501 * depth  # a little slack for rounding
  return (
    (depth > 0)
    & (across >= low)
    & (down >= low)
    & (across <= (width - 0.499) * depth)
    & (down <= (height - 0.499) * depth)
  )


def describe(matrix: HostArray, *, height: int, width: int) -> Move:
  """Returns how far a matrix moves a picture of this size."""
  x, y, depth = matrix @ _centre(height, width)
  linear = _jacobian(matrix, _centre(height, width))
  shift_px = np.hypot(x / depth - (width - 1) / 2, y / depth - (height - 1) / 2)
  turn = np.arctan2(linear[0, 1] - linear[1, 0], linear[0, 0] + linear[1, 1])
  scale = abs(np.linalg.det(linear)) ** 0.5
  return Move(float(shift_px), float(np.degrees(turn)), float(scale))


def farthest_px(matrix: HostArray, *, height: int, width: int) -> float:
  """Returns how far the corner travels that a matrix moves most."""
  x = np.array([0, width - 1, 0, width - 1], np.float64)
  y = np.array([0, 0, height - 1, height - 1], np.float64)
  moved = matrix @ np.stack([x, y, np.ones(4)])  # [3, 4]
  moved = moved[:2] / moved[2]
  return float(np.hypot(moved[0] - x, moved[1] - y).max())


def plausible(matrix: HostArray, *, height: int, width: int) -> bool:
  """Returns whether a move is one that a camera or a fixture makes."""
  if not np.isfinite(matrix).all():
    return False
  linear = _jacobian(matrix, _centre(height, width))
  if np.linalg.det(linear) <= 0:
    return False
  move = describe(matrix, height=height, width=width)
  long, short = np.linalg.svd(linear, compute_uv=False)
  return bool(
    move.shift_px <= _MAX_SHIFT_SHARE * max(height, width)
    and abs(move.rotation_deg) <= _MAX_TURN_DEG
    and 1 / _MAX_SCALE <= move.scale <= _MAX_SCALE
    and long <= _MAX_SCALE * short
  )


def _centre(height: int, width: int) -> HostArray:
  return np.array([(width - 1) / 2, (height - 1) / 2, 1.0])


def _jacobian(matrix: HostArray, point: HostArray) -> HostArray:
  """Returns the derivative ``[2, 2]`` of a matrix at a point (x, y, 1)."""
  x, y, depth = matrix @ point
  return (matrix[:2, :2] - np.outer((x, y), matrix[2, :2]) / depth) / depth
