"""How far good parts are from each other, as a picture.

  drawn = variation.draw(taught)       # None of one good part
  drawn.picture, drawn.most
  variation.over_frame(taught)

The more good parts differ at a place, the brighter it is drawn and the less it
lets through of what it is laid over. ``STOPS`` are its colours, for a legend.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.detect import working_size
from zeroshot.recipe import appearance
from zeroshot.recipe.taught import BAR, Taught, factor_of
from zeroshot.types import HostArray

# RGB, from where good parts are alike to where they differ most.
STOPS = (
  (13, 8, 135),
  (126, 3, 168),
  (204, 71, 120),
  (248, 149, 64),
  (240, 249, 33),
)
_OPACITY = 0.0, 0.85  # of the first and the last
_LONGEST_PX = 640


class Variation(NamedTuple):
  """The variation map of a recipe, drawn.

  Attributes:
    picture: uint8 ``[h, w, 4]``, RGB and opacity.
    least: levels of 255, summed over the channels, by which good parts differ
      where they are most alike.
    most: likewise, where they differ most.
    width: of what it covers, pixels of the frame as it came.
    height: likewise.
  """

  picture: HostArray
  least: float
  most: float
  width: float
  height: float


def draw(taught: Taught) -> Variation | None:
  """Draws the variation map; None of one good part, which has none.

  Args:
    taught: the recipe.

  Raises:
    ValueError: see ``taught.factor_of``.
  """
  bar = taught.maps.get(BAR)
  if bar is None:
    return None
  least, most = float(bar.min()), float(bar.max())
  level = (bar - least) / max(most - least, 1e-6)
  frame = taught.goods[0].shape[:2]
  small = working_size.small_shape(frame, factor_of(taught))
  sides = [
    count * appearance.CELL_PX * whole / part
    for count, whole, part in zip(bar.shape, frame, small, strict=True)
  ]
  return Variation(_colour(_shrink(level)), least, most, sides[1], sides[0])


def over_frame(taught: Taught) -> HostArray:
  """The first good part with the map laid over it, uint8 ``[H, W, 3]``, RGB.

  Args:
    taught: the recipe; with one good part there is nothing to lay over it.

  Raises:
    ValueError: see ``taught.factor_of``.
  """
  frame = as_uint8(taught.goods[0])
  drawn = draw(taught)
  if drawn is None:
    return frame
  height, width = frame.shape[:2]
  size = max(round(drawn.width), width), max(round(drawn.height), height)
  large = cv2.resize(drawn.picture, size, interpolation=cv2.INTER_LINEAR)
  large = large[:height, :width].astype(np.float32)
  share = large[..., 3:] / 255
  return np.rint(frame * (1 - share) + large[..., :3] * share).astype(np.uint8)


def _shrink(level: HostArray) -> HostArray:
  height, width = level.shape
  share = _LONGEST_PX / max(height, width)
  if share >= 1:
    return level
  size = max(1, round(width * share)), max(1, round(height * share))
  return cv2.resize(level, size, interpolation=cv2.INTER_AREA)


def _colour(level: HostArray) -> HostArray:
  """Levels ``[h, w]`` in [0, 1] as uint8 ``[h, w, 4]``."""
  places = np.linspace(0, 1, len(STOPS))
  channels = [
    np.interp(level, places, [stop[channel] for stop in STOPS])
    for channel in range(3)
  ]
  opacity = 255 * np.interp(level, (0, 1), _OPACITY)
  return np.rint(np.stack([*channels, opacity], axis=-1)).astype(np.uint8)
