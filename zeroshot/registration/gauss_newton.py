"""Moves a reference picture those last pixels on to a test picture.

Gauss-Newton steps on the squared difference of two textures, made to last on
real pairs: the gradient is the mean of both pictures' (efficient second-order
minimisation), pixels that truly differ are weighted down, and directions of
which the pictures say nothing, as along the traces of a board that has only
parallel ones, are damped instead of followed.

  matrix = gauss_newton.refine(reference, test, valid, matrix,
                               num_parameters=6, iterations=20)

A texture is float32 ``[h, w]`` about zero mean; for matrices see transforms.

Sources: Malis, "Improving vision-based control using efficient second-order
minimization techniques", ICRA 2004; Geman and McClure's weights; Levenberg's
damping.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration import transforms
from zeroshot.types import HostArray

_NUM_PIXELS = 50_000  # looked at, of those with a gradient
_DAMPING = 2e-3  # of the mean eigenvalue
_STILL_PX = 0.01  # a step that moves every parameter less is the last
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


class _Points(NamedTuple):
  """Pixels of the test picture to compare at, each field ``[N]``."""

  pixel: HostArray  # flat index
  column: HostArray
  row: HostArray
  target: HostArray  # the test texture
  along_x: HostArray  # its slope
  along_y: HostArray


def refine(
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None,
  matrix: HostArray,
  *,
  num_parameters: int,
  iterations: int,
) -> HostArray:
  """Returns a move improved until it rests.

  Args:
    reference: texture ``[h, w]``.
    test: texture ``[h, w]``.
    valid: mask ``[h, w]``, 1 where the reference has content; None is
      everywhere.
    matrix: float64 ``[3, 3]`` to start from, right within a few pixels.
    num_parameters: 4 turn, scale and shift; 6 affine; 8 homography.
    iterations: at most.

  Returns:
    Float64 ``[3, 3]``; where the pictures have nothing to follow, the start.
  """
  height, width = test.shape
  points = _points(reference, test, matrix)
  if not points.pixel.size:
    return matrix
  for _ in range(iterations):
    jacobian, error, weight = _linearise(
      reference, valid, matrix, points, num_parameters=num_parameters
    )
    step = _step(jacobian, error, weight)
    matrix = matrix @ _increment(step, height=height, width=width)
    if np.abs(step).max() < _STILL_PX:
      break
  return matrix / matrix[2, 2]


def _points(
  reference: HostArray, test: HostArray, matrix: HostArray
) -> _Points:
  """Returns pixels of the test picture where either picture changes."""
  width = test.shape[1]
  slopes = _slopes(test)
  moved_slopes = _slopes(transforms.warp(reference, matrix))
  steepness = sum(slope * slope for slope in (*slopes, *moved_slopes))
  pixel = np.flatnonzero(steepness > max(0.25 * steepness.mean(), 1e-8))
  pixel = pixel[:: 1 + pixel.size // _NUM_PIXELS]
  row, column = (a.astype(np.float32) for a in np.divmod(pixel, width))
  return _Points(
    pixel, column, row, test.ravel()[pixel], *(s.ravel()[pixel] for s in slopes)
  )


def _linearise(
  reference: HostArray,
  valid: HostArray | None,
  matrix: HostArray,
  points: _Points,
  *,
  num_parameters: int,
) -> tuple[HostArray, HostArray, HostArray]:
  """Returns the least-squares problem of one step.

  Returns:
    How each parameter changes each point, ``[N, num_parameters]``; what is
    left to explain, ``[N]``; how far to trust it, ``[N]``.
  """
  height, width = reference.shape
  moved = transforms.warp(reference, matrix)
  content = transforms.leads_inside(
    matrix, points.column, points.row, height=height, width=width
  )
  if valid is not None:
    content &= transforms.warp(valid, matrix).ravel()[points.pixel] > 0.99
  along_x, along_y = (s.ravel()[points.pixel] for s in _slopes(moved))
  radius = max(height, width) / 2
  jacobian = _columns(
    (along_x + points.along_x) / 2,
    (along_y + points.along_y) / 2,
    (points.column - (width - 1) / 2) / radius,
    (points.row - (height - 1) / 2) / radius,
    num_parameters=num_parameters,
  )
  error, weight = _errors(points.target, moved.ravel()[points.pixel], content)
  return jacobian, error, weight


def _slopes(texture: HostArray) -> list[HostArray]:
  """Returns the derivatives along x and y, each ``[h, w]``."""
  return [
    cv2.Sobel(texture, cv2.CV_32F, *order, ksize=1, scale=0.5)
    for order in ((1, 0), (0, 1))
  ]


def _errors(
  target: HostArray, source: HostArray, content: HostArray
) -> tuple[HostArray, HostArray]:
  """Returns what is left to explain, and how far to trust it, each ``[N]``."""
  power = float(np.dot(source * content, source))
  gain = float(np.dot(target * content, source)) / max(power, 1e-12)
  error = target / max(gain, 0.3) - source
  typical = 1.48 * float(np.median(np.abs(error)))
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
  normal += (_DAMPING * np.trace(normal) / size + 1e-12) * np.eye(size)
  step = np.linalg.solve(normal, (weighted.T @ error).astype(np.float64))
  if size == 4:
    step = _SIMILARITY_BASIS @ step
  return np.pad(step, (0, 8 - step.size))


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
