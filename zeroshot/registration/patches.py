"""What aligned pictures show in common, patch by patch of small copies.

share = patches.shown_share(reference, test, matrix)
area = patches.foreign(reference, test, matrix)
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from zeroshot.registration import corners, held_out, resampling
from zeroshot.registration.plane import Plane
from zeroshot.types import HostArray

LONGEST_PX = 160  # of the planes whose patches are compared
_SQUARE_PX = 10  # side of a patch
_MIN_LEVELS = 5.0  # standard deviation of one with structure, of 255
_MIN_CORRELATION = 0.7  # of one that is shown
_MAX_FOREIGN_CORRELATION = 0.3  # of one that shows something else
_MIN_FOREIGN_SHARE = 0.1  # of the picture
_PLENTY = 2  # times the patches that tell anything
_UNSEEN = 3  # patches not shown that are counted beside those that there are


def shown_share(
  reference: Plane,
  test: Plane,
  matrix: HostArray,
  *,
  roi_mask: HostArray | None = None,
) -> float:
  """The share of the reference's structure that the test picture shows.

  Of few patches many are shown by chance, more so as the best of many moves is
  taken; so a few are added that are not shown.

  Args:
    reference: see ``held_out.check``.
    test: see ``held_out.check``.
    matrix: see ``held_out.check``.
    roi_mask: see ``held_out.check``.

  Returns:
    In [0, 1), a low estimate; NaN if either picture has too little structure.
  """
  old, new, correlation = _compare(reference, test, matrix, roi_mask)
  if min(old.sum(), new.sum()) < held_out.MIN_POINTS:
    return math.nan
  num_shown = np.count_nonzero(correlation[old] > _MIN_CORRELATION)
  return num_shown / (int(old.sum()) + _UNSEEN)


def has_structure(plane: Plane) -> bool:
  """Whether a whole picture has plenty of structure to align it by."""
  structured = _cut(plane.texture).std(axis=2) * plane.contrast > _MIN_LEVELS
  if plane.valid is not None:
    structured &= _cut(plane.valid).all(axis=2)
  return int(structured.sum()) >= _PLENTY * held_out.MIN_POINTS


def foreign(
  reference: Plane, test: Plane, matrix: HostArray
) -> HostArray | None:
  """Where the two show different things round what they have in common.

  That is another background, or a cable that lies elsewhere: a large area at
  the picture's border in which both have structure, and none of it matches.
  What only one of them shows, such as a missing component, is no such area.

  Args:
    reference: see ``held_out.check``.
    test: see ``held_out.check``.
    matrix: see ``held_out.check``.

  Returns:
    Uint8 ``[rows, columns]``, 1 in such areas, over the test picture; None if
    there is none.
  """
  old, new, correlation = _compare(reference, test, matrix, None)
  differs = (old & new & (correlation < _MAX_FOREIGN_CORRELATION)).astype(
    np.uint8
  )
  closed = cv2.morphologyEx(
    cv2.morphologyEx(differs, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)),
    cv2.MORPH_OPEN,
    np.ones((3, 3), np.uint8),
  )
  count, labels, statistics, _ = cv2.connectedComponentsWithStats(closed)
  rows, columns = closed.shape
  result = np.zeros_like(closed)
  for label in range(1, count):
    left, top, width, height, area = statistics[label]
    at_border = (
      left == 0 or top == 0 or left + width == columns or top + height == rows
    )
    if at_border and area >= _MIN_FOREIGN_SHARE * closed.size:
      result[labels == label] = 1
  return result if result.any() else None


def _compare(
  reference: Plane,
  test: Plane,
  matrix: HostArray,
  roi_mask: HostArray | None,
) -> tuple[HostArray, HostArray, HostArray]:
  """Which patches have structure, and how well they correlate, in place.

  Returns:
    Bool ``[rows, columns]`` for the reference and for the test picture, and
    the correlations.
  """
  content = corners.compared_area(reference, test.shape, matrix, roi_mask)
  moved = resampling.warp(reference.texture, matrix, shape=test.shape)
  old, new, inside = (_cut(plane) for plane in (moved, test.texture, content))
  old, new = (p - p.mean(axis=2, keepdims=True) for p in (old, new))
  spreads = old.std(axis=2), new.std(axis=2)
  structured = [
    inside.all(axis=2) & (spread * plane.contrast > _MIN_LEVELS)
    for spread, plane in zip(spreads, (reference, test), strict=True)
  ]
  power = np.maximum(spreads[0] * spreads[1], 1e-12)
  return structured[0], structured[1], (old * new).mean(axis=2) / power


def _cut(plane: HostArray) -> HostArray:
  """A plane ``[h, w]`` cut into patches, ``[rows, columns, P]``."""
  rows, columns = (side // _SQUARE_PX for side in plane.shape)
  whole = plane[: rows * _SQUARE_PX, : columns * _SQUARE_PX]
  grid = whole.reshape(rows, _SQUARE_PX, columns, _SQUARE_PX).swapaxes(1, 2)
  return grid.reshape(rows, columns, _SQUARE_PX**2)
