"""``config.detect`` as typed values; the only place that opens it.

settings = from_config(config.detect)
tile_px, overlap_px = settings.tile_size(height, width, stride_px=16)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from zeroshot.detect import tiling

# Pictures from this size on take larger tiles.
LARGE_PX = 2**23
_LARGE_TILE_PIXELS = 3_500_000
# The shipped networks see 96 px far: a border changes scores by up to 4e-3 at
# 80 px, by 1e-4 at 96 px and not at all at 112 px. Of an overlap of 192 px,
# what is within 72 px of a border has no weight, within 120 px a part of it.
_LARGE_OVERLAP_PX = 192

# What a config that was stored before the field existed is taken to say.
_ADDED = {'local_field': True}


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
    local_field: whether a smooth field follows it, where that helps.
    tile_px: root of the most pixels of a tile, or its height and width.
    tile_overlap_px: of neighbouring tiles.
    min_confidence: boxes below it, once calibrated, are dropped.
    box_margin_px: added on every side of a box.
    box_settings: the rest.
  """

  kinds: str
  dark_is_conductor: bool
  registration: str
  local_field: bool
  tile_px: int | tuple[int, int]
  tile_overlap_px: int
  min_confidence: float
  box_margin_px: float
  box_settings: BoxSettings

  def tile_size(
    self, height: int, width: int, *, stride_px: int
  ) -> tuple[int | tuple[int, int], int]:
    """``tile_px`` and ``overlap_px`` for a picture of this size.

    A tile has at most ``tile_px**2`` pixels, of pictures of ``LARGE_PX`` pixels
    and more at least 3.5e6, unless the network has a size of its own; its
    height and width are those that score the fewest pixels twice.
    """
    if isinstance(self.tile_px, tuple):
      return self.tile_px, self.tile_overlap_px
    max_pixels, overlap_px = self.tile_px**2, self.tile_overlap_px
    if height * width >= LARGE_PX:
      max_pixels = max(max_pixels, _LARGE_TILE_PIXELS)
      overlap_px = max(overlap_px, _LARGE_OVERLAP_PX)
    size = tiling.fewest_pixels(
      height,
      width,
      max_pixels=max_pixels,
      overlap_px=overlap_px,
      stride_px=stride_px,
    )
    return self.tile_px if size is None else size, overlap_px


def from_config(config: Mapping[str, Any]) -> DetectSettings:
  """The settings of ``config.detect``.

  Raises:
    KeyError: a field is missing.
  """
  boxes = BoxSettings(*(config[name] for name in BoxSettings._fields))
  fields: dict[str, Any] = {
    name: config[name] if name in config else _ADDED[name]
    for name in DetectSettings._fields[:-1]
  }
  return DetectSettings(**fields, box_settings=boxes)
