"""Patches of one picture looked for in windows of another.

patches = windows.cut(texture, points, 8)
around = windows.moved(reference, matrix, points, 8 + 6)
offset, correlation = windows.search(patches, around)
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.types import HostArray

_EQUAL_CORRELATION = 0.03  # so little less correlated is as good a place


def cut(plane: HostArray, points: HostArray, half: int) -> HostArray:
  """Squares ``[N, 2 * half + 1, 2 * half + 1]`` around points of a plane."""
  side = 2 * half + 1
  squares = [plane[y - half :, x - half :][:side, :side] for x, y in points]
  return np.array(squares, np.float32).reshape(-1, side, side)


def moved(
  plane: HostArray, matrix: HostArray, points: HostArray, half: int
) -> HostArray:
  """Squares around points of a moved plane, each read where it lies.

  Args:
    plane: float32 ``[H, W]``, what is moved.
    matrix: float64 ``[3, 3]`` from the pixels of the points to its own.
    points: int ``[N, 2]``, x and y.
    half: of their sides.

  Returns:
    Float32 ``[N, 2 * half + 1, 2 * half + 1]``; outside of the plane its
    nearest edge pixel is repeated.
  """
  side = 2 * half + 1
  steps = np.arange(-half, half + 1)
  x, y = (grid.ravel() for grid in np.meshgrid(steps, steps))
  centres = matrix @ np.vstack([points.T, np.ones(len(points))])  # [3, N]
  away = matrix[:, :2] @ np.stack([x, y])  # [3, side ** 2]
  across, down, depth = (
    centre[:, None] + offset
    for centre, offset in zip(
      centres.astype(np.float32), away.astype(np.float32), strict=True
    )
  )
  if matrix[2, :2].any():
    depth = np.maximum(depth, 1e-9)
    across, down = across / depth, down / depth
  if not len(points):
    return np.zeros((0, side, side), np.float32)
  squares = cv2.remap(
    plane, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
  )
  return squares.reshape(-1, side, side)


def search(
  patches: HostArray, around: HostArray
) -> tuple[HostArray, HostArray]:
  """How far from their places patches are found, and how well they correlate.

  Args:
    patches: float32 ``[N, P, P]``.
    around: float32 ``[N, P + 2 * R, P + 2 * R]``, likewise centred, in which
      they are looked for up to R pixels away.

  Returns:
    Float32 ``[N, 2]``, x and y in pixels, and ``[N]``.
  """
  reach = (around.shape[1] - patches.shape[1]) // 2
  side = 2 * reach + 1
  surfaces = np.array(
    [
      cv2.matchTemplate(*each, cv2.TM_CCOEFF_NORMED)
      for each in zip(around, patches, strict=True)
    ],
    np.float32,
  ).reshape(-1, side, side)
  # Along a straight edge a patch fits at many places: in place will do.
  here = np.full_like(surfaces, _EQUAL_CORRELATION)
  middle = slice(reach - 1, reach + 2)
  here[:, middle, middle] = 0
  number = np.arange(len(surfaces))
  best = (surfaces - here).reshape(-1, side**2).argmax(axis=1)
  row, column = np.divmod(best, side)
  offset = np.stack(
    [
      column - reach + _peaks(surfaces[number, row], column),
      row - reach + _peaks(surfaces[number, :, column], row),
    ],
    axis=1,
  )
  return offset.astype(np.float32), surfaces[number, row, column]


def _peaks(lines: HostArray, places: HostArray) -> HostArray:
  """How far parabolas' tops lie from places, ``[N]``; 0 where none is near."""
  number, last = np.arange(len(lines)), lines.shape[1] - 1
  middle = np.clip(places, 1, last - 1)
  before, here, after = (lines[number, middle + step] for step in (-1, 0, 1))
  curvature = before - 2 * here + after
  # A place that is merely as good as the best may lie on a straight slope.
  is_top = (places == middle) & (here >= before) & (here >= after)
  is_top &= curvature < -1e-9
  return np.where(
    is_top, 0.5 * (before - after) / np.where(is_top, curvature, 1.0), 0.0
  )
