"""Some windows of two large planes, to refine their alignment on.

  made = mosaic.make(reference, test, matrix)
  if made is not None:
    matrix = matrix @ gauss_newton.refine(*made, np.eye(3), ...)

Gauss-Newton reads some thousand points. To make the texture of whole large
planes for them takes 20 times as long as all else, so textures of windows are
made: in each part of the picture the one where most is to be seen. The
reference is moved into the windows of the test picture first.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration import plane as planes
from zeroshot.registration import resampling, transforms
from zeroshot.registration.plane import Plane, Points
from zeroshot.types import HostArray

_WINDOW_PX = 24
_MARGIN_PX = 26  # around it, of which its texture is made
_SIDE_PX = _WINDOW_PX + 2 * _MARGIN_PX
_PARTS = 16  # along the longer side, with a window each
_MIN_WINDOWS = 12  # fewer say too little
_SMALL_PX = 640  # shortest longer side of copies that windows are chosen on


class Target(NamedTuple):
  """What of a test plane is refined on, as ``gauss_newton.refine`` reads it.

  Attributes:
    steep: of the windows, in pixels of the plane.
    shape: height and width of the plane.
  """

  steep: Points
  shape: tuple[int, int]


class Moved(NamedTuple):
  """The moved reference in windows, as ``gauss_newton.refine`` reads it.

  Attributes:
    column: of the windows with their margins below each other.
    to_column: float32 ``[2, N]``, from each point of the test plane to its
      place there, x and y.
    top: float32 ``[N]``, first row there of each point's window.
  """

  column: Plane
  to_column: HostArray
  top: HostArray

  def read(
    self, across: HostArray, down: HostArray
  ) -> tuple[HostArray, HostArray]:
    """See ``Plane.read``; each point in its own window.

    Args:
      across: float32 ``[N]``, pixels of the test plane.
      down: float32 ``[N]``, likewise.
    """
    across, down = across + self.to_column[0], down + self.to_column[1]
    below = down - self.top
    last = _SIDE_PX - 1
    content = (across >= 0) & (across <= last) & (below >= 0) & (below <= last)
    return resampling.read(self.column.slopes, across, down), content


def make(
  reference: Plane, test: Plane, matrix: HostArray
) -> tuple[Moved, Target] | None:
  """Returns both planes in windows; None where too few windows fit.

  Args:
    reference: what is moved.
    test: what it is moved on to.
    matrix: float64 ``[3, 3]`` from pixels of ``test`` to those of
      ``reference``, right within some pixels.
  """
  corners = _choose(reference, test, matrix)
  if len(corners) < _MIN_WINDOWS:
    return None
  new = Plane(
    np.concatenate(
      [test.grey[y : y + _SIDE_PX, x : x + _SIDE_PX] for x, y in corners]
    )
  )
  old = Plane(_column(reference.grey, matrix, corners))
  core = np.zeros((_SIDE_PX, _SIDE_PX), bool)
  core[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX] = True
  steep = planes.steep_points(new.even, np.tile(core, (len(corners), 1)))
  number = steep.row.astype(int) // _SIDE_PX
  left, top = corners[number].T.astype(np.float32)
  first = (number * _SIDE_PX).astype(np.float32)
  placed = steep._replace(
    column=steep.column + left, row=steep.row - first + top
  )
  moved = Moved(old, np.stack([-left, first - top]), first)
  return moved, Target(placed, test.shape)


def _choose(reference: Plane, test: Plane, matrix: HostArray) -> HostArray:
  """The windows where most is to be seen, of those that both planes have.

  Returns:
    Int ``[N, 2]``, x and y of the windows with their margins.
  """
  rows, columns = (side // _WINDOW_PX for side in test.shape)
  if min(test.shape) < _SIDE_PX:
    return np.zeros((0, 2), int)
  x, y = (
    np.clip(np.arange(number) * side // number - _MARGIN_PX, 0, side - _SIDE_PX)
    for number, side in ((columns, test.width), (rows, test.height))
  )
  strength = cv2.resize(
    _squared_slopes(test.grey), (columns, rows), interpolation=cv2.INTER_AREA
  )
  for down in (0, _SIDE_PX - 1):
    for across in (0, _SIDE_PX - 1):
      strength *= resampling.leads_inside(
        matrix,
        (x + across).astype(np.float32)[None],
        (y + down).astype(np.float32)[:, None],
        height=reference.height,
        width=reference.width,
      )
  part = -(-max(rows, columns) // _PARTS)
  corners = []
  for top in range(0, rows, part):
    for left in range(0, columns, part):
      block = strength[top : top + part, left : left + part]
      row, column = np.divmod(int(block.argmax()), block.shape[1])
      if block[row, column] > 0:
        corners.append((x[left + column], y[top + row]))
  chosen = np.array(corners, int).reshape(-1, 2)
  return chosen[_has_content(reference.valid, matrix, chosen)]


def _has_content(
  valid: HostArray | None, matrix: HostArray, corners: HostArray
) -> HostArray:
  """Which windows show content of the reference alone, bool ``[N]``."""
  if valid is None:
    return np.ones(len(corners), bool)
  windows = _column(valid, matrix, corners).reshape(len(corners), -1)
  return windows.min(axis=1, initial=1.0) > 0.99


def _squared_slopes(grey: HostArray) -> HostArray:
  """The mean of a small copy's squared slopes, float32."""
  step = max(max(grey.shape) // _SMALL_PX, 1)
  height, width = (side // step for side in grey.shape)
  small = cv2.resize(
    grey[: height * step, : width * step],
    (width, height),
    interpolation=cv2.INTER_AREA,
  )
  along_x, along_y = planes.derivatives(small.astype(np.float32))
  return along_x * along_x + along_y * along_y


def _column(
  picture: HostArray, matrix: HostArray, corners: HostArray
) -> HostArray:
  """Windows of a moved picture below each other, ``[N * side, side]``."""
  column = np.empty((len(corners) * _SIDE_PX, _SIDE_PX), picture.dtype)
  for number, (left, top) in enumerate(corners):
    first = number * _SIDE_PX
    column[first : first + _SIDE_PX] = resampling.warp(
      picture,
      matrix @ transforms.translation(left, top),
      shape=(_SIDE_PX, _SIDE_PX),
    )
  return column
