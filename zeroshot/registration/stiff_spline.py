"""A stiff displacement field through measured shifts, some of them wrong.

  spline = stiff_spline.fit(shifts, shape=(480, 640))
  displacement = spline.at(places)  # [N, 2]

Uniform cubic B-splines with one knot per ``KNOT_PX``, bent as little as the
shifts ask for. It is fitted from very stiff to its final stiffness, and shifts
that contradict it lose their weight: those of a part that has moved alone
stand apart from the first and never pull.

Sources: Unser, "Splines: a perfect fit for signal and image processing", 1999;
Blake and Zisserman's graduated non-convexity; Geman and McClure's weights.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration.patch_shifts import Shifts, length
from zeroshot.types import HostArray

KNOT_PX = 90.0
# Of every iteration: the stiffness, and the quantile of the residuals that is
# no outlier yet. What a stiffer field cannot reach would else be given up.
_STAGES = (
  (1.0, 0.9),
  (0.1, 0.9),
  (0.02, 0.9),
  (0.005, 0.8),
  (0.002, 0.8),
  (0.002, 0.0),
  (0.002, 0.0),
)
_REST = 2e-4  # pull to no displacement where nothing is measured
_SCATTER_PX = 0.4  # from which on a shift loses its weight
_SCATTERS = 3.0  # the same, in medians of the residual
_NONE = np.empty((0, 0), np.float32)  # nothing to add


class Spline(NamedTuple):
  """A displacement field.

  Attributes:
    control: float32 ``[m, n, 2]``, its control points.
    shape: height and width of the picture.
  """

  control: HostArray
  shape: tuple[int, int]

  def at(self, places: HostArray) -> HostArray:
    """Displacements ``[N, 2]`` at places ``[N, 2]``, x and y."""
    return _times(_design(places, self.shape).T, self.control.reshape(-1, 2))

  def on(self, x: HostArray, y: HostArray) -> HostArray:
    """Displacements ``[h, w, 2]`` on a grid of columns x and rows y."""
    down, across = basis(y, self.shape[0]), basis(x, self.shape[1])
    rows, columns = down.shape[1], across.shape[1]
    flat = self.control.reshape(rows, columns * 2)
    control = _times(down.T, flat).reshape(-1, columns, 2)  # [h, n, 2]
    by_column = control.transpose(1, 0, 2).reshape(columns, -1)
    shifts = _times(across.T, by_column).reshape(
      len(across), -1, 2
    )  # [w, h, 2]
    return np.ascontiguousarray(shifts.transpose(1, 0, 2))


def num_knots(side_px: int) -> int:
  """Intervals between knots along a side."""
  return max(round(side_px / KNOT_PX), 1)


def basis(positions: HostArray, side_px: int) -> HostArray:
  """The cubic B-splines of a side at positions, float32 ``[N, knots + 3]``."""
  intervals = num_knots(side_px)
  at = (np.asarray(positions, np.float64) + 0.5) / side_px * intervals
  distance = np.abs(at[:, None] - np.arange(-1, intervals + 2))
  near = 2 / 3 - distance**2 + distance**3 / 2
  far = np.maximum(2 - distance, 0.0) ** 3 / 6
  return np.where(distance < 1, near, far).astype(np.float32)


def fit(
  shifts: Shifts, shape: tuple[int, int], start: Spline | None = None
) -> Spline:
  """The stiff field that most shifts agree on.

  Args:
    shifts: at least one.
    shape: height and width of the picture.
    start: a field to improve; None begins with none, very stiff.
  """
  grid = num_knots(shape[0]) + 3, num_knots(shape[1]) + 3
  design = _design(shifts.places, shape)
  bending = _bending(*grid)
  pull = np.einsum('nij,nj->ni', shifts.certainty, shifts.shift)
  control = np.zeros((*grid, 2), np.float32) if start is None else start.control
  for stiffness, most in _STAGES if start is None else _STAGES[-2:]:
    fitted = _times(design.T, control.reshape(-1, 2))
    wrong = length(shifts.shift - fitted, shifts.certainty)
    scatter = max(scatter_px(wrong), float(np.quantile(wrong, most)))
    weight = weights(wrong, scatter)
    control = _solve(
      design,
      weight[:, None, None] * shifts.certainty,
      weight[:, None] * pull,
      stiffness * bending,
    ).reshape(*grid, 2)
  return Spline(control, shape)


def _design(places: HostArray, shape: tuple[int, int]) -> HostArray:
  """The share of each control point in each place, ``[N, K]``."""
  down, across = basis(places[:, 1], shape[0]), basis(places[:, 0], shape[1])
  return (down[:, :, None] * across[:, None, :]).reshape(len(places), -1)


def scatter_px(wrong: HostArray) -> float:
  """The residual from which on a shift counts as an outlier."""
  return max(_SCATTER_PX, _SCATTERS * float(np.median(wrong)))


def weights(wrong: HostArray, scatter: float) -> HostArray:
  """Geman and McClure's weights of residuals, in (0, 1]."""
  return (1 + (wrong / scatter) ** 2) ** -2.0


def _solve(
  design: HostArray,
  certainty: HostArray,
  pull: HostArray,
  stiff: HostArray,
) -> HostArray:
  """Least squares: the control points ``[K, 2]``."""
  num = design.shape[1]
  normal = np.empty((2 * num, 2 * num), np.float32)
  for row, column in ((0, 0), (0, 1), (1, 1)):
    block = _times(design, certainty[:, row, column, None] * design)
    if row == column:
      block += stiff
      block[np.diag_indices(num)] += _REST
    rows, columns = (slice(at * num, (at + 1) * num) for at in (row, column))
    normal[rows, columns], normal[columns, rows] = block, block.T
  right = _times(design, pull.astype(np.float32)).T.reshape(-1, 1)
  _, control = cv2.solve(normal, right, flags=cv2.DECOMP_CHOLESKY)
  return control.reshape(2, num).T


def _times(design: HostArray, values: HostArray) -> HostArray:
  """``design.T @ values``, of the same type.

  OpenCV's product of such small matrices takes one thread: those of NumPy's
  library take longer to meet than to multiply, 100 times on busy cores.
  """
  return cv2.gemm(design, values, 1.0, _NONE, 0.0, flags=cv2.GEMM_1_T)


@functools.lru_cache(maxsize=8)
def _bending(rows: int, columns: int) -> HostArray:
  """Squared second differences of control points, ``[K, K]``."""

  def second(num: int) -> HostArray:
    return np.diff(np.eye(num), 2, axis=0)

  def first(num: int) -> HostArray:
    return np.diff(np.eye(num), axis=0)

  terms = (
    (1.0, np.kron(second(rows), np.eye(columns))),
    (1.0, np.kron(np.eye(rows), second(columns))),
    (2.0, np.kron(first(rows), first(columns))),
  )
  total = [share * _times(term, term) for share, term in terms]
  return np.sum(total, axis=0).astype(np.float32)
