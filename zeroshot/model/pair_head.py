"""Predicts the kind of each difference and the correction of its box.

The decoder's input is the difference of the pictures. It localises a defect but
does not identify it: the same copper is a spur on one trace and a short between
two. So this head has the features of both pictures as further input. It is
trained on labels alone, and left out where there are none.
"""

from __future__ import annotations

from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp

from zeroshot.model import blocks
from zeroshot.types import Array

_UNIT_PX = 4.0  # of the deltas, so that the last layer's outputs are near 1


class PairHead(nn.Module):
  """See the module's docstring.

  Attributes:
    widths: channels at strides 2, 4, 8, ...
    num_kinds: kinds to tell apart; 0 for none.
    regresses_boxes: whether to correct boxes.
  """

  widths: tuple[int, ...]
  num_kinds: int
  regresses_boxes: bool

  @nn.compact
  def __call__(
    self,
    disagreements: Sequence[Array],
    features: Sequence[tuple[Array, Array]],
  ) -> tuple[Array | None, Array | None]:
    """Reads all scales, from the coarsest on.

    Args:
      disagreements: the decoder's ``[B, h, w, D]`` of each scale, coarsest
        first.
      features: the test's and the matched reference's of each, likewise.

    Returns:
      ``kind_logits [B, H, W, num_kinds]`` and ``box_deltas [B, H, W, 4]`` as in
      ``Prediction``, each None where it is not configured.
    """
    x = None
    widths = reversed(self.widths)
    for width, decoded, pair in zip(
      widths, disagreements, features, strict=True
    ):
      y = nn.Conv(width, (1, 1))(jnp.concatenate([decoded, *pair], axis=-1))
      if x is not None:
        y = y + blocks.upsample(nn.Conv(width, (1, 1))(x))
      x = nn.relu(blocks.ResidualBlock(width)(y))
    assert x is not None, 'a network has a scale'
    kind_logits, box_deltas = None, None
    if self.num_kinds:
      kind_logits = blocks.upsample(
        nn.Conv(self.num_kinds, (1, 1), name='kinds')(x)
      )
    if self.regresses_boxes:
      # Starts at 0: without labels the boxes do not change.
      layer = nn.Conv(
        4, (1, 1), kernel_init=nn.initializers.zeros, name='sides'
      )
      box_deltas = blocks.upsample(_UNIT_PX * layer(x))
    return kind_logits, box_deltas
