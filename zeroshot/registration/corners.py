"""Corners of a test picture, spread over what is compared.

  places = corners.spread(reference, test, matrix, roi_mask=None,
                          half=8, reach=6)
  content = corners.compared_area(reference, test.shape, matrix, None)

Source: Shi and Tomasi, "Good features to track", CVPR 1994.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from zeroshot.registration import resampling
from zeroshot.registration.plane import Plane
from zeroshot.types import HostArray

_NUM_POINTS = 80
_MIN_STRENGTH = 0.005  # of a corner, in those of the strongest
_CORNER_PX = {1: 5, 2: 3}  # side of the square that makes a corner
_HALVED_PX = 400  # shorter side, from which corners are looked for at half size
_MIN_SPACING_PX = 4.0
_SPACING = 0.6  # of that of so many points on a grid


def spread(
  reference: Plane,
  test: Plane,
  matrix: HostArray,
  *,
  roi_mask: HostArray | None,
  half: int,
  reach: int,
) -> HostArray:
  """Corners of the test picture, the strongest first.

  In large planes they are looked for at half the size, which is near enough to
  compare the patches around them.

  Args:
    reference: what is moved.
    test: what it is moved on to.
    matrix: see ``held_out.check``.
    roi_mask: see ``held_out.check``.
    half: of the patches that are compared, which must have content.
    reach: around a patch, which must lie in the test plane.

  Returns:
    Int ``[N, 2]``, x and y in the test plane.
  """
  step = 2 if min(test.shape) >= _HALVED_PX else 1
  height, width = (side // step for side in test.shape)
  small = cv2.resize(
    test.texture[: step * height, : step * width],
    (width, height),
    interpolation=cv2.INTER_AREA,
  )
  margin = -(-(half + reach) // step)
  content = compared_area(reference, test.shape, matrix, roi_mask, step)
  allowed = np.zeros((height, width), np.uint8)
  inner = slice(margin, -margin), slice(margin, -margin)
  allowed[inner] = content[:height, :width][inner]
  patch = np.ones((2 * half // step + 1,) * 2, np.uint8)
  inside = cv2.erode(allowed, patch)
  area = step**2 * np.count_nonzero(inside)
  spacing = max(math.sqrt(area / _NUM_POINTS) * _SPACING, _MIN_SPACING_PX)
  found = cv2.goodFeaturesToTrack(
    small,
    _NUM_POINTS,
    _MIN_STRENGTH,
    spacing / step,
    mask=inside,
    blockSize=_CORNER_PX[step],
  )
  # None where there is none, which OpenCV's types do not say.
  places = np.asarray(found if np.size(found) > 1 else [])
  return step * places.reshape(-1, 2).astype(int)


def compared_area(
  reference: Plane,
  shape: tuple[int, int],
  matrix: HostArray,
  roi_mask: HostArray | None,
  step: int = 1,
) -> HostArray:
  """Where the moved reference is to be compared.

  Args:
    reference: what is moved.
    shape: height and width of the test plane.
    matrix: see ``held_out.check``.
    roi_mask: see ``held_out.check``.
    step: between the rows and columns that are looked at.

  Returns:
    Bool ``[ceil(height / step), ceil(width / step)]``.
  """
  height, width = (-(-side // step) for side in shape)
  matrix = matrix @ np.diag([step, step, 1.0])
  content = resampling.inside(
    matrix, height=height, width=width, reference_shape=reference.shape
  )
  if reference.valid is not None:
    valid = resampling.warp(reference.valid, matrix, shape=(height, width))
    content &= valid > 0.99
  if roi_mask is not None:
    size = width, height
    content &= cv2.resize(roi_mask, size, interpolation=cv2.INTER_NEAREST) > 0
  return content
