"""The refusal of a pair that cannot be aligned, with a picture that shows it.

raise could_not_align.error_for((reference, test), pair, move)
"""

from __future__ import annotations

import math

from zeroshot.data import limits
from zeroshot.inspection import inputs
from zeroshot.registration import objections, pyramid, register, transforms
from zeroshot.registration.warp import Warp
from zeroshot.report import drawing
from zeroshot.types import HostArray, Tile

REASON = 'could not align'  # of the record of such a pair, and its error text
# Less: not even the best place of the pattern shows the same part.
_PATTERN_PROBABILITY = 0.2
_PICTURE_PX = 1600  # longest side of the picture of both


class CouldNotAlignError(ValueError):
  """The two pictures are not compared, since their alignment is not trusted.

  Attributes:
    reason: what is wrong, in a few words.
    probability: that the best alignment is right, in [0, 1]; NaN if it was not
      estimated.
    picture: see ``drawing.lay_over``; the reference by its best move, or
      scaled to the test picture where there is none.
  """

  def __init__(
    self, message: str, reason: str, probability: float, picture: HostArray
  ) -> None:
    """Stores the parts; see the class."""
    super().__init__(message)
    self.reason = reason
    self.probability = probability
    self.picture = picture

  def __reduce__(
    self,
  ) -> tuple[type[CouldNotAlignError], tuple[str, str, float, HostArray]]:
    """All arguments, so that it passes from one process to another."""
    return type(self), (
      str(self),
      self.reason,
      self.probability,
      self.picture,
    )


def error_for(
  given: tuple[inputs.Picture, inputs.Picture],
  pair: inputs.LoadedPair,
  move: register.EstimatedMove,
) -> CouldNotAlignError:
  """The error for a pair that is refused.

  Args:
    given: reference and test as the user gave them, for the message.
    pair: their pixels.
    move: the best that was found.
  """
  first, second = (limits.printable(inputs.describe(each)) for each in given)
  both = f'reference {first} and test {second}'
  if move.mirrored:
    reason, remedy = 'are mirror images', 'flip one of them'
  elif move.period_px > 0 and move.probability > _PATTERN_PROBABILITY:
    reason = (
      'show a pattern that fits as well when it is shifted by '
      f'{move.period_px:.0f} px'
    )
    remedy = 'take both so that an edge or a mark of the part is in the picture'
  else:
    reason = 'do not show the same part, or lie too far apart to be aligned'
    remedy = 'check that they belong together, show the same side and are sharp'
  message = f'{REASON}: {both} {reason}; {remedy}'
  if not math.isnan(move.probability) and not move.mirrored:
    message += (
      f' (the alignment is right with probability {move.probability:.2f}, '
      f'{objections.MIN_PROBABILITY} is needed)'
    )
  picture = _best_overlay(pair.reference, pair.test, move)
  return CouldNotAlignError(message, reason, move.probability, picture)


def _best_overlay(
  reference: HostArray, test: HostArray, move: register.EstimatedMove
) -> HostArray:
  """Both on small copies, by the best move; mirrored ones as given."""
  matrix = move.warp.matrix if move.mirrored else move.best_matrix
  small, small_test = (
    pyramid.shrink(picture, _PICTURE_PX) for picture in (reference, test)
  )
  shapes = small.shape[:2], small_test.shape[:2]
  height, width = shapes[1]
  warp = Warp(
    transforms.between_sizes(
      matrix,
      from_shapes=(reference.shape[:2], test.shape[:2]),
      to_shapes=shapes,
    ),
    *shapes,
  )
  tile = Tile(0, 0, height, width)
  aligned = warp.resample(small, tile)
  return drawing.lay_over(aligned, small_test, warp.inside(tile))
