"""Where a recipe inspects, and how sensitively.

where = regions.of_recipe(taught)
boxes = where.weigh(boxes, to_frame)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zeroshot.inspection import areas
from zeroshot.inspection.differences import Box
from zeroshot.recipe.recipe import InspectedRegion
from zeroshot.recipe.taught import Taught
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray


class Regions(NamedTuple):
  """What is inspected of the frame.

  Attributes:
    mask: bool ``[H, W]``; None is everywhere.
    inspected: the regions with their sensitivities.
  """

  mask: HostArray | None
  inspected: tuple[InspectedRegion, ...]

  def weigh(self, boxes: Sequence[Box], to_frame: Warp) -> tuple[Box, ...]:
    """Boxes with the sensitivities of the regions that they lie in.

    Args:
      boxes: of a test picture.
      to_frame: where its pixels lie in the frame.

    Returns:
      The boxes, the most confident first.
    """
    if all(each.sensitivity == 1 for each in self.inspected):
      return tuple(boxes)
    weighed = [_weighed(box, self._sensitivity(box, to_frame)) for box in boxes]
    return tuple(sorted(weighed, key=lambda box: -box.confidence))

  def _sensitivity(self, box: Box, to_frame: Warp) -> float:
    """The highest of the regions that hold the centre of a box; 1 of none."""
    centre = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    (x,), (y,), _ = to_frame.points(*(np.array([each]) for each in centre))
    holding = [
      each.sensitivity
      for each in self.inspected
      if each.region[0] <= x < each.region[2]
      and each.region[1] <= y < each.region[3]
    ]
    return max(holding, default=1.0)


def _weighed(box: Box, sensitivity: float) -> Box:
  """A box with the confidence and severity that a sensitivity gives it."""
  confidence = 1 - (1 - box.confidence) ** sensitivity
  share = confidence / box.confidence if box.confidence else 1.0
  return box._replace(confidence=confidence, severity=box.severity * share)


def of_recipe(taught: Taught) -> Regions:
  """The regions of a recipe.

  Raises:
    ValueError: a region reaches beyond the frame, or none is left.
  """
  recipe = taught.recipe
  height, width = taught.goods[0].shape[:2]
  ignored = np.zeros((height, width), bool)
  if taught.ignored is not None:
    ignored |= taught.ignored
  for x1, y1, x2, y2 in recipe.ignore:
    ignored[round(y1) : round(y2), round(x1) : round(x2)] = True
  mask = areas.roi_mask(
    [each.region for each in recipe.inspect],
    ignored if ignored.any() else None,
    height=height,
    width=width,
  )
  return Regions(None if mask is None else mask > 0, recipe.inspect)
