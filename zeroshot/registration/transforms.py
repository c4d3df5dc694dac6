"""Moves of a picture: matrices, where they lead and how large they are.

A matrix, float64 ``[3, 3]``, maps test pixel coordinates (x, y, 1) to
reference pixel coordinates. Pixel centres are integers, so a picture spans
-0.5 to W - 0.5. A turn is positive anticlockwise as seen, as in OpenCV.

  matrix = transforms.between_sizes(matrix, from_shapes=..., to_shapes=...)
  transforms.describe(matrix, height=height, width=width).rotation_deg
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.types import HostArray

# Longest side of what is resampled at once; OpenCV bears less than twice that.
MAX_SIDE_PX = 2**14
_MAX_SCALE = 3.0  # or its inverse
_MAX_ASPECT = 2.5  # of the scales along two axes
_MAX_DEPTH = 4.0  # of the farthest corner, in those of the nearest


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


def between_sizes(
  matrix: HostArray,
  *,
  from_shapes: tuple[tuple[int, int], tuple[int, int]],
  to_shapes: tuple[tuple[int, int], tuple[int, int]],
) -> HostArray:
  """Returns a matrix found on resized copies for copies of other sizes.

  Args:
    matrix: float64 ``[3, 3]`` between pictures of ``from_shapes``.
    from_shapes: height and width of the reference and of the test picture
      where the matrix holds.
    to_shapes: height and width of the same two pictures, resized.

  Returns:
    Float64 ``[3, 3]``, its last entry 1.
  """
  to_reference = resize(from_shapes[0], to_shapes[0])
  to_test = resize(from_shapes[1], to_shapes[1])
  result = to_reference @ matrix @ np.linalg.inv(to_test)
  return result / result[2, 2]


def resize(from_shape: tuple[int, int], to_shape: tuple[int, int]) -> HostArray:
  """Returns what maps pixels of a picture to those of its resized copy."""
  fy, fx = to_shape[0] / from_shape[0], to_shape[1] / from_shape[1]
  return np.array(
    [[fx, 0.0, 0.5 * fx - 0.5], [0.0, fy, 0.5 * fy - 0.5], [0.0, 0.0, 1.0]]
  )


def describe(
  matrix: HostArray,
  *,
  height: int,
  width: int,
  reference_shape: tuple[int, int] | None = None,
) -> Move:
  """Returns how far a matrix moves a picture.

  Args:
    matrix: float64 ``[3, 3]``.
    height: of the test picture.
    width: of the test picture.
    reference_shape: height and width of the reference; None is the test
      picture's.
  """
  x, y, depth = matrix @ _centre(height, width)
  linear = _jacobian(matrix, _centre(height, width))
  centre = _centre(*(reference_shape or (height, width)))
  shift_px = np.hypot(x / depth - centre[0], y / depth - centre[1])
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


def nearest_px(matrix: HostArray, points: HostArray) -> float:
  """Returns how far the point travels that a matrix moves least.

  Args:
    matrix: float64 ``[3, 3]``.
    points: float32 ``[N, 2]``, x and y; infinity without any.
  """
  across, down, depth = matrix @ np.vstack([points.T, np.ones(len(points))])
  x, y = points.T
  apart = np.hypot(across / depth - x, down / depth - y)
  return float(apart.min(initial=np.inf))


def plausible(
  matrix: HostArray,
  reference_shape: tuple[int, int],
  test_shape: tuple[int, int],
) -> bool:
  """Returns whether a move is one that a camera or a fixture makes.

  Args:
    matrix: float64 ``[3, 3]``.
    reference_shape: height and width of the reference picture.
    test_shape: height and width of the test picture.
  """
  if not np.isfinite(matrix).all():
    return False
  height, width = test_shape
  x = np.array([0, width - 1, 0, width - 1, (width - 1) / 2], np.float64)
  y = np.array([0, 0, height - 1, height - 1, (height - 1) / 2], np.float64)
  across, down, depth = matrix @ np.stack([x, y, np.ones(5)])
  if depth.min() <= 0 or depth.max() > _MAX_DEPTH * depth.min():
    return False
  linear = _jacobian(matrix, _centre(height, width))
  if np.linalg.det(linear) <= 0:
    return False
  long, short = np.linalg.svd(linear, compute_uv=False)
  across, down = across / depth, down / depth
  overlaps = (
    across.max() > 0
    and down.max() > 0
    and across.min() < reference_shape[1] - 1
    and down.min() < reference_shape[0] - 1
  )
  return bool(
    overlaps
    and 1 / _MAX_SCALE <= (long * short) ** 0.5 <= _MAX_SCALE
    and long <= _MAX_ASPECT * short
  )


def scale_at_centre(matrix: HostArray, test_shape: tuple[int, int]) -> float:
  """Returns how much larger the reference is at the test picture's centre."""
  linear = _jacobian(matrix, _centre(*test_shape))
  return float(abs(np.linalg.det(linear)) ** 0.5)


def affine_part(matrix: HostArray, test_shape: tuple[int, int]) -> HostArray:
  """Returns the affine move that equals a move at the test picture's centre."""
  centre = _centre(*test_shape)
  linear = _jacobian(matrix, centre)
  place = matrix @ centre
  shift = place[:2] / place[2] - linear @ centre[:2]
  return np.vstack([np.column_stack([linear, shift]), (0.0, 0.0, 1.0)])


def distance_px(
  matrix: HostArray, other: HostArray, test_shape: tuple[int, int]
) -> float:
  """Returns how far two moves lie apart at the test picture's centre.

  In pixels of the test picture.
  """
  places = [m @ _centre(*test_shape) for m in (matrix, other)]
  first, second = (place[:2] / place[2] for place in places)
  apart = float(np.hypot(*(first - second)))
  return apart / scale_at_centre(matrix, test_shape)


def _centre(height: int, width: int) -> HostArray:
  return np.array([(width - 1) / 2, (height - 1) / 2, 1.0])


def _jacobian(matrix: HostArray, point: HostArray) -> HostArray:
  """Returns the derivative ``[2, 2]`` of a matrix at a point (x, y, 1)."""
  x, y, depth = matrix @ point
  return (matrix[:2, :2] - np.outer((x, y), matrix[2, :2]) / depth) / depth
