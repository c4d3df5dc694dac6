"""``config.detect`` as typed values; the only place that opens it.

settings = from_config(config.detect)
tile_px, overlap_px = settings.tile_size(height, width)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

# Pictures from this size on take larger tiles: the context of a network changes
# scores by 4e-3 where tiles overlap by 128 px, and by 3e-4 at 256 px.
LARGE_PX = 2**23
_LARGE_TILE_PX = 1536
_LARGE_OVERLAP_PX = 256


class BoxSettings(NamedTuple):
  """Keyword arguments of ``boxes.boxes_from_scores``."""

  threshold: float
  min_area_px: float
  join_px: float
  extent_share: float
  hidden_px: float


class DetectSettings(NamedTuple):
  """The fields of ``config.detect``; see ``configs/default.py``.

  Attributes:
    kinds: method that names the kinds.
    dark_is_conductor: whether the darker of two materials is the conductor.
    registration: method of registration.
    tile_px: longest side of a tile, or its height and width.
    tile_overlap_px: of neighbouring tiles.
    min_confidence: boxes below it, once calibrated, are dropped.
    box_margin_px: added on every side of a box.
    box_settings: the rest.
  """

  kinds: str
  dark_is_conductor: bool
  registration: str
  tile_px: int | tuple[int, int]
  tile_overlap_px: int
  min_confidence: float
  box_margin_px: float
  box_settings: BoxSettings

  def tile_size(
    self, height: int, width: int
  ) -> tuple[int | tuple[int, int], int]:
    """``tile_px`` and ``overlap_px`` for a picture of this size.

    Pictures of ``LARGE_PX`` pixels and more take tiles of at least 1,536 px
    that overlap by at least 256 px, unless the network has a size of its own.
    """
    if isinstance(self.tile_px, tuple) or height * width < LARGE_PX:
      return self.tile_px, self.tile_overlap_px
    return (
      max(self.tile_px, _LARGE_TILE_PX),
      max(self.tile_overlap_px, _LARGE_OVERLAP_PX),
    )


def from_config(config: Mapping[str, Any]) -> DetectSettings:
  """The settings of ``config.detect``.

  Raises:
    KeyError: a field is missing.
  """
  boxes = BoxSettings(*(config[name] for name in BoxSettings._fields))
  fields = {name: config[name] for name in DetectSettings._fields[:-1]}
  return DetectSettings(**fields, box_settings=boxes)
