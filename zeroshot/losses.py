"""What training minimises; every term by name and weight.

  loss = build_loss(config.loss)
  total, terms = loss(prediction, mask)

Each term is a function of one batch and returns a scalar. Sources: focal loss,
T. Lin et al., ICCV 2017, equation 5; soft Dice, F. Milletari et al., 3DV 2016,
section 3; contrast, after the similarity-contrast term of the source paper
(Chinese Journal of Scientific Instrument 44(10), 2023).
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import ml_collections
import optax

from zeroshot.model.siamese import Prediction
from zeroshot.types import Array

Loss = Callable[[Prediction, Array], tuple[Array, dict[str, Array]]]


def build_loss(config: ml_collections.ConfigDict) -> Loss:
  """The weighted sum of the terms that have a weight.

  Args:
    config: ``config.loss``.

  Returns:
    A function ``(prediction, mask [B, H, W]) -> (total, terms)``: the scalar
    to minimise and each term before its weight, by name.

  Raises:
    ValueError: if no term has a weight or one is negative.
  """
  smoothing = config.label_smoothing

  def smooth(mask: Array) -> Array:
    return smoothing + (1 - 2 * smoothing) * mask

  terms = {
    'balanced_bce': lambda p, mask: balanced_bce(p.logits, smooth(mask)),
    'focal': lambda p, mask: focal(
      p.logits, smooth(mask), gamma=config.focal_gamma
    ),
    'dice': lambda p, mask: dice(p.logits, mask),
    'contrast': lambda p, mask: contrast(
      p.features, mask, margin=config.contrast_margin
    ),
  }
  weights = {name: config[name] for name in terms}
  if min(weights.values()) < 0 or not any(weights.values()):
    raise ValueError(
      f'loss weights are {weights}; at least one must be positive and none '
      'negative'
    )

  def loss(
    prediction: Prediction, mask: Array
  ) -> tuple[Array, dict[str, Array]]:
    values = {
      name: terms[name](prediction, mask)
      for name, weight in weights.items()
      if weight
    }
    return sum(weights[name] * values[name] for name in values), values

  return loss


def balanced_bce(logits: Array, target: Array) -> Array:
  """Cross-entropy in which rare differences weigh more.

  A differing pixel weighs the inverse square root of their share in the
  batch, at most 10: between no balance and full balance, so that probabilities
  stay usable.

  Args:
    logits: ``[B, H, W]``.
    target: ``[B, H, W]`` in [0, 1].

  Returns:
    Scalar, nats a pixel.
  """
  share = jnp.mean(target)
  gain = jnp.clip(jax.lax.rsqrt(jnp.maximum(share, 1e-4)), 1.0, 10.0)
  weight = 1.0 + (gain - 1.0) * target
  losses = optax.sigmoid_binary_cross_entropy(logits, target)
  return jnp.mean(weight * losses)


def focal(logits: Array, target: Array, *, gamma: float) -> Array:
  """Cross-entropy in which pixels already right weigh little.

  Args:
    logits: ``[B, H, W]``.
    target: ``[B, H, W]`` in [0, 1].
    gamma: exponent; 0 is plain cross-entropy.

  Returns:
    Scalar.
  """
  return jnp.mean(optax.sigmoid_focal_loss(logits, target, gamma=gamma))


def dice(logits: Array, mask: Array) -> Array:
  """One minus the soft overlap of prediction and mask, over the batch.

  Over the batch and not per picture: a picture without a difference has no
  overlap to speak of.

  Args:
    logits: ``[B, H, W]``.
    mask: ``[B, H, W]``, 0 or 1.

  Returns:
    Scalar in [0, 1]; 0 where both are empty.
  """
  scores = jax.nn.sigmoid(logits)
  overlap = jnp.sum(scores * mask)
  total = jnp.sum(scores) + jnp.sum(mask)
  return 1.0 - (2.0 * overlap + 1.0) / (total + 1.0)


def contrast(
  features: tuple[tuple[Array, Array], ...], mask: Array, *, margin: float
) -> Array:
  """Features alike where the mask is empty, apart where it is set.

  Cosine distance at every scale: its square where no pixel of the cell
  differs; the square of what it lacks to ``margin`` where more than half do;
  cells between count for neither. The two kinds of cell weigh the same.

  Args:
    features: pairs of ``[B, h, w, C]``, each side a divisor of the mask's.
    mask: ``[B, H, W]``, 0 or 1.
    margin: cosine distance wanted inside the mask, in (0, 2].

  Returns:
    Scalar, the mean over scales; 0 for a network without feature pairs.
  """
  if not features:
    return jnp.zeros(())
  scales = [_contrast(*pair, mask, margin) for pair in features]
  return jnp.mean(jnp.stack(scales))


def _contrast(test: Array, matched: Array, mask: Array, margin: float) -> Array:
  """``contrast`` at one scale."""
  b, h, w, _ = test.shape
  cells = mask.reshape(b, h, mask.shape[1] // h, w, mask.shape[2] // w)
  share = jnp.mean(cells, axis=(2, 4))  # [b, h, w]
  distance = optax.cosine_distance(test, matched, epsilon=1e-3)
  alike = (share == 0).astype(distance.dtype)
  apart = (share > 0.5).astype(distance.dtype)
  pull = jnp.sum(alike * distance**2) / jnp.maximum(jnp.sum(alike), 1.0)
  lack = jnp.maximum(margin - distance, 0.0) ** 2
  push = jnp.sum(apart * lack) / jnp.maximum(jnp.sum(apart), 1.0)
  return pull + push
