"""The source paper's own network, at any width: the ablation's baseline.

The two pictures are one picture of 6 channels. Stages of stride 2 with large
first kernels (15, 11, 7), instance normalisation and GELU; a decoder that
predicts at a stride of 4, upsampled to the picture (Chinese Journal of
Scientific Instrument 44(10), 2023, and its published implementation).
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from zeroshot.model import blocks
from zeroshot.model.siamese import Prediction
from zeroshot.types import Array

FIRST_KERNELS = (15, 11, 7)


class EarlyFusion(nn.Module):
  """See the module's docstring.

  Attributes:
    widths: channels of the stages at strides 2, 4, 8, ...
    decoder_width: channels of the decoder.
  """

  widths: tuple[int, ...]
  decoder_width: int

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
      Prediction with logits ``[B, H, W]`` and no features.
    """
    x = jnp.concatenate([reference, test], axis=-1)
    scales = []
    for scale, width in enumerate(self.widths):
      side = FIRST_KERNELS[scale] if scale < len(FIRST_KERNELS) else 3
      x = nn.Conv(width, (side, side), strides=(2, 2))(x)
      x = nn.gelu(nn.InstanceNorm()(x))
      scales.append(x)
    decoded = nn.Conv(self.decoder_width, (1, 1))(scales[-1])
    for skip in reversed(scales[1:-1]):
      decoded = blocks.upsample(decoded) + nn.Conv(self.decoder_width, (1, 1))(
        skip
      )
      decoded = nn.gelu(nn.Conv(self.decoder_width, (3, 3))(decoded))
    logits = nn.Conv(1, (3, 3))(decoded)  # [B, H / 4, W / 4, 1]
    shape = (*reference.shape[:3], 1)
    # Enlarging has nothing to antialias; converters refuse to if asked.
    logits = jax.image.resize(logits, shape, 'bilinear', antialias=False)
    return Prediction(logits=logits[..., 0], features=())
