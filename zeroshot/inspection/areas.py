"""Where to inspect: regions of interest, and a mask of what to ignore.

wanted = areas.roi_mask([(0, 0, 640, 200)], 'ignore.png', height=480, width=640)

Both lie in the test picture's grid, to which the reference is moved.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import numpy as np

from zeroshot.data import headers, masks
from zeroshot.inspection import inputs
from zeroshot.types import HostArray

Region = Sequence[float]  # x1, y1, x2, y2


def roi_mask(
  roi: Sequence[Region],
  ignore: inputs.Picture | None,
  *,
  height: int,
  width: int,
  max_megapixels: float = headers.MAX_MEGAPIXELS,
) -> HostArray | None:
  """The pixels to inspect.

  Args:
    roi: regions ``(x1, y1, x2, y2)`` in pixels, half-open, of which any may
      hold a pixel; none is the whole picture.
    ignore: picture file or array ``[H, W]`` or ``[H, W, C]``, not 0 where
      differences do not count; None ignores nothing.
    height: of the test picture, pixels.
    width: likewise.
    max_megapixels: the most that the mask may have.

  Returns:
    Uint8 ``[height, width]``, 1 where to inspect and else 0; None where that
    is everywhere.

  Raises:
    ValueError: a region lies beyond the picture or is empty, the mask cannot be
      read, is a JPEG or has another size, or nothing is left.
  """
  if not roi and ignore is None:
    return None
  kept = np.full((height, width), 0 if roi else 1, np.uint8)
  for region in roi:
    x1, y1, x2, y2 = validate_region(region)
    if x2 > width or y2 > height:
      raise ValueError(
        f'roi {format_region(region)} reaches beyond the test picture, '
        f'{width}x{height}; give x1,y1,x2,y2 in its pixels'
      )
    kept[round(y1) : round(y2), round(x1) : round(x2)] = 1
  if ignore is not None:
    mask = load_ignore_mask(ignore, max_megapixels=max_megapixels)
    if mask.shape != (height, width):
      raise ValueError(
        f'the ignore mask is {mask.shape[1]}x{mask.shape[0]} and the test '
        f'picture {width}x{height}; draw it over the test picture'
      )
    kept[mask] = 0
  if not kept.any():
    raise ValueError(
      'roi and ignore leave no pixel to inspect; ignore marks by values other '
      'than 0 what to leave out'
    )
  return kept


def validate_region(region: Region) -> Region:
  """The region as it came.

  Raises:
    ValueError: it is not four finite numbers, the first corner before the
      second and neither negative.
  """
  if len(region) != 4 or not all(math.isfinite(side) for side in region):
    raise ValueError(
      f'roi {format_region(region)}: give four numbers, x1,y1,x2,y2'
    )
  x1, y1, x2, y2 = region
  if x1 < 0 or y1 < 0 or round(x2) <= round(x1) or round(y2) <= round(y1):
    raise ValueError(
      f'roi {format_region(region)} is empty or begins before 0; give x1,y1,x2,y2 '
      'with x1 < x2 and y1 < y2, pixels'
    )
  return region


def format_region(region: Sequence[float]) -> str:
  """The region as the command line has it."""
  return ','.join(f'{side:g}' for side in region)


def load_ignore_mask(
  ignore: inputs.Picture, *, max_megapixels: float
) -> HostArray:
  """A mask of what to ignore, bool ``[H, W]``; see ``roi_mask``.

  Raises:
    ValueError: it cannot be read, or is a JPEG.
  """
  if isinstance(ignore, str | os.PathLike):
    masks.refuse_lossy(ignore)
  pixels = inputs.to_pixels(
    ignore, role='ignore', max_megapixels=max_megapixels
  )
  return np.asarray(pixels.any(axis=2))
