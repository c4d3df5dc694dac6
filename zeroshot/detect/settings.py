"""What ``config.detect`` says; the only place that opens it.

found = opened(config.detect)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Settings(NamedTuple):
  """The fields of ``config.detect``; see ``configs/default.py``.

  Attributes:
    kinds: what names the kinds.
    dark_is_conductor: whether the darker of two materials is the conductor.
    registration: its method.
    tile_px: pictures with a longer side go through tiles of this side, or of
      this height and width.
    tile_overlap_px: of neighbouring tiles.
    min_confidence: boxes below it, once calibrated, are dropped.
    box_margin_px: added on every side of a box.
    box_settings: the rest, keyword arguments of ``boxes_from_scores``.
  """

  kinds: str
  dark_is_conductor: bool
  registration: str
  tile_px: int | tuple[int, int]
  tile_overlap_px: int
  min_confidence: float
  box_margin_px: float
  box_settings: dict[str, float]


def from_config(config: Mapping[str, Any]) -> Settings:
  """The settings of ``config.detect``.

  Raises:
    KeyError: one is missing.
  """
  rest = dict(config)
  own = {name: rest.pop(name) for name in Settings._fields[:-1]}
  return Settings(**own, box_settings=rest)
