"""What a network says of each pixel, taken apart, and read for each box.

maps = split(layers, num_kinds=6, predicts_sides=True)
xyxy = xyxy + corrections(components, maps.sides)
probabilities = kind_probabilities(boxes, maps)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.detect.components import Components, mean_over_highest
from zeroshot.types import HostArray


class Maps(NamedTuple):
  """One value, or several, for each pixel of the test picture.

  Attributes:
    scores: float32 ``[H, W]`` in [0, 1].
    kinds: float32 ``[H, W, K]``, probability of each kind of a difference
      there; None for a network that names none.
    sides: float32 ``[H, W, 4]``, how far beyond what detection draws unaided
      annotators would draw the left, top, right and bottom of the difference
      there, in pixels; None for a network that does not say.
  """

  scores: HostArray
  kinds: HostArray | None = None
  sides: HostArray | None = None


def split(layers: HostArray, *, num_kinds: int, predicts_sides: bool) -> Maps:
  """Takes a scorer's layers apart.

  Args:
    layers: ``[H, W]``, or ``[H, W, 1 + K + 4]`` with a pair head.
    num_kinds: K, 0 for a network that names none.
    predicts_sides: whether the four last layers are there.

  Returns:
    The maps.
  """
  if layers.ndim == 2:
    return Maps(layers)
  kinds = layers[..., 1 : 1 + num_kinds] if num_kinds else None
  sides = layers[..., 1 + num_kinds :] if predicts_sides else None
  return Maps(layers[..., 0], kinds, sides)


def corrected(
  xyxy: HostArray, found: Components, sides: HostArray
) -> HostArray:
  """Boxes moved to where annotators would draw them.

  Args:
    xyxy: ``[K, 4]``, of each component as ``extents`` draws it.
    found: the components.
    sides: ``[H, W, 4]``, see ``Maps``; their most certain pixels decide.

  Returns:
    Float32 ``[K, 4]``, not clipped, at least a pixel each way.
  """
  left, top, right, bottom = (
    mean_over_highest(found, sides[..., side]) for side in range(4)
  )
  moved = xyxy + np.stack([-left, -top, right, bottom], axis=1)
  centre = (moved[:, :2] + moved[:, 2:]) / 2
  first = np.minimum(moved[:, :2], centre - 0.5)
  beyond = np.maximum(moved[:, 2:], centre + 0.5)
  return np.concatenate([first, beyond], axis=1).astype(np.float32)


def kind_probabilities(xyxy: HostArray, maps: Maps) -> HostArray:
  """The kind that the pixels of a box speak for, each by its score squared.

  Args:
    xyxy: boxes ``[K, 4]``, half-open.
    maps: with kinds.

  Returns:
    Float32 ``[K, num_kinds]``; rows sum to 1.
  """
  assert maps.kinds is not None
  height, width, num_kinds = maps.kinds.shape
  result = np.full((len(xyxy), num_kinds), 1 / num_kinds, np.float32)
  for index, box in enumerate(xyxy):
    x1, y1 = np.clip(np.floor(box[:2]).astype(int), 0, [width - 1, height - 1])
    x2, y2 = np.ceil(box[2:]).astype(int)
    window = slice(y1, max(y2, y1 + 1)), slice(x1, max(x2, x1 + 1))
    weight = maps.scores[window] ** 2
    total = weight.sum()
    if total > 0:
      result[index] = np.tensordot(weight, maps.kinds[window], 2) / total
  return result
