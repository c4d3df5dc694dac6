"""A rough move refined level by level.

matrix = refinement.refine(reference, test, matrix, (160, 320, 640), 6)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from zeroshot.registration import gauss_newton, mosaic, transforms
from zeroshot.registration.plane import Plane
from zeroshot.registration.pyramid import FINEST_PX, Pyramid
from zeroshot.types import HostArray

T = TypeVar('T')

_STILL_PX = (0.05, 0.01)  # to rest at, on other levels and on the finest
_WHOLE_PX = 1280  # longest side of planes that are refined on as a whole
_SIZE_STEP = 1.06  # subjects of less than half that differ in size not at all
# Steps at most, by the longest side of a level.
_ITERATIONS = {80: 20, 160: 20, 320: 12, 640: 8, 1280: 4, FINEST_PX: 6}


def refine(
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  levels: Sequence[int],
  num_parameters: int,
) -> HostArray | None:
  """Returns a move refined level by level; None if it is not plausible.

  Args:
    reference: of the picture to move.
    test: of the picture to move it on to.
    matrix: float64 ``[3, 3]`` between the whole pictures.
    levels: longest sides, coarse to fine.
    num_parameters: see ``gauss_newton.refine``.
  """
  shapes = reference.shape, test.shape
  before = None
  for longest_px in levels:
    if not transforms.plausible(matrix, *shapes):
      return None
    planes = planes_of(reference, test, matrix, longest_px)
    sizes = planes[0].shape, planes[1].shape
    if sizes == before:
      break
    before = sizes
    result = _on_level(
      *planes,
      transforms.between_sizes(matrix, from_shapes=shapes, to_shapes=sizes),
      longest_px,
      num_parameters,
    )
    matrix = transforms.between_sizes(
      result, from_shapes=sizes, to_shapes=shapes
    )
  return matrix if transforms.plausible(matrix, *shapes) else None


def _on_level(
  reference: Plane,
  test: Plane,
  matrix: HostArray,
  longest_px: int,
  num_parameters: int,
) -> HostArray:
  """A move between planes refined, on windows of them where they are large."""
  made = None
  if max(test.shape) > _WHOLE_PX:
    made = mosaic.make(reference, test, matrix)
  refine_on = functools.partial(
    gauss_newton.refine,
    num_parameters=num_parameters,
    iterations=_ITERATIONS[longest_px],
    still_px=_STILL_PX[longest_px == FINEST_PX],
  )
  if made is None:
    return refine_on(reference, test, matrix)
  increment: HostArray = refine_on(*made, np.eye(3))
  return matrix @ increment


def planes_of(
  reference: Pyramid, test: Pyramid, matrix: HostArray, longest_px: int
) -> tuple[Plane, Plane]:
  """Returns both pictures, shrunk so that their subject has one size."""
  scale = transforms.scale_at_centre(matrix, test.shape)
  # Of few sizes, so that a reference's planes serve many test pictures.
  scale = _SIZE_STEP ** round(math.log(scale, _SIZE_STEP))
  test_factor = test.factor(longest_px)
  reference_factor = test_factor / scale
  largest = reference.factor(FINEST_PX)
  if reference_factor > largest:  # its largest copy is never enlarged
    test_factor *= largest / reference_factor
    reference_factor = largest
  return reference.plane(reference_factor), test.plane(test_factor)


def on_planes(
  judge: Callable[[Plane, Plane, HostArray], T],
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  longest_px: int,
) -> T:
  """What a function says of an alignment, on small copies.

  Args:
    judge: takes both planes, and the matrix between them.
    reference: of the picture to move.
    test: of the picture to move it on to.
    matrix: float64 ``[3, 3]`` between the whole pictures.
    longest_px: longest side of the planes.
  """
  planes = planes_of(reference, test, matrix, longest_px)
  on_planes = transforms.between_sizes(
    matrix,
    from_shapes=(reference.shape, test.shape),
    to_shapes=(planes[0].shape, planes[1].shape),
  )
  return judge(*planes, on_planes)
