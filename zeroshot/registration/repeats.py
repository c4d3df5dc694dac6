"""Other places where a pattern that repeats would fit as well.

  for matrix in repeats.alternatives(reference, test, matrix): ...

A lattice or a pin field fits at every cell, and a refinement rests at the
nearest. The correlation of the aligned pictures at every shift shows the
others; the caller compares how well held-out points agree with each.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from zeroshot.registration import corners, resampling, transforms
from zeroshot.registration.plane import Plane
from zeroshot.types import HostArray

LONGEST_PX = 240  # of the planes to correlate
_MIN_OVERLAP = 0.3  # of the area that the alignment compares
_MIN_SHARE = 0.8  # of the correlation at no shift
_MIN_CORRELATION = 0.25
_FULL = 0.98  # of its bounding box; such an area counts as the box
_NEAR_PX = 3  # shifts that belong to the alignment itself
_NUM_BEST = 4


def alternatives(
  reference: Plane, test: Plane, matrix: HostArray
) -> list[HostArray]:
  """Returns shifted alignments that correlate nearly as well, or better.

  Args:
    reference: what is moved.
    test: what it is moved on to.
    matrix: float64 ``[3, 3]`` from pixels of ``test`` to those of
      ``reference``, refined.

  Returns:
    Float64 ``[3, 3]`` each, likewise; the best correlated first.
  """
  correlation = _correlation(reference, test, matrix)
  height, width = test.shape
  centre_y, centre_x = height // 2, width // 2
  here = float(correlation[centre_y, centre_x])
  highest = cv2.dilate(correlation, np.ones((5, 5), np.uint8))
  peaks = correlation == highest
  peaks &= correlation >= max(_MIN_SHARE * here, _MIN_CORRELATION)
  near = slice(centre_y - _NEAR_PX, centre_y + _NEAR_PX + 1)
  peaks[near, centre_x - _NEAR_PX : centre_x + _NEAR_PX + 1] = False
  rows, columns = np.nonzero(peaks)
  order = np.argsort(-correlation[rows, columns])[:_NUM_BEST]
  return [
    matrix @ transforms.translation(-(x - centre_x), -(y - centre_y))
    for y, x in zip(rows[order], columns[order], strict=True)
  ]


def _correlation(reference: Plane, test: Plane, matrix: HostArray) -> HostArray:
  """The normalised correlation at shifts of up to half a side.

  Returns:
    Float32 ``[h, w]`` in [-1, 1], no shift in the middle: the shift of the
    moved reference on the test picture; 0 where too little is compared.
  """
  content = corners.compared_area(reference, test.shape, matrix, None)
  content = content.astype(np.float32)
  moved = resampling.warp(reference.texture, matrix, shape=test.shape) * content
  spectra = _Spectra(test.shape)
  product = spectra.correlate(spectra.of(moved), spectra.of(test.texture))
  squares = test.texture * test.texture
  box = cv2.boundingRect(content.astype(np.uint8))
  if content.sum() > _FULL * box[2] * box[3]:
    test_power = _under(squares, box)
  else:
    test_power = spectra.correlate(spectra.of(content), spectra.of(squares))
  area, power = _overlaps(content), _overlaps(moved * moved)
  usual = np.sqrt(np.maximum(power, 1e-3) * np.maximum(test_power, 1e-3))
  result = np.where(area > _MIN_OVERLAP * content.sum(), product / usual, 0.0)
  return result.astype(np.float32)


def _overlaps(plane: HostArray) -> HostArray:
  """Its sum over what each shift leaves on itself; no shift in the middle."""
  edges = []
  for side in plane.shape:
    shift = np.arange(side) - side // 2
    edges.append((np.maximum(-shift, 0), np.minimum(side - shift, side)))
  return _sums(plane, *edges)


def _under(plane: HostArray, box: Sequence[int]) -> HostArray:
  """Its sum over a shifted box; no shift in the middle.

  Args:
    plane: float32 ``[h, w]``.
    box: left, top, width and height.
  """
  edges = []
  for side, first, size in zip(
    plane.shape, box[1::-1], box[:1:-1], strict=True
  ):
    start = np.arange(side) - side // 2 + first
    edges.append((np.clip(start, 0, side), np.clip(start + size, 0, side)))
  return _sums(plane, *edges)


def _sums(
  plane: HostArray,
  rows: tuple[HostArray, HostArray],
  columns: tuple[HostArray, HostArray],
) -> HostArray:
  """Sums of a plane from the first row and column to the last, each."""
  sums = cv2.integral(plane, sdepth=cv2.CV_64F)
  bands = sums[rows[1]] - sums[rows[0]]
  return bands[:, columns[1]] - bands[:, columns[0]]


class _Spectra:
  """Correlations of planes at every shift, on a canvas half as large again."""

  def __init__(self, shape: tuple[int, int]) -> None:
    """Takes the planes' height and width."""
    self._shape = shape
    self._size = [cv2.getOptimalDFTSize(side * 3 // 2) for side in shape]

  def of(self, plane: HostArray) -> HostArray:
    """The spectrum of a plane."""
    canvas = np.zeros(self._size, np.float32)
    canvas[: plane.shape[0], : plane.shape[1]] = plane
    return cv2.dft(canvas)

  def correlate(self, moved: HostArray, target: HostArray) -> HostArray:
    """The sum of products at each shift of ``moved``, of spectra.

    Returns:
      Float32 ``[h, w]``, no shift in the middle.
    """
    product = cv2.mulSpectrums(target, moved, 0, conjB=True)
    cyclic = cv2.dft(product, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)
    height, width = self._shape
    rolled = np.roll(cyclic, (height // 2, width // 2), axis=(0, 1))
    return rolled[:height, :width]
