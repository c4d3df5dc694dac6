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

from typing import NamedTuple

from zeroshot.registration import (
  candidates,
  held_out,
  patches,
  refinement,
  repeats,
  transforms,
)
from zeroshot.registration.candidates import Candidate
from zeroshot.registration.pyramid import FINEST_PX, Pyramid
from zeroshot.types import HostArray

# Longest sides of the levels, coarse to fine: of large pictures, and others.
_LARGE_PX, _FINE_PX = (640, FINEST_PX), (640, 1280)
_EQUAL_HITS = 0.03  # of all points; so few more or less say nothing
_GUESSED = 0.45  # times the probability, of one of several places
_CLEAR_GAIN = 1.3  # of evidence, of a larger move over a smaller
_CLEAR_NATS = 5.0  # likewise, added
_LESS_SHARE = 0.15  # of the patches
_AMBIGUOUS = 0.85  # of the best evidence, at another cell of a pattern
_SAME_PX = 2.0  # so near, two places are one
_LIKE_SHARE = 0.6  # of patches, that another cell shows before it is refined
_NOISE_PX = 0.03  # of a residual; a smaller gain may be chance
_GOOD_PX = 0.75  # of perspective that an affine move leaves; no other is tried


class Found(NamedTuple):
  """An alignment and what speaks for it.

  Attributes:
    matrix: float64 ``[3, 3]`` between the whole pictures, see ``transforms``.
    num_parameters: of the move: 6 affine, 8 homography.
    check: of held-out points, on the last level.
    residual_px: median distance of the points that agree from their place,
      pixels of the test picture; NaN where none does.
    drift_px: see ``held_out.Check``; pixels of the test picture.
    foreign: see ``patches.foreign``.
    period_px: shift to another place that fits as well, in pixels of the test
      picture; 0 if there is none.
    moved_px: of the centre, from where the pictures came.
  """

  matrix: HostArray
  num_parameters: int
  check: held_out.Check
  residual_px: float
  drift_px: float
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
    None if no plausible move was found, or one of them is blank.
  """
  if any(
    each.plane(each.factor(candidates.MIDDLE_PX)).is_blank
    for each in (reference, test)
  ):
    return None
  found = _nearly_as_they_came(reference, test, max_parameters) or _anywhere(
    reference, test, max_parameters
  )
  if found is None:
    return None
  start = transforms.resize(test.shape, reference.shape)
  found = found._replace(
    foreign=refinement.on_planes(
      patches.foreign, reference, test, found.matrix, patches.LONGEST_PX
    ),
    moved_px=transforms.distance_px(start, found.matrix, test.shape),
  )
  if roi_mask is None:
    return found
  inside = candidates.check_fully(reference, test, found.matrix, roi_mask)
  if inside.probability > found.check.probability:
    return found._replace(check=inside)
  return found


def _nearly_as_they_came(
  reference: Pyramid, test: Pyramid, max_parameters: int
) -> Found | None:
  """The alignment of pictures that lie nearly as they came.

  Most do. Their move is refined to the last level at once, and checked there
  alone.

  Returns:
    None unless that is certain, and no other place fits as well.
  """
  start = candidates.nearly_as_they_came(reference, test)
  if start is None:
    return None
  found = _finish(reference, test, start, max_parameters)
  is_certain = candidates.is_certain(found.check)
  if not is_certain or _others(reference, test, found.matrix, found.check):
    return None
  return found


def _anywhere(
  reference: Pyramid, test: Pyramid, max_parameters: int
) -> Found | None:
  """The best alignment of pictures that may lie anyhow; None without any."""
  best: Candidate | None = None
  for candidate in candidates.generate(reference, test, max_parameters):
    if best is None or _is_better(candidate, best):
      best = candidate
    if candidates.is_certain(best.check):
      break
  if best is None:
    return None
  best, period_px = _compare_repeats(reference, test, best)
  found = _finish(reference, test, best.matrix, max_parameters)
  return found._replace(period_px=period_px)


def _is_better(candidate: Candidate, best: Candidate) -> bool:
  """Whether its points clearly agree better; a smaller move comes first.

  What shows clearly less of the picture is no better, whatever its points say.
  """
  if candidate.check.patch_share < best.check.patch_share - _LESS_SHARE:
    return False  # neither is NaN
  needed = _CLEAR_GAIN * best.check.evidence + _CLEAR_NATS
  return candidate.check.evidence > needed


def _compare_repeats(
  reference: Pyramid, test: Pyramid, best: Candidate
) -> tuple[Candidate, float]:
  """The best of the places where a repeating pattern fits.

  Returns:
    It, and the shift in pixels to the nearest other that fits as well, or 0.
  """
  others = []
  for matrix in _others(reference, test, best.matrix, best.check):
    other = candidates.refined(
      reference, test, matrix, (160, candidates.MIDDLE_PX), 6
    )
    if other is not None:
      others.append(other)
  places = [best, *others]
  for other in others:
    if _is_better(other, best):
      best = other
  away_px = [
    transforms.distance_px(best.matrix, other.matrix, test.shape)
    for other in places
    if other.check.evidence > _AMBIGUOUS * best.check.evidence
  ]
  return best, min((px for px in away_px if px > _SAME_PX), default=0.0)


def _others(
  reference: Pyramid, test: Pyramid, matrix: HostArray, check: held_out.Check
) -> list[HostArray]:
  """Other places of a repeating pattern where the patches look alike, rough.

  Args:
    reference: see ``search``.
    test: see ``search``.
    matrix: of the alignment.
    check: of the alignment.
  """
  planes = refinement.planes_of(reference, test, matrix, repeats.LONGEST_PX)
  shapes = reference.shape, test.shape
  sizes = planes[0].shape, planes[1].shape
  on_planes = transforms.between_sizes(
    matrix, from_shapes=shapes, to_shapes=sizes
  )
  found = [
    transforms.between_sizes(other, from_shapes=sizes, to_shapes=shapes)
    for other in repeats.alternatives(*planes, on_planes)
  ]
  least = _LIKE_SHARE * check.patch_share
  return [
    other
    for other in found
    # True of a share that is NaN.
    if not candidates.shown_share(reference, test, other) < least
  ]


def _finish(
  reference: Pyramid, test: Pyramid, rough: HostArray, max_parameters: int
) -> Found:
  """Refines the best move to the finest level and chooses its model."""
  is_large = max(test.shape) * test.factor(FINEST_PX) > _FINE_PX[-1]
  levels = candidates.MIDDLE_PX, *(_LARGE_PX if is_large else _FINE_PX)
  start = transforms.affine_part(rough, test.shape)
  refined = refinement.refine(reference, test, start, levels, 6)
  affine = start if refined is None else refined
  found = as_found(reference, test, affine, 6)
  if max_parameters == 6 or found.check.perspective_px < _GOOD_PX:
    return found
  starts = [affine, rough] if rough[2, :2].any() else [affine]
  for start in starts:
    homography = refinement.refine(reference, test, start, (160, *levels), 8)
    if homography is None:
      continue
    other = as_found(reference, test, homography, 8)
    if _fits_better(other.check, found.check):
      found = other
  return found


def as_found(
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  num_parameters: int,
  roi_mask: HostArray | None = None,
) -> Found:
  """Returns a move with its last check.

  Args:
    reference: of the picture to move.
    test: of the picture to move it on to.
    matrix: see ``Found``.
    num_parameters: see ``Found``.
    roi_mask: see ``search``.
  """
  check = candidates.check_fully(reference, test, matrix, roi_mask)
  plane = refinement.planes_of(reference, test, matrix, candidates.CHECK_PX)[1]
  enlarged = test.shape[1] / plane.width
  return Found(
    matrix,
    num_parameters,
    check,
    check.residual_px * enlarged,
    check.drift_px * enlarged,
  )


def _fits_better(check: held_out.Check, than: held_out.Check) -> bool:
  """Whether more points agree, or the same ones more closely."""
  hits, hits_before = int(check.agree.sum()), int(than.agree.sum())
  if abs(hits - hits_before) > _EQUAL_HITS * len(check.agree):
    return hits > hits_before
  return check.residual_px < 0.9 * than.residual_px - _NOISE_PX
