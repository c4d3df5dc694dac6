"""How alike two pictures are before and after a move.

before, after = similarity.similarities(reference, test, start, matrix)
"""

from __future__ import annotations

import numpy as np

from zeroshot.registration import refinement, resampling, transforms
from zeroshot.registration.pyramid import Pyramid
from zeroshot.types import HostArray

_LONGEST_PX = 1280  # of the planes that are compared
TOO_LITTLE = -1.0  # of the similarity, where hardly a pixel is compared
_GRID = 160  # rows and columns where they are


def similarities(
  reference: Pyramid, test: Pyramid, start: HostArray, matrix: HostArray
) -> tuple[float, float]:
  """Returns how alike the pictures are before and after a move.

  Args:
    reference: of the picture to move.
    test: of the picture to move it on to.
    start: float64 ``[3, 3]``, the move before.
    matrix: float64 ``[3, 3]``, the move after.

  Returns:
    The normalised correlation of the textures, in [-1, 1], over a grid of
    pixels that both moves leave in the reference; 0 where either is flat, and
    -1 where less than a tenth of the grid is compared.
  """
  old, new = refinement.planes_of(reference, test, matrix, _LONGEST_PX)
  y, x = (
    np.rint(np.linspace(0, side - 1, min(side, _GRID))) for side in new.shape
  )
  columns, rows = (values.ravel() for values in np.meshgrid(x, y))
  points = np.stack([columns, rows, np.ones(len(rows))])
  target = new.texture[points[1].astype(int), points[0].astype(int)]
  values, common = [], np.ones(len(target), bool)
  for move in (start, matrix):
    on_planes = transforms.between_sizes(
      move,
      from_shapes=(reference.shape, test.shape),
      to_shapes=(old.shape, new.shape),
    )
    across, down, depth = on_planes @ points
    depth = np.where(depth > 1e-9, depth, 1e-9)
    across, down = across / depth, down / depth
    common &= (across >= 0) & (across <= old.width - 1)
    common &= (down >= 0) & (down <= old.height - 1)
    if old.valid is not None:
      valid = resampling.read(old.valid[..., None], across, down)[:, 0]
      common &= valid > 0.99
    values.append(resampling.read(old.texture[..., None], across, down)[:, 0])
  if common.mean() < 0.1:
    return TOO_LITTLE, TOO_LITTLE
  before, after = (_correlation(v[common], target[common]) for v in values)
  return before, after


def _correlation(a: HostArray, b: HostArray) -> float:
  a, b = a - a.mean(), b - b.mean()
  power = float(np.vdot(a, a)) * float(np.vdot(b, b))
  return float(np.vdot(a, b)) / power**0.5 if power > 1e-12 else 0.0
