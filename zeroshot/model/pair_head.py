"""What a difference is and how far annotators would draw its box.

The decoder sees only how the two pictures disagree. That says where, but not
what: the same lump of copper is a spur on one trace and a short between two.
So this head sees the features of both pictures as well. It is learned from
labels alone, and left out where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp

from zeroshot.model import blocks
from zeroshot.types import Array

CELL_PX = 4  # the head speaks once for so many pixels each way
_UNIT_PX = 4.0  # of the sides, so that the last layer's outputs are near 1


class PairHead(nn.Module):
  """See the module's docstring.

  Attributes:
    width: channels.
    num_kinds: kinds to tell apart; 0 for none.
    predicts_sides: whether to correct the sides of boxes.
  """

  width: int
  num_kinds: int
  predicts_sides: bool

  @nn.compact
  def __call__(
    self,
    disagreements: Sequence[Array],
    features: Sequence[tuple[Array, Array]],
  ) -> tuple[Array | None, Array | None]:
    """Reads all scales but the finest, from the coarsest on.

    Args:
      disagreements: the decoder's ``[B, h, w, D]`` of each scale, coarsest
        first; the last is of stride 2.
      features: the test's and the matched reference's of each, likewise.

    Returns:
      ``kind_logits [B, H, W, num_kinds]`` and ``sides [B, H, W, 4]`` as in
      ``Prediction``, each None where it is not asked for.
    """
    x = None
    for decoded, pair in zip(disagreements[:-1], features[:-1], strict=True):
      seen = jnp.concatenate([decoded, *pair], axis=-1)
      y = nn.Conv(self.width, (1, 1))(seen)
      if x is not None:
        y = y + blocks.upsample(nn.Conv(self.width, (1, 1))(x))
      x = nn.relu(blocks.ResidualBlock(self.width)(y))
    assert x is not None, 'build checks that there are two scales'
    kind_logits, sides = None, None
    if self.num_kinds:
      kind_logits = _to_pixels(nn.Conv(self.num_kinds, (1, 1), name='kinds')(x))
    if self.predicts_sides:
      # From 0 on: without a label the boxes stay what they are.
      layer = nn.Conv(
        4, (1, 1), kernel_init=nn.initializers.zeros, name='sides'
      )
      sides = _to_pixels(_UNIT_PX * layer(x))
    return kind_logits, sides


def _to_pixels(cells: Array) -> Array:
  """``[B, h, w, C]`` repeated to ``[B, 4 h, 4 w, C]``."""
  return blocks.upsample(blocks.upsample(cells))
