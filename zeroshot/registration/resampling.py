"""Pictures read where a matrix leads, and where it leads into a picture.

aligned = resampling.warp(reference, matrix)
content = resampling.inside(matrix, height=height, width=width)
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.types import HostArray

ROW_PX = 64  # points that are read in one row


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


def read(plane: HostArray, across: HostArray, down: HostArray) -> HostArray:
  """Returns a plane at points.

  Args:
    plane: float32 ``[H, W, C]``.
    across: ``[N]``, pixels.
    down: ``[N]``, pixels.

  Returns:
    Float32 ``[N, C]``, bilinear; outside, the nearest edge pixel is repeated.
  """
  size = len(across)
  # OpenCV resamples no more than 32,767 rows at once, so points fill rows.
  spare = ROW_PX - size % ROW_PX  # a row at least, even of no points
  places = np.zeros((2, size + spare), np.float32)
  places[0, :size], places[1, :size] = across, down
  values = cv2.remap(
    plane,
    places[0].reshape(-1, ROW_PX),
    places[1].reshape(-1, ROW_PX),
    cv2.INTER_LINEAR,
    borderMode=cv2.BORDER_REPLICATE,
  )
  return values.reshape(size + spare, -1)[:size]


def inside(
  matrix: HostArray,
  *,
  height: int,
  width: int,
  reference_shape: tuple[int, int] | None = None,
) -> HostArray:
  """Returns where a mapped pixel's centre lies in the reference.

  Args:
    matrix: float64 ``[3, 3]``.
    height: of the test picture.
    width: of the test picture.
    reference_shape: height and width of the reference; None is the test
      picture's.

  Returns:
    Bool ``[height, width]``.
  """
  x = np.arange(width, dtype=np.float32)[None, :]
  y = np.arange(height, dtype=np.float32)[:, None]
  h, w = reference_shape or (height, width)
  # Each edge of the reference cuts a row of the test picture at one place.
  low, high = np.zeros_like(y), np.full_like(y, width - 1)
  for across, down, rest in _edges(matrix, height=h, width=w):
    beyond = -(down * y + rest)  # of across * x, which is to be no less
    if across > 0:
      np.maximum(low, beyond / across, out=low)
    elif across < 0:
      np.minimum(high, beyond / across, out=high)
    else:
      high[beyond > 0] = -1.0
  return (x >= low) & (x <= high)


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
  found = np.ones(np.broadcast_shapes(x.shape, y.shape), bool)
  for across, down, rest in _edges(matrix, height=height, width=width):
    found &= across * x + down * y + rest >= 0
  return found


def _edges(matrix: HostArray, *, height: int, width: int) -> HostArray:
  """The half planes that a matrix leads into a picture, float32 ``[4, 3]``.

  A point lies in one where ``row @ (x, y, 1)`` is not negative.
  """
  across, down, depth = matrix
  edges = [  # those of left and right leave out what lies behind the camera
    across + 0.501 * depth,  # a little slack for rounding
    down + 0.501 * depth,
    (width - 0.499) * depth - across,
    (height - 0.499) * depth - down,
  ]
  return np.array(edges, np.float32)
