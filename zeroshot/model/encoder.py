"""Picture -> features at strides 2, 4, 8, ...; both pictures go through it."""

from __future__ import annotations

import flax.linen as nn

from zeroshot.model import blocks
from zeroshot.types import Array


class Encoder(nn.Module):
  """A small residual pyramid.

  Attributes:
    widths: channels at each stride, finest first.
    depths: residual blocks at each stride.
  """

  widths: tuple[int, ...]
  depths: tuple[int, ...]

  @nn.compact
  def __call__(self, image: Array) -> tuple[Array, ...]:
    """Features of a picture.

    Args:
      image: ``[B, H, W, 3]``, H and W multiples of ``2 ** len(widths)``.

    Returns:
      One ``[B, H / 2**s, W / 2**s, widths[s - 1]]`` for each stride 2**s, each
      normalised over channels.
    """
    x = blocks.space_to_depth(4.0 * (image - 0.5), factor=2)
    x = nn.Conv(self.widths[0], (3, 3))(x)
    features = []
    for scale, (width, depth) in enumerate(
      zip(self.widths, self.depths, strict=True)
    ):
      if scale:
        x = nn.Conv(width, (1, 1))(blocks.space_to_depth(x, factor=2))
      for _ in range(depth):
        x = blocks.ResidualBlock(width)(x)
      features.append(nn.LayerNorm()(nn.Conv(width, (1, 1))(x)))
    return tuple(features)
