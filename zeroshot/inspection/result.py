"""The outcome for one pair: verdict, boxes, alignment and pictures.

inspection = detector.inspect('good.png', 'part.png')
inspection.verdict, inspection.to_dict(), inspection.overlay()
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zeroshot.inspection import differences
from zeroshot.inspection.differences import DIFFERENT as DIFFERENT
from zeroshot.inspection.differences import SAME as SAME
from zeroshot.inspection.differences import Box as Box
from zeroshot.inspection.least_size import ALL, LeastSize
from zeroshot.registration import register
from zeroshot.registration.warp import LocalField
from zeroshot.report import drawing
from zeroshot.types import HostArray, JsonObject

_MIN_COVERAGE = 0.95  # of the test picture, to go without saying

_FIELD_POINTS = 10  # along a side, of a local field that is stored


class Alignment(NamedTuple):
  """How the reference was registered to the test picture.

  Attributes:
    method: ``'none'``, ``'affine'`` or ``'homography'``.
    shift_px: shift of the reference's centre.
    rotation_deg: rotation of the reference, anticlockwise positive.
    scale: size of the reference relative to the test picture.
    residual_px: median misalignment after registration; None if there is not
      enough texture to measure it.
    probability: that the alignment is right, in [0, 1]; None if it was not
      estimated.
    coverage: share of the test picture that was compared, in [0, 1].
    max_local_px: longest displacement of the local field; 0 without one.
  """

  method: str
  shift_px: float
  rotation_deg: float
  scale: float
  residual_px: float | None
  probability: float | None = None
  coverage: float = 1.0
  max_local_px: float = 0.0


class Placed(NamedTuple):
  """Where a part lies in the frame of its recipe.

  Attributes:
    good_part: number of the good part that it was compared with, from 1.
    to_frame: 3x3, from pixels of the test picture to those of the first good
      part, without the local field.
  """

  good_part: int
  to_frame: tuple[tuple[float, ...], ...]

  def to_dict(self) -> JsonObject:
    """As JSON."""
    return {
      'good_part': self.good_part,
      'to_frame': [list(row) for row in self.to_frame],
    }


@dataclasses.dataclass(frozen=True, eq=False)
class Inspection:
  """The outcome for one pair.

  Attributes:
    name: of the pair.
    verdict: ``'different'`` if a box reaches the threshold, else ``'same'``.
    boxes: boxes that reach the threshold and the least size, most confident
      first unless ``sorted_by`` was asked for another order.
    threshold: least confidence of a box that counts.
    registration: how the reference was registered.
    seconds: time from reading the pictures to the boxes.
    score_map: ``[H, W]`` in [0, 1], probability that the two differ: float32,
      float16 of pictures of 8 megapixels and more.
    test: uint8 ``[H, W, 3]``, RGB.
    candidates: boxes of any confidence, for other thresholds; none is smaller
      than the least size that was inspected for.
    moved: the reference's move, which makes its aligned picture when asked.
    warnings: sentences on what makes the outcome less certain, of the pictures
      and of their alignment; none is the usual case.
    least: the least size of a difference, and the picture's scale.
    placed: with a recipe, where the part lies in its frame.
  """

  name: str
  verdict: str
  boxes: tuple[Box, ...]
  threshold: float
  registration: Alignment
  seconds: float
  score_map: HostArray = dataclasses.field(repr=False)
  test: HostArray = dataclasses.field(repr=False)
  candidates: tuple[Box, ...] = dataclasses.field(repr=False)
  moved: register.Registration = dataclasses.field(repr=False)
  warnings: tuple[str, ...] = ()
  least: LeastSize = ALL
  placed: Placed | None = None

  @property
  def aligned_reference(self) -> HostArray:
    """uint8 ``[H, W, 3]``, RGB, in the test picture's grid."""
    return self.moved.aligned_reference

  @property
  def valid(self) -> HostArray:
    """Bool ``[H, W]``, where the two pictures were compared."""
    return self.moved.valid > 0

  @property
  def local_field(self) -> LocalField | None:
    """Local displacement of the reference; None is none."""
    return self.moved.field

  def at(self, threshold: float, min_size_px: float = 0.0) -> Inspection:
    """The outcome at another threshold, and for a larger least size.

    Args:
      threshold: least confidence of a box that counts.
      min_size_px: least ``size_px`` of a box that counts. What is smaller than
        the least size that was inspected for is not known.
    """
    verdict, boxes = differences.judge(self.candidates, threshold, min_size_px)
    least = self.least._replace(px=max(self.least.px, min_size_px))
    return dataclasses.replace(
      self, verdict=verdict, boxes=boxes, threshold=threshold, least=least
    )

  def sorted_by(self, key: str) -> Inspection:
    """The outcome with its boxes in another order.

    Args:
      key: one of ``options.ORDERS``; the highest comes first.
    """
    boxes, candidates = (
      tuple(sorted(part, key=lambda box: -getattr(box, key)))
      for part in (self.boxes, self.candidates)
    )
    return dataclasses.replace(self, boxes=boxes, candidates=candidates)

  def to_dict(self) -> JsonObject:
    """The outcome as the command prints it: all but the pictures.

    ``good_part`` and ``to_frame`` are there with a recipe alone.
    """
    placed = {} if self.placed is None else self.placed.to_dict()
    return {
      'name': self.name,
      'verdict': self.verdict,
      'boxes': [box.to_dict() for box in self.boxes],
      'threshold': self.threshold,
      'registration': self.registration._asdict(),
      'seconds': self.seconds,
      'warnings': list(self.warnings),
      'min_size_px': round(self.least.px, 3),
      'mm_per_px': self.least.mm_per_px,
      **placed,
    }

  def overlay(self) -> HostArray:
    """The test picture with its boxes, uint8 ``[H, W, 3]``, RGB.

    What was not compared is dimmed and hatched.
    """
    drawn = self.test.copy()
    drawing.hatch(drawn, ~self.valid)
    drawing.draw_on(
      drawn,
      differences.to_arrays(self.boxes),
      colour=drawing.DETECTION_COLOUR,
      label=True,
    )
    return drawn

  def close_up(self, sides: Sequence[float]) -> HostArray:
    """Reference and test picture round a box, uint8 ``[H, W, 3]``, RGB.

    Args:
      sides: x1, y1, x2 and y2 of the box, pixels.
    """
    return drawing.close_up(self.aligned_reference, self.test, sides)

  def laid_over(self) -> HostArray:
    """Reference in red, test picture in cyan, uint8 ``[H, W, 3]``, RGB.

    Where both agree it is grey. What was not compared is dimmed and hatched,
    and arrows show how the reference was moved locally.
    """
    drawn = drawing.lay_over(self.aligned_reference, self.test)
    drawing.hatch(drawn, ~self.valid)
    if self.local_field is not None:
      drawing.draw_arrows(drawn, np.array(sample_field(self.local_field)))
    return drawn


