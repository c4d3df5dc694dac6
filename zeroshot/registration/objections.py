"""Why a move that was found must not be made.

reason = objections.objection(start, found, before, after, shapes=shapes)
reason = reason or objections.no_gain(pyramids, start, found)
"""

from __future__ import annotations

import math

import numpy as np

from zeroshot.registration import candidates, held_out, search, transforms
from zeroshot.registration.pyramid import Pyramid
from zeroshot.types import HostArray

MIN_PROBABILITY = 0.5  # of an alignment that is trusted
_MIN_MOVE_PX = 0.25  # of the corners; less is not worth a resampling
_FIXTURE_SHIFT = 0.15  # of the longest side
_FIXTURE_TURN_DEG = 15.0
_FIXTURE_SCALE = 1.15  # or its inverse
_MIN_SIMILARITY = 0.25  # between pictures of the same part, once aligned
_FAR_SHARE = 0.03  # of the longest side; so far off nothing is in place
_CLEAR_GAIN = 1.1  # of evidence, of a move over none
_CLEAR_NATS = 5.0  # likewise, added
_SURE = 0.9  # probability of an alignment
_APART_PX = 6.0  # farther, a corner is not in place at both
_NEARER = 0.85  # of the residual, after a move
_MIN_GAIN = 0.03  # of what was missing to a similarity of 1


def objection(
  start: HostArray,
  found: search.Found,
  before: float,
  after: float,
  *,
  shapes: tuple[tuple[int, int], tuple[int, int]],
) -> str:
  """Returns why a move must not be made; '' if it may.

  Pictures of two sizes that are alike at all must be moved.
  """
  check = found.check
  is_unknown = math.isnan(found.probability)
  if found.probability < MIN_PROBABILITY or (
    is_unknown and after < _MIN_SIMILARITY
  ):
    in_place = f'{int(check.agree.sum())} of {len(check.agree)} corners'
    return (
      f'the pictures are too unlike: similarity {after:.2f} after the best '
      f'move, {in_place} in place'
    )
  if is_unknown and not _is_small(start, found.matrix, shapes[1]):
    return 'too little structure confirms so large a move'
  if shapes[0] != shapes[1]:
    return ''
  if _farthest_px(start, found.matrix, shapes[1]) < _MIN_MOVE_PX:
    return f'the pictures lie within {_MIN_MOVE_PX} px of each other already'
  if 1.0 - after > (1.0 - _MIN_GAIN) * (1.0 - before):
    return (
      f'a move makes the pictures no more alike: similarity {before:.3f} '
      f'before, {after:.3f} after'
    )
  return ''


def no_gain(
  pyramids: tuple[Pyramid, Pyramid], start: HostArray, found: search.Found
) -> str:
  """Returns why so small a move is not worth it; '' if it is.

  Shadows that move with a lamp pull an alignment away from where the pictures
  lie: more corners must then be in place, or clearly nearer to it.
  """
  shape = pyramids[1].shape
  if pyramids[0].shape != shape or found.check.is_coarse:
    return ''
  if _farthest_px(start, found.matrix, shape) > _FAR_SHARE * max(shape):
    return ''
  check = found.check
  factor = pyramids[1].factor(candidates.CHECK_PX)
  nearest_px = _nearest_px(np.linalg.inv(start) @ found.matrix, check, factor)
  if found.probability > _SURE and nearest_px > _APART_PX:
    return ''  # what lies in place now cannot have lain in place before
  before = candidates.check_again(*pyramids, start, found.matrix, check)
  if check.evidence > _CLEAR_GAIN * before.evidence + _CLEAR_NATS:
    return ''
  if not check.residual_px > _NEARER * before.residual_px:  # NaN is not
    return ''
  hits = int(before.agree.sum()), int(check.agree.sum())
  return (
    f'a move brings no more corners into place: {hits[0]} of '
    f'{len(before.agree)} before, {hits[1]} of {len(check.agree)} after'
  )


def _farthest_px(
  start: HostArray, matrix: HostArray, shape: tuple[int, int]
) -> float:
  """How far a corner of the test picture moves from where it came."""
  away = np.linalg.inv(start) @ matrix
  return transforms.farthest_px(away, height=shape[0], width=shape[1])


def _nearest_px(away: HostArray, check: held_out.Check, factor: float) -> float:
  """How far the corner in place travels that a move moves least.

  Args:
    away: float64 ``[3, 3]``, between two places in the test picture.
    check: of the move.
    factor: by which the picture is shrunk where it was checked.

  Returns:
    Pixels there.
  """
  points = check.points[check.agree] / factor
  return transforms.nearest_px(away, points) * factor


def _is_small(
  start: HostArray, matrix: HostArray, shape: tuple[int, int]
) -> bool:
  """Whether a move is what a fixture leaves, which needs no confirmation."""
  height, width = shape
  away = transforms.describe(
    np.linalg.inv(start) @ matrix, height=height, width=width
  )
  return (
    away.shift_px <= _FIXTURE_SHIFT * max(height, width)
    and abs(away.rotation_deg) <= _FIXTURE_TURN_DEG
    and 1 / _FIXTURE_SCALE <= away.scale <= _FIXTURE_SCALE
  )
