"""The alignment of two pictures that lie anyhow to each other.

  found = search.search(reference, test, max_parameters=8)
  found.matrix, found.check.probability

Moves are tried from the likeliest to the rarest: none at all, what local
features say, what a correlation at every turn and scale says. Each is refined
on small copies and judged by held-out points; the first that is certain ends
the search. Then the places are compared where a repeating pattern would fit as
well, and the best is refined to the finest level.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from zeroshot.registration import (
  features,
  held_out,
  patches,
  refinement,
  repeats,
  transforms,
  turns,
)
from zeroshot.registration.pyramid import FINEST_PX, Plane, Pyramid
from zeroshot.types import HostArray

# Longest sides of the levels, coarse to fine. An error of a twentieth of a
# pixel at 2,560 px is one of a quarter in 12,000 px.
_COARSE_PX = (80, 160)
_MIDDLE_PX = 320
_FINE_PX = (640, 1280, FINEST_PX)
_CHECK_PX = 1280  # of the last check
_CERTAIN_SHARE = 0.75  # of agreeing points ends the search
_CERTAIN_NATS = 25.0
_MIRRORED = 0.9  # probability from which a mirror image is called so
_MIRRORED_GAIN = 0.2  # of the share of agreeing points
_EQUAL_HITS = 0.03  # of all points; so few more or less say nothing
_GUESSED = 0.45  # times the probability, of one of several places
_CLEAR_GAIN = 1.1  # of evidence, of a larger move over a smaller
_AMBIGUOUS = 0.85  # of the best evidence, at another cell of a pattern
_GOOD_PX = 0.5  # of most points from their place; no homography is tried
_SAME_SHAPE = 0.03  # of the aspect ratio, in which sizes may differ

T = TypeVar('T')


class Found(NamedTuple):
  """An alignment and what speaks for it.

  Attributes:
    matrix: float64 ``[3, 3]`` between the whole pictures, see ``transforms``.
    num_parameters: of the move: 6 affine, 8 homography.
    check: of held-out points, on the last level.
    residual_px: median distance of the points that agree from their place,
      pixels of the test picture; NaN where none does.
    foreign: see ``patches.foreign``.
    period_px: shift to another place that fits as well, in pixels of the test
      picture; 0 if there is none.
    moved_px: of the centre, from where the pictures came.
  """

  matrix: HostArray
  num_parameters: int
  check: held_out.Check
  residual_px: float
  foreign: HostArray | None = None
  period_px: float = 0.0
  moved_px: float = 0.0

  @property
  def probability(self) -> float:
    """That the alignment is right, in [0, 1]; NaN without structure.

    Of a pattern that fits at several places the nearest to where the pictures
    came is believed; any other is a guess.
    """
    if self.period_px > 0 and self.moved_px > self.period_px / 2:
      return _GUESSED * self.check.probability
    return self.check.probability


class _Candidate(NamedTuple):
  matrix: HostArray
  check: held_out.Check

  @property
  def is_certain(self) -> bool:
    return (
      self.check.share > _CERTAIN_SHARE and self.check.evidence > _CERTAIN_NATS
    )


def search(
  reference: Pyramid,
  test: Pyramid,
  *,
  max_parameters: int,
  roi_mask: HostArray | None = None,
) -> Found | None:
  """Returns the best alignment there is; it need not be right.

  Args:
    reference: of the picture to move.
    test: of the picture to move it on to.
    max_parameters: 6 affine, 8 homography where it clearly fits better.
    roi_mask: ``[H, W]`` of the test picture, 1 in the region of interest.

  Returns:
    None if no plausible move was found.
  """
  best: _Candidate | None = None
  for candidate in _candidates(reference, test, max_parameters):
    if best is None or _is_better(candidate, best):
      best = candidate
    if best.is_certain:
      break
  if best is None:
    return None
  best, period_px = _compare_repeats(reference, test, best)
  found = _finish(reference, test, best, max_parameters)
  start = transforms.resize(test.shape, reference.shape)
  found = found._replace(
    foreign=_on_planes(
      patches.foreign, reference, test, found.matrix, patches.LONGEST_PX
    ),
    period_px=period_px,
    moved_px=transforms.distance_px(start, found.matrix, test.shape),
  )
  if roi_mask is None:
    return found
  inside = _check_fully(reference, test, found.matrix, roi_mask)
  if inside.probability > found.check.probability:
    return found._replace(check=inside)
  return found


def is_mirrored(
  reference: Pyramid, test: Pyramid, check: held_out.Check
) -> bool:
  """Returns whether one picture is certainly the other's mirror image.

  Args:
    reference: of the picture to move.
    test: of the picture to move it on to.
    check: of the best alignment as they came.
  """
  mirror = reference.mirrored()
  levels = (*_COARSE_PX[1:], _MIDDLE_PX)
  start = transforms.resize(test.shape, mirror.shape)
  for matrix in (start, *features.moves(mirror, test)):
    candidate = _refined(mirror, test, matrix, levels, 6)
    if (
      candidate is None or candidate.check.share < check.share + _MIRRORED_GAIN
    ):
      continue
    fully = _check_fully(mirror, test, candidate.matrix)
    if fully.probability > _MIRRORED:
      return True
  return False


def _is_better(candidate: _Candidate, best: _Candidate) -> bool:
  """Whether its points clearly agree better; a smaller move comes first."""
  return candidate.check.evidence > _CLEAR_GAIN * best.check.evidence + 1


def _candidates(
  reference: Pyramid, test: Pyramid, max_parameters: int
) -> Iterator[_Candidate]:
  """Yields refined moves, the likeliest first."""
  (h, w), (height, width) = reference.shape, test.shape
  levels: tuple[int, ...] = (*_COARSE_PX[1:], _MIDDLE_PX)
  if abs(math.log(h / height) - math.log(w / width)) < _SAME_SHAPE:
    start = transforms.resize(test.shape, reference.shape)
    candidate = _refined(reference, test, start, levels, 4)
    if candidate is not None:
      yield candidate
      if len(candidate.check.agree) < held_out.MIN_POINTS:
        return  # too little to see for any search
  for matrix in features.moves(reference, test):
    for num_parameters in (6, 8)[: max_parameters // 2 - 2]:
      candidate = _refined(reference, test, matrix, levels, num_parameters)
      if candidate is not None:
        yield candidate
  levels = (*_COARSE_PX, _MIDDLE_PX)
  for turns_deg, scales, num_best in (
    (turns.NARROW_TURNS_DEG, turns.NARROW_SCALES, 3),
    (turns.WIDE_TURNS_DEG, turns.WIDE_SCALES, 6),
  ):
    for matrix in turns.moves(
      reference, test, turns_deg, scales, num_best=num_best
    ):
      candidate = _refined(reference, test, matrix, levels, 4)
      if candidate is not None:
        yield candidate


def _refined(
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  levels: Sequence[int],
  num_parameters: int,
) -> _Candidate | None:
  """A rough move refined and checked; None if it went astray."""
  if num_parameters < 8:
    matrix = transforms.affine_part(matrix, test.shape)
  result = refinement.refine(reference, test, matrix, levels, num_parameters)
  if result is not None and num_parameters == 4:
    result = refinement.refine(reference, test, result, levels[-2:], 6)
  if result is None:
    return None
  return _Candidate(result, _check(reference, test, result, _MIDDLE_PX))


def _check(
  reference: Pyramid, test: Pyramid, matrix: HostArray, longest_px: int
) -> held_out.Check:
  return _on_planes(held_out.check, reference, test, matrix, longest_px)


def _check_fully(
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  roi_mask: HostArray | None = None,
) -> held_out.Check:
  """The last check of a move, on fine planes and with their patches."""
  within = functools.partial(held_out.check, roi_mask=roi_mask)
  check = _on_planes(within, reference, test, matrix, _CHECK_PX)
  coarse = _on_planes(within, reference, test, matrix, _MIDDLE_PX)
  shares = functools.partial(patches.shown_share, roi_mask=roi_mask)
  return check._replace(
    coarse_evidence=coarse.evidence,
    patch_share=_on_planes(shares, reference, test, matrix, patches.LONGEST_PX)
  )


def _on_planes(
  judge: Callable[[Plane, Plane, HostArray], T],
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  longest_px: int,
) -> T:
  """What a function says of an alignment on planes of a longest side."""
  planes = refinement.planes_of(reference, test, matrix, longest_px)
  on_planes = transforms.between_sizes(
    matrix,
    from_shapes=(reference.shape, test.shape),
    to_shapes=(planes[0].shape, planes[1].shape),
  )
  return judge(*planes, on_planes)


def _compare_repeats(
  reference: Pyramid, test: Pyramid, best: _Candidate
) -> tuple[_Candidate, float]:
  """The best of the places where a repeating pattern fits.

  Returns:
    It, and the shift in pixels to another that fits as well, or 0.
  """
  planes = refinement.planes_of(
    reference, test, best.matrix, repeats.LONGEST_PX
  )
  shapes = reference.shape, test.shape
  sizes = planes[0].shape, planes[1].shape
  on_planes = transforms.between_sizes(
    best.matrix, from_shapes=shapes, to_shapes=sizes
  )
  others = []
  for matrix in repeats.alternatives(*planes, on_planes):
    whole = transforms.between_sizes(
      matrix, from_shapes=sizes, to_shapes=shapes
    )
    other = _refined(reference, test, whole, (160, _MIDDLE_PX), 6)
    if other is not None:
      others.append(other)
  period_px = 0.0
  for other in others:
    if _is_better(other, best):
      best, other = other, best
    away_px = transforms.distance_px(best.matrix, other.matrix, test.shape)
    if other.check.evidence > _AMBIGUOUS * best.check.evidence and away_px > 2:
      period_px = away_px
  return best, period_px


def _finish(
  reference: Pyramid, test: Pyramid, best: _Candidate, max_parameters: int
) -> Found:
  """Refines the best move to the finest level and chooses its model."""
  start = transforms.affine_part(best.matrix, test.shape)
  refined = refinement.refine(
    reference, test, start, (_MIDDLE_PX, *_FINE_PX), 6
  )
  affine = start if refined is None else refined
  found = _found(reference, test, affine, 6)
  if max_parameters == 6 or found.check.far_px < _GOOD_PX:
    return found
  for start in (affine, best.matrix):
    homography = refinement.refine(
      reference, test, start, (160, _MIDDLE_PX, *_FINE_PX), 8
    )
    if homography is None:
      continue
    other = _found(reference, test, homography, 8)
    if _fits_better(other.check, found.check):
      found = other
  return found


def _found(
  reference: Pyramid, test: Pyramid, matrix: HostArray, num_parameters: int
) -> Found:
  """A move with its last check."""
  check = _check_fully(reference, test, matrix)
  plane = refinement.planes_of(reference, test, matrix, _CHECK_PX)[1]
  residual_px = check.residual_px * test.shape[1] / plane.width
  return Found(matrix, num_parameters, check, residual_px)


def _fits_better(check: held_out.Check, than: held_out.Check) -> bool:
  """Whether more points agree, or the same ones more closely."""
  hits, hits_before = int(check.agree.sum()), int(than.agree.sum())
  if abs(hits - hits_before) > _EQUAL_HITS * len(check.agree):
    return hits > hits_before
  return check.residual_px < 0.9 * than.residual_px
