"""Moves that may be right, refined on small copies and checked.

  for candidate in candidates.generate(reference, test, 8):
    candidate.matrix, candidate.check.evidence

The likeliest come first: none at all, what local features say, what a
correlation at every turn and scale says.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from zeroshot.registration import (
  features,
  held_out,
  patches,
  refinement,
  transforms,
  turns,
)
from zeroshot.registration.pyramid import Pyramid
from zeroshot.types import HostArray

# Longest sides of the levels, coarse to fine.
_COARSE_PX = (80, 160)
MIDDLE_PX = 320
CHECK_PX = 1280  # of the last check
# Evidence of points, and share of patches shown, that end the search together.
_CERTAIN = ((20.0, 0.7), (5.0, 0.9))
_PLENTY_NATS = 50.0  # of evidence, to which coarse planes add nothing
_MIRRORED = 0.9  # probability from which a mirror image is called so
_MIRRORED_SHARE = 0.15  # so many more of the points agree with a mirror image
_MIRRORED_NATS = 20.0  # and so much more evidence speaks for it
_SAME_SHAPE = 0.03  # of the aspect ratio, in which sizes may differ


class Candidate(NamedTuple):
  """A refined move.

  Attributes:
    matrix: float64 ``[3, 3]`` between the whole pictures, see ``transforms``.
    check: of held-out points, on small copies.
  """

  matrix: HostArray
  check: held_out.Check


def is_certain(check: held_out.Check) -> bool:
  """Whether no other move need be tried: points and patches agree."""
  return any(
    check.evidence > nats and check.patch_share > share
    for nats, share in _CERTAIN
  )


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
  levels = (*_COARSE_PX[1:], MIDDLE_PX)
  start = transforms.resize(test.shape, mirror.shape)
  rough = [start]
  if not math.isnan(check.probability):  # else there is too little to be seen
    rough += features.moves(mirror, test)
  for matrix in rough:
    candidate = refined(mirror, test, matrix, levels, 6)
    if candidate is None:
      continue
    fully = check_fully(mirror, test, candidate.matrix)
    if fully.probability > _MIRRORED and _is_clear(fully, check):
      return True
  return False


def may_be_mirrored(
  reference: Pyramid, test: Pyramid, check: held_out.Check
) -> bool:
  """Returns whether the mirror image, as it came, shows more in common.

  That costs little, so it is asked of every pair; see ``is_mirrored``.
  """
  flip = np.array([[-1, 0, reference.shape[1] - 1], [0, 1, 0], [0, 0, 1]])
  matrix = flip @ transforms.resize(test.shape, reference.shape)
  return shown_share(reference, test, matrix) > check.patch_share


def _is_clear(mirrored: held_out.Check, check: held_out.Check) -> bool:
  """Whether a mirror image fits clearly better than the picture as it came."""
  if mirrored.patch_share < check.patch_share:
    return False
  if len(mirrored.agree) < held_out.MIN_POINTS:
    return mirrored.patch_share > check.patch_share + _MIRRORED_SHARE
  before = max(check.evidence, check.coarse_evidence)
  return (
    not mirrored.share <= check.share + _MIRRORED_SHARE
    and mirrored.evidence > before + _MIRRORED_NATS
  )


def generate(
  reference: Pyramid, test: Pyramid, max_parameters: int
) -> Iterator[Candidate]:
  """Yields refined moves, the likeliest first."""
  levels: tuple[int, ...] = (*_COARSE_PX[1:], MIDDLE_PX)
  if _same_shape(reference, test):
    start = transforms.resize(test.shape, reference.shape)
    candidate = refined(reference, test, start, levels, 4)
    if candidate is not None:
      yield candidate
      here = candidate.check
      if len(here.agree) < held_out.MIN_POINTS:  # it may have gone astray
        here = check_at(reference, test, start, MIDDLE_PX)
      if len(here.agree) < held_out.MIN_POINTS:
        return  # too little to see for any search
  for matrix in features.moves(reference, test):
    for num_parameters in range(6, max_parameters + 1, 2):
      candidate = refined(reference, test, matrix, levels, num_parameters)
      if candidate is not None:
        yield candidate
  levels = (*_COARSE_PX, MIDDLE_PX)
  for turns_deg, scales, num_best in (
    (turns.NARROW_TURNS_DEG, turns.NARROW_SCALES, 3),
    (turns.WIDE_TURNS_DEG, turns.WIDE_SCALES, 6),
  ):
    for matrix in turns.moves(
      reference, test, turns_deg, scales, num_best=num_best
    ):
      candidate = refined(reference, test, matrix, levels, 4)
      if candidate is not None:
        yield candidate


def _same_shape(reference: Pyramid, test: Pyramid) -> bool:
  """Whether the pictures may lie as they came, by their aspect ratios."""
  (h, w), (height, width) = reference.shape, test.shape
  return abs(math.log(h / height) - math.log(w / width)) < _SAME_SHAPE


def nearly_as_they_came(reference: Pyramid, test: Pyramid) -> HostArray | None:
  """The move of pictures that lie nearly as they came, refined coarsely.

  Returns:
    Float64 ``[3, 3]`` between the whole pictures, not checked; None if they
    cannot lie so.
  """
  if not _same_shape(reference, test):
    return None
  start = transforms.resize(test.shape, reference.shape)
  return refinement.refine(reference, test, start, _COARSE_PX[1:], 4)


def refined(
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  levels: Sequence[int],
  num_parameters: int,
) -> Candidate | None:
  """A rough move refined and checked; None if it went astray."""
  if num_parameters < 8:
    matrix = transforms.affine_part(matrix, test.shape)
  result = refinement.refine(reference, test, matrix, levels, num_parameters)
  if result is not None and num_parameters == 4:
    result = refinement.refine(reference, test, result, levels[-1:], 6)
  if result is None:
    return None
  points = check_at(reference, test, result, MIDDLE_PX)
  if points.evidence > _CERTAIN[-1][0]:
    points = points._replace(patch_share=shown_share(reference, test, result))
  return Candidate(result, points)


def check_at(
  reference: Pyramid, test: Pyramid, matrix: HostArray, longest_px: int
) -> held_out.Check:
  """``held_out.check`` on planes of a longest side."""
  return refinement.on_planes(
    held_out.check, reference, test, matrix, longest_px
  )


def check_again(
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  than: HostArray,
  check: held_out.Check,
) -> held_out.Check:
  """``check_at`` of ``CHECK_PX``, with the corners of another check if it can.

  Args:
    reference: of the picture to move.
    test: of the picture to move it on to.
    matrix: of the alignment that is checked.
    than: of the other alignment.
    check: of the other alignment, on ``CHECK_PX``.
  """
  here, there = (
    refinement.planes_of(reference, test, move, CHECK_PX)[1].shape
    for move in (matrix, than)
  )
  if here != there:
    return check_at(reference, test, matrix, CHECK_PX)
  again = functools.partial(held_out.check, points=check.points)
  return refinement.on_planes(again, reference, test, matrix, CHECK_PX)


def shown_share(
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  roi_mask: HostArray | None = None,
) -> float:
  """``patches.shown_share`` of an alignment of whole pictures."""
  judge = functools.partial(patches.shown_share, roi_mask=roi_mask)
  return refinement.on_planes(
    judge, reference, test, matrix, patches.LONGEST_PX
  )


def check_fully(
  reference: Pyramid,
  test: Pyramid,
  matrix: HostArray,
  roi_mask: HostArray | None = None,
) -> held_out.Check:
  """The last check of a move, on fine planes and with their patches."""
  within = functools.partial(held_out.check, roi_mask=roi_mask)
  check = refinement.on_planes(within, reference, test, matrix, CHECK_PX)
  if check.evidence < _PLENTY_NATS:
    coarse = refinement.on_planes(within, reference, test, matrix, MIDDLE_PX)
    check = check._replace(coarse_evidence=coarse.evidence)
  check = check._replace(
    patch_share=shown_share(reference, test, matrix, roi_mask)
  )
  if math.isnan(check.probability) and all(
    patches.has_structure(each.plane(each.factor(patches.LONGEST_PX)))
    for each in (reference, test)
  ):
    # They would show more in common than the little that they overlap.
    return check._replace(patch_share=0.0)
  return check
