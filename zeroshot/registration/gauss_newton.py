"""Moves a reference picture those last pixels on to a test picture.

Gauss-Newton steps on the squared difference of two textures, made to last on
real pairs: the gradient is the mean of both pictures' (efficient second-order
minimisation), pixels that truly differ are weighted down, and directions of
which the pictures say nothing, as along the traces of a board that has only
parallel ones, are damped instead of followed. Only some thousand pixels with a
strong gradient are read, so a step takes a fraction of a millisecond at any
size of picture.

  matrix = gauss_newton.refine(reference, test, matrix,
                               num_parameters=6, iterations=20)

For planes see ``plane``, for matrices ``transforms``.

Sources: Malis, "Improving vision-based control using efficient second-order
minimization techniques", ICRA 2004; Geman and McClure's weights; Levenberg's
damping.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from zeroshot.registration.plane import Points
from zeroshot.types import HostArray

_DAMPING = 2e-3  # of the mean eigenvalue
_SAMPLE = 3  # of how many points one tells what error is usual
_OUTLIER = 3.0  # robust standard deviations at which a weight is 1/4
_SIMILARITY_BASIS = np.array(
  [
    [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],  # scale
    [0.0, -1.0, 0.0, 1.0, 0.0, 0.0],  # turn
    [0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
  ],
  np.float32,
).T  # [6, 4]


class Reference(Protocol):
  """What is moved: a ``Plane``, or windows of it, see ``mosaic``."""

  def read(
    self, across: HostArray, down: HostArray
  ) -> tuple[HostArray, HostArray]:
    """See ``Plane.read``."""
    ...


class Target(Protocol):
  """What it is moved on to; likewise."""

  @property
  def steep(self) -> Points:
    """See ``Plane.steep``."""
    ...

  @property
  def shape(self) -> tuple[int, int]:
    """Height and width."""
    ...


def refine(
  reference: Reference,
  test: Target,
  matrix: HostArray,
  *,
  num_parameters: int,
  iterations: int,
  still_px: float = 0.01,
) -> HostArray:
  """Returns a move improved until it rests.

  Args:
    reference: what is moved.
    test: what it is moved on to; both show their subject at about one size.
    matrix: float64 ``[3, 3]`` from pixels of ``test`` to those of
      ``reference``, right within a few pixels.
    num_parameters: 4 turn, scale and shift; 6 affine; 8 homography.
    iterations: at most.
    still_px: a step that moves every parameter less is the last.

  Returns:
    Float64 ``[3, 3]``; where the pictures have nothing to follow, the start.
  """
  height, width = test.shape
  points = test.steep
  if not points.row.size:
    return matrix
  for _ in range(iterations):
    jacobian, error, weight = _linearise(
      reference, matrix, points, (height, width), num_parameters=num_parameters
    )
    step = _step(jacobian, error, weight)
    matrix = matrix @ _increment(step, height=height, width=width)
    if not np.isfinite(matrix).all() or np.abs(step).max() < still_px:
      break
  return matrix / matrix[2, 2]


def _linearise(
  reference: Reference,
  matrix: HostArray,
  points: Points,
  shape: tuple[int, int],
  *,
  num_parameters: int,
) -> tuple[HostArray, HostArray, HostArray]:
  """Returns the least-squares problem of one step.

  Returns:
    How each parameter changes each point, ``[N, num_parameters]``; what is
    left to explain, ``[N]``; how far to trust it, ``[N]``.
  """
  (a, b, c), (d, e, f), (g, h, i) = matrix.astype(np.float32)
  x, y = points.column, points.row
  depth = np.maximum(g * x + h * y + i, 1e-6)
  across, down = (a * x + b * y + c) / depth, (d * x + e * y + f) / depth
  moved, content = reference.read(across, down)
  # The slopes of the moved reference, by the chain rule.
  u, v = moved[:, 1], moved[:, 2]
  along_x = ((a - across * g) * u + (d - down * g) * v) / depth
  along_y = ((b - across * h) * u + (e - down * h) * v) / depth
  height, width = shape
  radius = max(height, width) / 2
  jacobian = _columns(
    (along_x + points.along_x) / 2,
    (along_y + points.along_y) / 2,
    (x - (width - 1) / 2) / radius,
    (y - (height - 1) / 2) / radius,
    num_parameters=num_parameters,
  )
  error, weight = _errors(points.texture, moved[:, 0], content)
  return jacobian, error, weight


def _errors(
  target: HostArray, source: HostArray, content: HostArray
) -> tuple[HostArray, HostArray]:
  """Returns what is left to explain, and how far to trust it, each ``[N]``."""
  if not content.any():
    return target, content.astype(np.float32)
  power = float(np.dot(source * content, source))
  gain = float(np.dot(target * content, source)) / max(power, 1e-12)
  error = target / max(gain, 0.3) - source
  typical = 1.48 * float(np.median(np.abs(error[content][::_SAMPLE])))
  ratio = error / max(_OUTLIER * typical, 1e-6)
  return error, content / (1.0 + ratio * ratio) ** 2


def _columns(
  u: HostArray,
  v: HostArray,
  x: HostArray,
  y: HostArray,
  *,
  num_parameters: int,
) -> HostArray:
  """Returns how each parameter changes each pixel, ``[N, num_parameters]``."""
  columns = [u * x, u * y, u, v * x, v * y, v]
  if num_parameters == 8:
    along = -(columns[0] + columns[4])
    columns += [along * x, along * y]
  jacobian = np.stack(columns, axis=1)
  return jacobian @ _SIMILARITY_BASIS if num_parameters == 4 else jacobian


def _step(
  jacobian: HostArray, error: HostArray, weight: HostArray
) -> HostArray:
  """Returns the damped least-squares step, in pixels at the edge.

  Returns:
    Float64 ``[8]``: the entries of the increment, row by row but the last.
  """
  weighted = jacobian * weight[:, None]
  normal = (weighted.T @ jacobian).astype(np.float64)
  size = len(normal)
  normal.flat[:: size + 1] += _DAMPING * np.trace(normal) / size + 1e-12
  step = np.linalg.solve(normal, (weighted.T @ error).astype(np.float64))
  if size == 4:
    step = _SIMILARITY_BASIS @ step
  return np.concatenate([step, np.zeros(8 - step.size)])


def _increment(step: HostArray, *, height: int, width: int) -> HostArray:
  """Returns a step as a matrix ``[3, 3]`` in pixel coordinates."""
  radius = max(height, width) / 2
  to_unit = np.array(
    [
      [1 / radius, 0.0, -(width - 1) / 2 / radius],
      [0.0, 1 / radius, -(height - 1) / 2 / radius],
      [0.0, 0.0, 1.0],
    ]
  )
  change = np.append(step, 0.0).reshape(3, 3) / radius
  return np.linalg.inv(to_unit) @ (np.eye(3) + change) @ to_unit
