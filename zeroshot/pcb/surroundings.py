"""The surroundings of a box: the conductor before and after the change.

  place = surroundings(before, after, valid_mask, box, around_px=12)
  gained = growth_of(place.before, place.after, place)

Irrelevant differences are removed here. The reference is moved, for each box by
itself, to where it agrees best with the test picture; of what then differs only
the part that belongs to the box is kept. Conductors continue unchanged beyond
the picture.

Notation:
  material   uint8 [h, w], 1 where it is: the conductor or the board
  growth     uint8 [h, w], 1 where the test picture has the material and the
             reference has not
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.types import HostArray

# Chosen, all of them, on groups 20085, 44000 and 77000.
_BEYOND_PX = 2  # beyond its box, to which a growth counts
_MIN_PART = 0.1  # of the largest part of a growth; lesser parts are not of it
_MAX_MOVE_PX = 2  # of the reference, for each box by itself
_MOVE_AROUND_PX = 16  # of a box, compared to find where to move
_MIN_GAIN = 0.25  # of the disagreement; a move that removes less is ignored


class Surroundings(NamedTuple):
  """A box and its surroundings.

  Attributes:
    before: uint8 ``[h, w]``, conductor of the reference, moved.
    after: uint8 ``[h, w]``, conductor of the test picture.
    valid_mask: uint8 ``[h, w]``, 1 where both pictures have content.
    around_px: margin of the box on every side, in pixels.
  """

  before: HostArray
  after: HostArray
  valid_mask: HostArray
  around_px: int

  def window(self, around_px: int) -> tuple[slice, slice]:
    """The box grown by ``around_px``."""
    cut, (height, width) = self.around_px - around_px, self.after.shape
    return slice(cut, height - cut), slice(cut, width - cut)


def surroundings(
  before: HostArray,
  after: HostArray,
  valid_mask: HostArray,
  box: HostArray,
  *,
  around_px: int,
) -> Surroundings:
  """Cuts out a box and moves the reference to where it agrees best.

  Args:
    before: uint8 ``[H, W]``, conductor of the reference.
    after: uint8 ``[H, W]``, conductor of the test picture.
    valid_mask: uint8 ``[H, W]``, 1 where both pictures have content.
    box: ``[4]``, half-open.
    around_px: at least so much is cut out on every side.

  Returns:
    The surroundings; the box itself is whole pixels, rounded outward.
  """
  around = max(around_px, _MOVE_AROUND_PX)
  move = _MAX_MOVE_PX
  wide = _cut_out(before, box, around + move, cv2.BORDER_REPLICATE)
  after = _cut_out(after, box, around, cv2.BORDER_REPLICATE)
  valid_mask = _cut_out(valid_mask, box, around, cv2.BORDER_CONSTANT)
  # Pixels that disagree, for each move; whole numbers but for rounding.
  disagree = np.rint(cv2.matchTemplate(wide, after, cv2.TM_SQDIFF))
  y, x = np.unravel_index(disagree.argmin(), disagree.shape)
  if disagree[y, x] >= (1 - _MIN_GAIN) * disagree[move, move]:
    y = x = np.intp(move)
  height, width = after.shape
  return Surroundings(
    wide[y : y + height, x : x + width], after, valid_mask, around
  )


def _cut_out(
  plane: HostArray, box: HostArray, around_px: int, border: int
) -> HostArray:
  """Crops a box and its surroundings, also beyond the picture."""
  height, width = plane.shape
  left, top = np.floor(box[:2]).astype(int) - around_px
  right, bottom = np.ceil(box[2:]).astype(int) + around_px
  return cv2.copyMakeBorder(
    plane[max(0, top) : bottom, max(0, left) : right],
    max(0, -top),
    max(0, bottom - height),
    max(0, -left),
    max(0, right - width),
    border,
  )


def growth_of(
  before: HostArray, after: HostArray, place: Surroundings
) -> HostArray:
  """The growth of a material, uint8 ``[h, w]``, that belongs to the box.

  Args:
    before: the material in the reference.
    after: the material in the test picture.
    place: where to look.

  Returns:
    1 on the parts that have enough pixels within the box, as far as a little
    beyond it; all 0 where none has any.
  """
  grown = after & (1 - before) & place.valid_mask
  num_parts, part = cv2.connectedComponents(grown, connectivity=8)
  inside = np.bincount(part[place.window(0)].ravel(), minlength=num_parts)
  inside[0] = 0
  belongs = (inside > _MIN_PART * inside.max())[part]
  near = np.zeros_like(grown)
  near[place.window(_BEYOND_PX)] = 1
  return near * belongs
