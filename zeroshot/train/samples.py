"""Sample sheets: what the network is shown, and what it says. Host code.

  sheet = draw_sheet(pair, scores)    # uint8 [rows, columns, 3]

A row is a pair: reference, test, mask, score map.
"""

from __future__ import annotations

import numpy as np

from zeroshot.types import HostArray, Pair

_GAP_PX = 4
_GAP_GREY = 128


def draw_sheet(pair: Pair, scores: HostArray) -> HostArray:
  """Draws pairs and their score maps, one pair a row.

  Args:
    pair: of host arrays, pictures ``[B, H, W, 3]`` and masks ``[B, H, W]``.
    scores: ``[B, H, W]`` in [0, 1]; 0 is black, 1 white.

  Returns:
    uint8 ``[B * (H + gap) + gap, 4 * (W + gap) + gap, 3]``, RGB.
  """
  mask, scores = (
    np.repeat(np.asarray(grey)[..., None], 3, axis=-1)  # [B, H, W, 3]
    for grey in (pair.mask, scores)
  )
  columns = np.stack([pair.reference, pair.test, mask, scores], axis=1)
  tiles = np.rint(255.0 * np.clip(columns, 0.0, 1.0)).astype(np.uint8)
  tiles = np.pad(  # a gap above and left of each tile
    tiles,
    ((0, 0), (0, 0), (_GAP_PX, 0), (_GAP_PX, 0), (0, 0)),
    constant_values=_GAP_GREY,
  )
  num_rows, num_columns, height, width, _ = tiles.shape
  sheet = tiles.transpose(0, 2, 1, 3, 4).reshape(
    num_rows * height, num_columns * width, 3
  )
  return np.pad(
    sheet, ((0, _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=_GAP_GREY
  )
