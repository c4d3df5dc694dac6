"""Regions of interest: four numbers, and their text on the command line.

  regions.validate_region([0, 0, 640, 200])
  regions.format_region([0, 0, 640, 200])  # '0,0,640,200'

Imports no NumPy: the command line parses regions before anything is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Region = Sequence[float]  # x1, y1, x2, y2


def validate_region(region: Region) -> Region:
  """Returns the region unchanged.

  Raises:
    ValueError: it is not four finite numbers, has a negative corner, or is
      empty after rounding to whole pixels.
  """
  text = format_region(region)
  if len(region) != 4 or not all(math.isfinite(side) for side in region):
    raise ValueError(f'roi {text}: give four numbers, x1,y1,x2,y2')
  x1, y1, x2, y2 = region
  if x1 < 0 or y1 < 0 or round(x2) <= round(x1) or round(y2) <= round(y1):
    raise ValueError(
      f'roi {text} is empty or begins before 0; give x1,y1,x2,y2 with x1 < x2 '
      'and y1 < y2, pixels'
    )
  return region


def format_region(region: Region) -> str:
  """The region as the command line spells it."""
  return ','.join(f'{side:g}' for side in region)
