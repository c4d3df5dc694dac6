"""Building blocks of the networks.

All are local: none takes a statistic over a whole picture, so a tile's
features equal the whole picture's.
"""

from __future__ import annotations

import flax.linen as nn
import jax.numpy as jnp

from zeroshot.types import Array


def space_to_depth(x: Array, *, factor: int) -> Array:
  """Folds blocks of pixels into channels.

  Args:
    x: ``[B, H, W, C]``, H and W multiples of ``factor``.
    factor: side of a block.

  Returns:
    ``[B, H / factor, W / factor, factor**2 * C]``.
  """
  b, h, w, c = x.shape
  x = x.reshape(b, h // factor, factor, w // factor, factor, c)
  x = x.transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(b, h // factor, w // factor, factor**2 * c)


def depth_to_space(x: Array, *, factor: int) -> Array:
  """Unfolds channels into blocks of pixels; undoes ``space_to_depth``.

  Args:
    x: ``[B, H, W, factor**2 * C]``.
    factor: side of a block.

  Returns:
    ``[B, factor * H, factor * W, C]``.
  """
  b, h, w, c = x.shape
  x = x.reshape(b, h, w, factor, factor, c // factor**2)
  x = x.transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(b, h * factor, w * factor, c // factor**2)


def upsample(x: Array) -> Array:
  """Doubles height and width by repetition.

  Args:
    x: ``[B, H, W, C]``.

  Returns:
    ``[B, 2 * H, 2 * W, C]``.
  """
  return jnp.repeat(jnp.repeat(x, 2, axis=1), 2, axis=2)


class ResidualBlock(nn.Module):
  """``x + 1x1(relu(3x3(x)))``, without a norm.

  Attributes:
    width: channels in and out.
  """

  width: int

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """``[B, H, W, width]`` to the same."""
    y = nn.relu(nn.Conv(self.width, (3, 3))(x))
    return x + nn.Conv(self.width, (1, 1), use_bias=False)(y)
