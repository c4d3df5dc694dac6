"""Moves made one after the other: a test picture, the frame, a good part.

  to_good = compose(to_frame, frame_to_good)

The frame is the first good part's picture. Where a test picture's pixels lie
in another good part follows from where they lie in the frame: only one move is
estimated for each test picture, and nothing is resampled twice.
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.registration.warp import LocalField, Warp
from zeroshot.types import HostArray


def compose(first: Warp, second: Warp) -> Warp:
  """Where a test picture's pixels lie in a good part.

  Args:
    first: from the test picture into the frame.
    second: from the frame into the good part.
  """
  matrix = second.matrix @ first.matrix
  shapes = second.reference_shape, first.test_shape
  if second.field is None:
    return Warp(matrix, *shapes, field=first.field)
  return Warp(matrix, *shapes, field=_joined(first, second))


def _joined(first: Warp, second: Warp) -> LocalField:
  """The field before both matrices that does what both fields do."""
  assert second.field is not None
  height, width = first.test_shape
  fields = [each for each in (first.field, second.field) if each is not None]
  rows, columns = np.max([each.nodes.shape[:2] for each in fields], axis=0)
  y, x = np.meshgrid(
    np.linspace(0, height - 1, rows),
    np.linspace(0, width - 1, columns),
    indexing='ij',
  )
  across, down, _ = first.points(x.ravel(), y.ravel())
  shift = second.field.at(across, down)
  back = np.linalg.inv(first.matrix)
  moved = back @ np.stack(
    [across + shift[:, 0], down + shift[:, 1], np.ones(across.size)]
  )
  moved = moved[:2] / moved[2]
  nodes = np.stack([moved[0] - x.ravel(), moved[1] - y.ravel()], axis=-1)
  return LocalField(
    nodes.reshape(int(rows), int(columns), 2).astype(np.float32), height, width
  )


def to_frame(picture: HostArray, warp: Warp) -> HostArray:
  """A test picture, or a plane of its size, in the frame.

  Args:
    picture: ``[H, W]`` or ``[H, W, C]``, uint8 or float32.
    warp: from the test picture into the frame; its field is left out, which
      is good enough for small copies.

  Returns:
    Of the same type and the frame's size; 0 where the picture does not reach.
  """
  height, width = warp.reference_shape
  return cv2.warpPerspective(picture, warp.matrix, (width, height))
