"""The Siamese discrepancy network.

One encoder sees both pictures. From the coarsest scale to the finest, the
reference's features are matched to the test's. The decoder's only input are the
differences between the two, in both signs: it never sees a picture.
"""

from __future__ import annotations

from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from zeroshot.model import blocks, matching
from zeroshot.model.encoder import Encoder
from zeroshot.model.pair_head import PairHead
from zeroshot.types import Array

HEAD = 'pair_head'  # among the parameters; the rest is the trunk


class Prediction(NamedTuple):
  """The output of a network for a pair.

  Attributes:
    logits: ``[B, H, W]``; positive where the pictures truly differ.
    features: for each scale, finest first, the test's features and the
      matched reference's, ``[B, h, w, C]`` each; empty for a network that
      compares no features.
    kind_logits: ``[B, H, W, num_kinds]`` before the softmax, of a difference
      at that pixel; None for a network that names no kinds.
    box_deltas: ``[B, H, W, 4]``, distance in pixels from the left, top, right
      and bottom of the box that detection draws to the box that annotators
      would draw, outward positive; None for a network without it.
    offsets: ``[B, h, w, 2]`` at the stride of the matching, row and column in
      pixels: where in the reference what the test shows there lies, as seen
      from there; None for a network that does not tell.
  """

  logits: Array
  features: tuple[tuple[Array, Array], ...]
  kind_logits: Array | None = None
  box_deltas: Array | None = None
  offsets: Array | None = None


class Siamese(nn.Module):
  """See the module's docstring.

  Attributes:
    widths: channels of the encoder at strides 2, 4, 8, ...
    depths: residual blocks at each stride.
    match_radii: radius of the search window at each stride, cells.
    match_support: radius of the square over which similarities are averaged.
    decoder_widths: channels of the decoder at each stride.
    decoder_depths: its residual blocks at each stride.
    num_kinds: kinds that the pair head tells apart; 0 leaves them out.
    regresses_boxes: whether the pair head corrects the boxes.
    head_widths: channels of the pair head at each stride.
  """

  widths: tuple[int, ...]
  depths: tuple[int, ...]
  match_radii: tuple[int, ...]
  match_support: int
  decoder_widths: tuple[int, ...]
  decoder_depths: tuple[int, ...]
  num_kinds: int = 0
  regresses_boxes: bool = False
  head_widths: tuple[int, ...] = ()

  @property
  def stride(self) -> int:
    """Height and width must be multiples of this."""
    return 2 ** len(self.widths)

  @nn.compact
  def __call__(self, reference: Array, test: Array) -> Prediction:
    """Compares two pictures.

    Args:
      reference: image ``[B, H, W, 3]``, H and W multiples of ``stride``.
      test: image ``[B, H, W, 3]``.

    Returns:
      Prediction with logits ``[B, H, W]``.
    """
    both = Encoder(self.widths, self.depths)(
      jnp.concatenate([reference, test], axis=0)
    )
    flow, decoded = None, None
    features, disagreements = [], []
    for scale in reversed(range(len(self.widths))):
      reference_features, test_features = jnp.split(both[scale], 2)
      if flow is None:
        flow = jnp.zeros((*test_features.shape[:3], 2))
      else:
        flow = matching.upsample_flow(flow)
      sharpness = self.param(
        f'sharpness_{scale}', nn.initializers.constant(10.0), ()
      )
      matched, flow = matching.match(
        test_features,
        reference_features,
        jax.lax.stop_gradient(flow),
        sharpness,
        radius=self.match_radii[scale],
        support=self.match_support,
      )
      features.append((test_features, matched))
      difference = test_features - matched
      sizes = self.decoder_widths[scale], self.decoder_depths[scale]
      signs = [nn.relu(difference), nn.relu(-difference)]
      decoded = DecoderStage(*sizes)(jnp.concatenate(signs, -1), decoded)
      disagreements.append(decoded)
    logits = nn.Conv(4, (3, 3))(decoded)
    logits = blocks.depth_to_space(logits, factor=2)[..., 0]
    prediction = Prediction(logits=logits, features=tuple(reversed(features)))
    if not self.num_kinds and not self.regresses_boxes:
      return prediction
    # No gradient from the head: the trunk learns from masks alone.
    kind_logits, box_deltas = PairHead(
      self.head_widths, self.num_kinds, self.regresses_boxes, name=HEAD
    )(*jax.lax.stop_gradient((disagreements, features)))
    return prediction._replace(kind_logits=kind_logits, box_deltas=box_deltas)


class DecoderStage(nn.Module):
  """Fuses one scale's difference with the coarser scales' features.

  Attributes:
    width: channels.
    depth: residual blocks.
  """

  width: int
  depth: int

  @nn.compact
  def __call__(self, difference: Array, coarser: Array | None) -> Array:
    """``difference [B, h, w, 2C]`` and ``coarser [B, h/2, w/2, D]``."""
    x = nn.Conv(self.width, (1, 1))(difference)
    if coarser is not None:
      x = x + blocks.upsample(nn.Conv(self.width, (1, 1))(coarser))
    for _ in range(self.depth):
      x = blocks.ResidualBlock(self.width)(x)
    return nn.relu(x)
