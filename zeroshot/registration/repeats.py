"""Other places where a pattern that repeats would fit as well.

  for matrix in repeats.alternatives(reference, test, matrix): ...

A lattice or a pin field fits at every cell, and a refinement rests at the
nearest. The correlation of the aligned pictures at every shift shows the
others; the caller compares how well held-out points agree with each.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
import scipy.ndimage

from zeroshot.registration import transforms
from zeroshot.registration.pyramid import Plane
from zeroshot.types import HostArray

LONGEST_PX = 240  # of the planes to correlate
_MIN_OVERLAP = 0.3  # of the area that the alignment compares
_MIN_SHARE = 0.5  # of the correlation at no shift
_MIN_CORRELATION = 0.25
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
  peaks = correlation == scipy.ndimage.maximum_filter(correlation, 5)
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
  height, width = test.shape
  y, x = (np.arange(side, dtype=np.float32) for side in test.shape)
  content = transforms.leads_inside(
    matrix,
    x[None, :],
    y[:, None],
    height=reference.height,
    width=reference.width,
  ).astype(np.float32)
  moved = transforms.warp(reference.texture, matrix, shape=test.shape) * content
  size = [
    scipy.fft.next_fast_len(side * 3 // 2, real=True) for side in test.shape
  ]
  ones = np.ones(test.shape, np.float32)
  target = np.ascontiguousarray(test.texture)
  moved_f, content_f, power_f = (
    np.conj(scipy.fft.rfft2(plane, size))
    for plane in (moved, content, moved * moved)
  )
  test_f, ones_f, test_power_f = (
    scipy.fft.rfft2(plane, size) for plane in (target, ones, target * target)
  )
  product, area, power, test_power = (
    scipy.fft.irfft2(spectrum, size)
    for spectrum in (
      moved_f * test_f,
      content_f * ones_f,
      power_f * ones_f,
      content_f * test_power_f,
    )
  )
  usual = np.sqrt(np.maximum(power, 1e-3) * np.maximum(test_power, 1e-3))
  result = np.where(area > _MIN_OVERLAP * area[0, 0], product / usual, 0.0)
  result = np.roll(result, (height // 2, width // 2), axis=(0, 1))
  return result[:height, :width].astype(np.float32)
