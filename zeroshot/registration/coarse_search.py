"""How a reference picture must move to match a test picture.

A search over turns and scales, each completed by a phase correlation, finds
the neighbourhood of the answer; Gauss-Newton steps refine it from coarse to
fine. Everything compares the pictures' middle frequencies, so a change of
brightness or contrast or a soft spot light moves nothing.

  levels = coarse_search.pyramid(reference, test)
  matrix = coarse_search.estimate(levels, num_parameters=6)  # None: not found

A texture is float32 ``[h, w]``: the middle frequencies of a grey picture,
about zero mean everywhere. For matrices see ``transforms``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration import gauss_newton, transforms
from zeroshot.types import HostArray

# Longest sides, coarse to fine, and the most iterations of refinement there. An
# error of a twentieth of a pixel at 2,560 px is one of a quarter in 12,000 px.
LEVELS = ((160, 30), (320, 15), (640, 6), (1280, 3), (2560, 3))
_TURNS_DEG = np.arange(-12.0, 12.1, 1.5)
_SCALES = (0.95, 1.0, 1.05)
_SLENDER = 8  # times as long as wide; longer pictures are shrunk less
_MIN_OVERLAP = 0.5  # of the picture's area
_CERTAIN = 0.9  # so similar on the coarse level that no search is needed
_TIE = 0.02  # the first candidate so nearly as good as the best is taken
_NUM_PARAMETERS = (6, 8)


class Level(NamedTuple):
  """Both textures at one size.

  Attributes:
    reference: texture ``[h, w]``.
    test: texture ``[h, w]``.
    valid: mask ``[h, w]``, 1 where the reference has content; None is
      everywhere.
    iterations: the most that a refinement may take here.
  """

  reference: HostArray
  test: HostArray
  valid: HostArray | None
  iterations: int


def pyramid(
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
) -> list[Level]:
  """Returns the levels to compare two pictures on, coarse to fine.

  Args:
    reference: image ``[H, W, 3]``.
    test: image ``[H, W, 3]``.
    valid: mask ``[H, W]`` of the reference; None is everywhere.

  Returns:
    At least one level; none is larger than the pictures.
  """
  greys = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (reference, test)]
  levels = []
  for longest_px, iterations in LEVELS:
    content = None
    if valid is not None:
      content = (shrink(valid, longest_px) > 0.99).astype(np.float32)
    old, new = (_texture(shrink(grey, longest_px)) for grey in greys)
    levels.append(Level(old, new, content, iterations))
    if longest_px >= max(greys[0].shape):
      break
  return levels


def similarity(
  level: Level, matrix: HostArray, *, within: HostArray | None = None
) -> float:
  """Returns the normalised correlation of the textures after a move.

  Args:
    level: the textures.
    matrix: float64 ``[3, 3]`` of this level's size.
    within: bool ``[h, w]``, where to compare at all; None is everywhere.

  Returns:
    In [-1, 1], over where the moved reference has content; 0 where either
    texture is flat; -1 if less than half of the picture is compared.
  """
  content = overlap(level, matrix)
  if within is not None:
    content &= within
  if content.mean() < _MIN_OVERLAP:
    return -1.0
  a = transforms.warp(level.reference, matrix)[content]
  b = level.test[content]
  a, b = a - a.mean(), b - b.mean()
  power = float(np.vdot(a, a)) * float(np.vdot(b, b))
  return float(np.vdot(a, b)) / power**0.5 if power > 1e-12 else 0.0


def overlap(level: Level, matrix: HostArray) -> HostArray:
  """Returns where the moved reference has content, bool ``[h, w]``."""
  height, width = level.test.shape
  content = transforms.inside(matrix, height=height, width=width)
  if level.valid is None:
    return content
  return content & (transforms.warp(level.valid, matrix) > 0.99)


def estimate(levels: list[Level], *, num_parameters: int) -> HostArray | None:
  """Returns the move that makes the pictures most alike.

  Args:
    levels: coarse to fine, see ``pyramid``.
    num_parameters: 6 affine, 8 homography.

  Returns:
    Float64 ``[3, 3]`` for the size of the last level; None if there is none
    that is plausible and nothing to follow.

  Raises:
    ValueError: if ``num_parameters`` is neither 6 nor 8.
  """
  if num_parameters not in _NUM_PARAMETERS:
    raise ValueError(f'num_parameters is {num_parameters}; use 6 or 8')
  matrix = _coarse(levels[0])
  shape = levels[0].test.shape
  for level in levels[1:]:
    if matrix is None:
      return None
    matrix = transforms.rescale(
      matrix, from_shape=shape, to_shape=level.test.shape
    )
    shape = level.test.shape
    finer = _refine(level, matrix, num_parameters=num_parameters)
    matrix = matrix if finer is None else finer
  return matrix


def _coarse(level: Level) -> HostArray | None:
  """Returns the best affine move, the smallest of those equally good."""
  best, best_score = None, -1.0
  for start in _starts(level):
    matrix = _refine(level, start, num_parameters=4)
    if matrix is None:
      continue
    score = similarity(level, matrix)
    if best is None or score > best_score + _TIE:
      best, best_score = matrix, score
    if best_score > _CERTAIN:
      break
  return best


def _starts(level: Level) -> Iterator[HostArray]:
  """Yields moves to refine: none at all first, then what a search finds."""
  yield np.eye(3)
  yield from _search(level)[:3]


def _search(level: Level) -> list[HostArray]:
  """Returns the best shift for every turn and scale, most alike first."""
  height, width = level.test.shape
  # phaseCorrelate's own window would be multiplied into its inputs in place.
  window = cv2.createHanningWindow((width, height), cv2.CV_32F)
  test, reference = level.test * window, level.reference
  if level.valid is not None:
    reference = reference * level.valid
  scored = []
  for turn in _TURNS_DEG:
    for scale in _SCALES:
      matrix = transforms.turn_and_scale(
        turn, scale, height=height, width=width
      )
      shift, _ = cv2.phaseCorrelate(
        test, transforms.warp(reference, matrix) * window
      )
      matrix = matrix @ transforms.translation(*shift)
      if transforms.plausible(matrix, height=height, width=width):
        scored.append((similarity(level, matrix), matrix))
  scored.sort(key=lambda pair: -pair[0])
  return [matrix for _, matrix in scored]


def _refine(
  level: Level, matrix: HostArray, *, num_parameters: int
) -> HostArray | None:
  """Returns a move improved on a level; None if it went astray."""
  height, width = level.test.shape
  result = gauss_newton.refine(
    level.reference,
    level.test,
    level.valid,
    matrix,
    num_parameters=num_parameters,
    iterations=level.iterations,
  )
  if not transforms.plausible(result, height=height, width=width):
    return None
  return result


def shrink(plane: HostArray, longest_px: int) -> HostArray:
  """Returns a picture averaged down to a longest side, if longer.

  One that is much longer than wide is shrunk less, so that its structure across
  stays visible.

  Args:
    plane: ``[H, W]`` or ``[H, W, C]``.
    longest_px: that side.
  """
  height, width = plane.shape[:2]
  factor = max(
    longest_px / max(height, width),
    longest_px / _SLENDER / min(height, width),
  )
  if factor >= 1.0:
    return plane
  size = (max(round(width * factor), 1), max(round(height * factor), 1))
  return cv2.resize(plane, size, interpolation=cv2.INTER_AREA)


def _texture(plane: HostArray) -> HostArray:
  """Returns a plane without what is finer than 2 or coarser than 31 pixels."""
  fine = cv2.GaussianBlur(plane, (0, 0), 1.0)
  return fine - cv2.blur(fine, (31, 31))
