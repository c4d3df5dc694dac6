"""A Siamese network whose score does not change when the pictures are swapped.

One encoder sees both pictures. The decoder's input are functions of the two
that are symmetric bit for bit: the size of their difference, their sum, and how
well each fits around the other's place. It works at strides of 4 and more,
where arithmetic is cheap, and is told the largest difference of each 2x2 cells
of the finest stride, so that a defect of 3 pixels is not lost.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from zeroshot.model import blocks
from zeroshot.model.matching import window
from zeroshot.model.siamese import Prediction
from zeroshot.types import Array

_LOGITS_STRIDE = 4  # of the finest decoder
_SHARPNESS = 12.0  # of the softmax over offsets, times the cosine


class Symmetric(nn.Module):
  """See the module's docstring.

  Attributes:
    widths: channels of the encoder at strides 2, 4, 8, ...
    depths: residual blocks at each stride.
    match_radii: radius of the window in which features are compared at each
      stride, cells; 0 compares in place alone. That of the coarsest stride
      that has one gives the offsets. That of stride 2 is not used.
    decoder_widths: channels of the decoder at each stride; that of stride 2 is
      not used.
    decoder_depths: its residual blocks at each stride, likewise.
  """

  widths: tuple[int, ...]
  depths: tuple[int, ...]
  match_radii: tuple[int, ...]
  decoder_widths: tuple[int, ...]
  decoder_depths: tuple[int, ...]

  @property
  def stride(self) -> int:
    """Height and width must be multiples of this."""
    return int(2 ** len(self.widths))

  @nn.compact
  def __call__(self, reference: Array, test: Array) -> Prediction:
    """Compares two pictures.

    Args:
      reference: image ``[B, H, W, 3]``, H and W multiples of ``stride``.
      test: image ``[B, H, W, 3]``.

    Returns:
      Prediction with logits ``[B, H, W]``.
    """
    both = PyramidEncoder(self.widths, self.depths, name='encoder')(
      jnp.concatenate([reference, test], axis=0)
    )
    pairs = [jnp.split(scale, 2) for scale in both]
    decoded, offsets = None, None
    for scale in reversed(range(1, len(pairs))):
      first, second = pairs[scale]
      seen = [jnp.abs(first - second), first + second]
      if scale == 1:
        finest = jnp.abs(pairs[0][0] - pairs[0][1])
        seen.append(nn.max_pool(finest, (2, 2), strides=(2, 2)))
      radius = self.match_radii[scale]
      if radius:
        fit, back = correlate(second, first, radius=radius)
        seen += [fit + back, jnp.abs(fit - back)]
        if offsets is None:
          offsets = 2 ** (scale + 1) * find_offsets(fit, radius=radius)
      decoded = Decoder(
        self.decoder_widths[scale],
        self.decoder_depths[scale],
        name=f'decoder_{scale}',
      )(jnp.concatenate(seen, axis=-1), decoded)
    logits = nn.Conv(_LOGITS_STRIDE**2, (3, 3), name='logits')(decoded)
    return Prediction(
      logits=blocks.depth_to_space(logits, factor=_LOGITS_STRIDE)[..., 0],
      features=tuple((second, first) for first, second in pairs[1:]),
      offsets=offsets,
    )


class PyramidEncoder(nn.Module):
  """Strided convolutions and residual blocks; see ``Symmetric``.

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
      image: ``[B, H, W, 3]``.

    Returns:
      One ``[B, H / 2**s, W / 2**s, widths[s - 1]]`` for each stride 2**s; all
      but the finest are normalised over channels, so that contrast does not
      count.
    """
    x = 4.0 * (image - 0.5)
    features = []
    for scale, (width, depth) in enumerate(
      zip(self.widths, self.depths, strict=True)
    ):
      x = nn.Conv(
        width,
        (3, 3),
        strides=(2, 2),
        padding=((1, 1), (1, 1)),
        name=f'down_{scale}',
      )(x)
      x = nn.relu(x)
      for block in range(depth):
        x = blocks.ResidualBlock(width, name=f'block_{scale}_{block}')(x)
      if scale == 0:
        features.append(x)
        continue
      y = nn.Conv(width, (1, 1), name=f'feature_{scale}')(x)
      features.append(nn.LayerNorm(name=f'norm_{scale}')(y))
    return tuple(features)


class Decoder(nn.Module):
  """Fuses what one scale shows with the coarser scales.

  Attributes:
    width: channels.
    depth: residual blocks.
  """

  width: int
  depth: int

  @nn.compact
  def __call__(self, seen: Array, coarser: Array | None) -> Array:
    """``seen [B, h, w, C]`` and ``coarser [B, h/2, w/2, D]``."""
    x = nn.Conv(self.width, (1, 1), name='seen')(seen)
    if coarser is not None:
      x = x + blocks.upsample(
        nn.Conv(self.width, (1, 1), name='coarser')(coarser)
      )
    x = nn.relu(x)
    for block in range(self.depth):
      x = blocks.ResidualBlock(self.width, name=f'block_{block}')(x)
    return nn.relu(x)


def correlate(query: Array, keys: Array, *, radius: int) -> tuple[Array, Array]:
  """Inner products of features with those around their place, both ways.

  Args:
    query: ``[B, h, w, C]``, normalised.
    keys: ``[B, h, w, C]``, likewise.
    radius: of the window, cells.

  Returns:
    Two ``[B, h, w, K]``: of ``query`` here with ``keys`` at each offset, and of
    ``keys`` here with ``query`` at each; 0 beyond the picture.
  """
  channels = query.shape[-1]
  pad = ((0, 0), (radius, radius), (radius, radius), (0, 0))
  around, queries = jnp.pad(keys, pad), jnp.pad(query, pad)
  h, w = query.shape[1:3]

  def at(x: Array, dy: int, dx: int) -> Array:
    return x[:, radius + dy : radius + dy + h, radius + dx : radius + dx + w]

  steps = [(int(dy), int(dx)) for dy, dx in window(radius)]
  forth = [
    jnp.einsum('bhwc,bhwc->bhw', query, at(around, *step)) for step in steps
  ]
  back = [
    jnp.einsum('bhwc,bhwc->bhw', keys, at(queries, *step)) for step in steps
  ]
  return jnp.stack(forth, -1) / channels, jnp.stack(back, -1) / channels


def find_offsets(fit: Array, *, radius: int) -> Array:
  """The mean offset, weighted by how well features fit there.

  Args:
    fit: of ``correlate``, ``[B, h, w, K]``.
    radius: of its window.

  Returns:
    ``[B, h, w, 2]``, row and column, cells.
  """
  share = jax.nn.softmax(_SHARPNESS * jax.lax.stop_gradient(fit), axis=-1)
  return share @ jnp.asarray(window(radius), share.dtype)
