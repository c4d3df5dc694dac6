"""Where to inspect: regions of interest, and a mask of what to ignore.

  roi_mask = areas.roi_mask(
    [(0, 0, 640, 200)], 'ignore.png', height=480, width=640
  )

Both are in the pixel grid of the test picture.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from zeroshot.data import limits, masks
from zeroshot.inspection import inputs
from zeroshot.inspection.regions import Region, format_region, validate_region
from zeroshot.types import HostArray


def roi_mask(
  roi: Sequence[Region],
  ignore: inputs.Picture | None,
  *,
  height: int,
  width: int,
  max_megapixels: float = limits.MAX_MEGAPIXELS,
) -> HostArray | None:
  """The mask of the pixels to inspect.

  Args:
    roi: regions ``(x1, y1, x2, y2)`` in pixels, half-open; their union is
      inspected. No region means the whole picture.
    ignore: picture file or array ``[H, W]`` or ``[H, W, C]``, nonzero where
      differences do not count; None ignores nothing.
    height: of the test picture, pixels.
    width: of the test picture, pixels.
    max_megapixels: largest mask that is read, 1e6 pixels.

  Returns:
    Uint8 ``[height, width]``, 1 where to inspect, else 0; None if that is
    everywhere.

  Raises:
    ValueError: a region is empty or exceeds the picture, the mask cannot be
      read, is a JPEG or has another size, or no pixel is left.
  """
  if not roi and ignore is None:
    return None
  mask = np.full((height, width), 0 if roi else 1, np.uint8)
  for region in roi:
    x1, y1, x2, y2 = validate_region(region)
    if x2 > width or y2 > height:
      raise ValueError(
        f'roi {format_region(region)} reaches beyond the test picture, '
        f'{width}x{height}; give x1,y1,x2,y2 in its pixels'
      )
    mask[round(y1) : round(y2), round(x1) : round(x2)] = 1
  if ignore is not None:
    ignored = load_ignore_mask(ignore, max_megapixels=max_megapixels)
    if ignored.shape != (height, width):
      raise ValueError(
        f'the ignore mask is {ignored.shape[1]}x{ignored.shape[0]} and the '
        f'test picture {width}x{height}; draw it over the test picture'
      )
    mask[ignored] = 0
  if not mask.any():
    raise ValueError(
      'roi and ignore leave no pixel to inspect; ignore marks by values other '
      'than 0 what to leave out'
    )
  return mask


def load_ignore_mask(
  ignore: inputs.Picture, *, max_megapixels: float
) -> HostArray:
  """Reads an ignore mask as bool ``[H, W]``; see ``roi_mask``.

  Raises:
    ValueError: it cannot be read, or is a JPEG.
  """
  if isinstance(ignore, str | os.PathLike):
    masks.refuse_lossy(ignore)
  pixels = inputs.to_pixels(
    ignore, role='ignore', max_megapixels=max_megapixels
  )
  return np.asarray(pixels.any(axis=2))