def sample_field(field: LocalField) -> list[list[float]]:
  """A local field at 100 points at most, evenly spread over the test picture.

  Returns:
    x, y, dx and dy of each, pixels of the test picture, to 0.01: what lies at
    (x, y) lay at (x + dx, y + dy) before the field was applied.
  """
  counts = [min(count, _FIELD_POINTS) for count in field.nodes.shape[:2]]
  y, x = (
    (axis.ravel() + 0.5) * side / count - 0.5
    for axis, side, count in zip(
      np.indices(counts), (field.height, field.width), counts, strict=True
    )
  )
  rows = np.column_stack([x, y, field.at(x, y)])
  nodes: list[list[float]] = rows.round(2).tolist()
  return nodes


def coverage_warnings(coverage: float) -> tuple[str, ...]:
  """A sentence if a part of the test picture was not compared.

  Args:
    coverage: share of it that was compared, in [0, 1].
  """
  if coverage >= _MIN_COVERAGE:
    return ()
  return (
    f'{1 - coverage:.0%} of the test picture was not compared: the reference '
    'does not show it; it is hatched in the overlay and has no boxes',
  )


def round_known(value: float, digits: int) -> float | None:
  """A figure rounded; None where it is NaN, which JSON does not have."""
  return None if math.isnan(value) else round(value, digits)
