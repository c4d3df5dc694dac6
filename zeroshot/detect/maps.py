"""A network's output, split into maps, and averaged over each box.

maps = split(layers, num_kinds=6, regresses_boxes=True)
probabilities = kind_probabilities(boxes.xyxy, maps)
xyxy = correct_boxes(boxes.xyxy, maps)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.detect.boxes import at_least_a_pixel
from zeroshot.types import HostArray, Tile


class HeadMaps(NamedTuple):
  """One value, or several, for each pixel of the test picture.

  Attributes:
    scores: float32 ``[H, W]`` in [0, 1].
    kinds: float32 ``[H, W, K]``, probability of each kind of a difference
      there; None for a network that names none.
    box_deltas: float32 ``[H, W, 4]``, distance in pixels from the left, top,
      right and bottom of the box that detection draws to the box that
      annotators would draw, outward positive; None for a network without it.
  """

  scores: HostArray
  kinds: HostArray | None = None
  box_deltas: HostArray | None = None

  def crop(self, tile: Tile) -> HeadMaps:
    """The maps of a window."""
    kinds, box_deltas = (
      None if layer is None else layer[tile.window]
      for layer in (self.kinds, self.box_deltas)
    )
    return HeadMaps(self.scores[tile.window], kinds, box_deltas)


def split(
  layers: HostArray, *, num_kinds: int, regresses_boxes: bool
) -> HeadMaps:
  """Takes a scorer's layers apart.

  Args:
    layers: ``[H, W]``, or ``[H, W, 1 + K + 4]`` with a pair head.
    num_kinds: K, 0 for a network that names none.
    regresses_boxes: whether the four last layers are there.

  Returns:
    The maps.
  """
  if layers.ndim == 2:
    return HeadMaps(layers)
  kinds = layers[..., 1 : 1 + num_kinds] if num_kinds else None
  box_deltas = layers[..., 1 + num_kinds :] if regresses_boxes else None
  return HeadMaps(layers[..., 0], kinds, box_deltas)


def correct_boxes(xyxy: HostArray, maps: HeadMaps) -> HostArray:
  """Boxes moved to where annotators would draw them.

  Args:
    xyxy: boxes ``[K, 4]``, half-open, as ``extents`` draws them.
    maps: with ``box_deltas``; pixels are weighted by their scores squared.

  Returns:
    Float32 ``[K, 4]``, not clipped, at least a pixel each way.
  """
  assert maps.box_deltas is not None
  outward = np.array([-1, -1, 1, 1], np.float32)
  moved = xyxy + outward * _weighted_mean(
    xyxy, maps.scores, maps.box_deltas, default=0.0
  )
  return at_least_a_pixel(moved).astype(np.float32)


def kind_probabilities(xyxy: HostArray, maps: HeadMaps) -> HostArray:
  """The probabilities of the kinds, averaged over each box's pixels.

  Pixels are weighted by their scores squared.

  Args:
    xyxy: boxes ``[K, 4]``, half-open.
    maps: with kinds.

  Returns:
    Float32 ``[K, num_kinds]``; rows sum to 1.
  """
  assert maps.kinds is not None
  return _weighted_mean(
    xyxy, maps.scores, maps.kinds, default=1 / maps.kinds.shape[2]
  )


def _weighted_mean(
  xyxy: HostArray, scores: HostArray, layers: HostArray, *, default: float
) -> HostArray:
  """Mean of ``layers [H, W, C]`` in each box, weighted by the scores squared.

  Returns:
    Float32 ``[K, C]``; the default where nothing scores.
  """
  height, width, count = layers.shape
  result = np.full((len(xyxy), count), default, np.float32)
  for index, box in enumerate(xyxy):
    x1, y1 = np.clip(np.floor(box[:2]).astype(int), 0, [width - 1, height - 1])
    x2, y2 = np.ceil(box[2:]).astype(int)
    window = slice(y1, max(y2, y1 + 1)), slice(x1, max(x2, x1 + 1))
    weight = scores[window] ** 2
    total = weight.sum()
    if total > 0:
      result[index] = np.tensordot(weight, layers[window], 2) / total
  return result
