"""Names each difference by the topology of the conductor before and after it.

  boxes = name_kinds(boxes, reference, test)
  boxes.kind, boxes.kind_confidence

Nothing is learned. A picture is separated into conductor and board; a
difference adds to one and removes from the other. The effect of this growth on
the two materials is the kind:

  the growth ...                                        of copper   of board
  touches none of its own material                      copper      pin-hole
  touches it, and leaves the other material whole       spur        mousebite
  touches it, and cuts a piece of the other in two      short       open

A short cuts the board between two conductors as an open cuts a conductor; a
hole is an island of board as spilt copper is one of copper: one rule serves
both columns. docs/kinds.md draws each kind.

Only the growth that belongs to the box is applied to the reference's conductor:
edges elsewhere that are ragged or a pixel off have no effect. Before that the
reference is moved, for each box by itself, to where it agrees best. Conductors
continue unchanged beyond the picture, so that a trace cut at the border is cut.

The rule is applied in several readings: of what hangs together, and of how
large the surroundings are. The share of a kind in their votes is its
probability; where a box holds both a gain and a loss, both vote.

Notation:
  material   uint8 [h, w], 1 where it is: the conductor or the board
  growth     uint8 [h, w], 1 where the test picture has the material and the
             reference has not
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data.deeppcb import KINDS
from zeroshot.data.pair_shapes import check_pair_shapes
from zeroshot.pcb.conductors import conductors
from zeroshot.pcb.surroundings import Surroundings, growth_of, surroundings
from zeroshot.types import UNKNOWN_KIND, Boxes, HostArray

# See ``conductors.conductors``.
Separate = Callable[..., tuple[HostArray, HostArray] | None]


class _Reading(NamedTuple):
  """How strictly pixels are connected.

  Attributes:
    reach_px: the growth is dilated by so much.
    connectivity: of what is left of the other material; 4 separates
      what touches at corners alone.
  """

  reach_px: int
  connectivity: int


# By what they do, as in the table above.
_GAINED = ('copper', 'spur', 'short')
_LOST = ('pin-hole', 'mousebite', 'open')

# Chosen, all of them, on groups 20085, 44000 and 77000.
_READINGS = (_Reading(0, 8), _Reading(0, 4), _Reading(1, 8))
_AROUND_PX = (6, 8, 12)  # of a box: surroundings in which pieces are counted
_MIN_PIECE_PX = 12  # smaller pieces of the other material are ignored
_MIN_ISLAND = 0.3  # of the growth; smaller pieces within it are ignored
_MIN_WEIGHT = 0.01  # of the votes; a side with less has none
_DOUBT = 0.001  # votes for every kind that no reading casts: none is certain

_NEIGHBOURS = np.ones((3, 3), np.uint8)


def name_kinds(
  boxes: Boxes,
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
  *,
  dark_is_conductor: bool = True,
  separate: Separate = conductors,
) -> Boxes:
  """Names each box from what physically changed in it.

  Args:
    boxes: differences of one picture, without a margin.
    reference: image ``[H, W, 3]``, in the test picture's grid and light.
    test: image ``[H, W, 3]``.
    valid: ``[H, W]``, 1 where both have content; None is everywhere.
    dark_is_conductor: whether the darker of the two materials is copper.
    separate: separates the pictures into conductor and board.

  Returns:
    The same boxes with kinds. Each is one of ``deeppcb.KINDS`` with its
    probability, or ``'difference'`` where the pictures do not separate into
    conductor and board or no conductor changed; that one has the confidence
    of a guess, 1/6, so that it ranks behind what has a name.

  Raises:
    ValueError: as ``kind_probabilities`` does.
  """
  probabilities = kind_probabilities(
    boxes.xyxy,
    reference,
    test,
    valid,
    dark_is_conductor=dark_is_conductor,
    separate=separate,
  )
  best = probabilities.argmax(axis=1)
  highest = probabilities.max(axis=1)
  known = highest > probabilities.min(axis=1)
  return boxes._replace(
    kind=tuple(
      KINDS[index] if is_known else UNKNOWN_KIND
      for index, is_known in zip(best, known, strict=True)
    ),
    kind_confidence=highest,
  )


def kind_probabilities(
  xyxy: HostArray,
  reference: HostArray,
  test: HostArray,
  valid: HostArray | None = None,
  *,
  dark_is_conductor: bool = True,
  separate: Separate = conductors,
) -> HostArray:
  """How probable each kind is for each box, given that it truly differs.

  Args:
    xyxy: boxes ``[K, 4]``, half-open, in pixels.
    reference: image ``[H, W, 3]``, in the test picture's grid and light.
    test: image ``[H, W, 3]``.
    valid: ``[H, W]``, 1 where both have content; None is everywhere.
    dark_is_conductor: whether the darker of the two materials is copper.
    separate: separates the pictures into conductor and board.

  Returns:
    Float32 ``[K, 6]``, in the order of ``deeppcb.KINDS``; rows sum to 1. All
    six are equal where nothing tells them apart.

  Raises:
    ValueError: the pictures are not two images of one size, or ``valid`` does
      not fit them.
  """
  _check(reference, test, valid)
  votes = np.full((len(xyxy), len(KINDS)), _DOUBT)
  masks = None
  if len(xyxy):
    masks = separate(reference, test, dark_is_conductor=dark_is_conductor)
  if masks is not None:
    valid_mask = np.ones(test.shape[:2]) if valid is None else valid
    valid_mask = (valid_mask > 0).astype(np.uint8)
    for row, box in zip(votes, xyxy, strict=True):
      place = surroundings(*masks, valid_mask, box, around_px=max(_AROUND_PX))
      for kind, share in _votes(place).items():
        row[KINDS.index(kind)] += share
  return (votes / votes.sum(axis=1, keepdims=True)).astype(np.float32)


def _votes(place: Surroundings) -> dict[str, float]:
  """The share of each kind in the votes; none where no conductor changed."""
  sides = (
    (_GAINED, place.before, place.after),
    (_LOST, 1 - place.before, 1 - place.after),
  )
  growths = [growth_of(before, after, place) for _, before, after in sides]
  # Squared, so that the ragged edge of a large change hardly counts.
  weights = np.square([float(growth.sum()) for growth in growths])
  num_votes = len(_READINGS) * len(_AROUND_PX)
  votes: dict[str, float] = {}
  for side, growth, weight in zip(sides, growths, weights, strict=True):
    if not growth.any() or weight < _MIN_WEIGHT * weights.sum():
      continue
    share = float(weight / weights.sum()) / num_votes
    kinds, material, _ = side
    for reading in _READINGS:
      for effect in _effects(material, growth, place, reading):
        votes[kinds[effect]] = votes.get(kinds[effect], 0.0) + share
  return votes


def _effects(
  material: HostArray, growth: HostArray, place: Surroundings, reading: _Reading
) -> list[int]:
  """What a growth does, in each of the surroundings.

  Args:
    material: what grows, before.
    growth: of it.
    place: where to look.
    reading: of what hangs together.

  Returns:
    0 where it touches none of its own material, 1 where it does, 2 where it
    also cuts the other one.
  """
  grown = cv2.dilate(growth, _NEIGHBOURS, iterations=reading.reach_px)
  rim = cv2.dilate(grown, _NEIGHBOURS) & (1 - growth)
  if not (rim & material).any():
    return [0] * len(_AROUND_PX)
  return [
    1 + _cuts(1 - material[window], grown[window], reading.connectivity)
    for window in map(place.window, _AROUND_PX)
  ]


def _cuts(other: HostArray, growth: HostArray, connectivity: int) -> bool:
  """Whether a growth cuts a piece of the other material in two, or ends it.

  Args:
    other: uint8 ``[h, w]``, the other material, before.
    growth: uint8 ``[h, w]``.
    connectivity: of what is left.
  """
  num_before, piece_before = cv2.connectedComponents(other, connectivity=8)
  left = other & (1 - growth)
  num, piece, statistics, _ = cv2.connectedComponentsWithStats(
    left, connectivity=connectivity
  )
  x, y, width, height, area = statistics.T  # [num] each
  runs_out = (x == 0) | (x + width == left.shape[1])
  runs_out |= (y == 0) | (y + height == left.shape[0])
  least = np.where(runs_out, 0, _MIN_ISLAND * growth.sum())
  counts = area >= np.maximum(least, _MIN_PIECE_PX)
  counts[0] = False  # what is not left
  origin = np.zeros(num, np.int64)
  origin[piece] = piece_before  # each piece is part of one piece of before
  num_left = np.bincount(origin[counts], minlength=num_before)
  return bool(num_left.max() >= 2 or not counts.any())


def _check(
  reference: HostArray, test: HostArray, valid: HostArray | None
) -> None:
  check_pair_shapes(reference, test)
  if valid is not None and valid.shape != test.shape[:2]:
    raise ValueError(
      f'valid has shape {valid.shape}, the pictures {test.shape[:2]}; give the '
      'same'
    )
