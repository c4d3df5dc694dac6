"""The training loss: a weighted sum of named terms.

  loss = build_loss(config.loss)
  total, terms = loss(prediction, mask, labels)

Each term is a scalar function of a few sums over the batch. Where devices share
a batch, each has its own pairs, and ``sum_across`` adds up a tree of such sums
over all devices; so all get the terms of the whole batch, and no picture or
prediction is exchanged.

Sources: focal loss, T. Lin et al., ICCV 2017, equation 5; soft Dice,
F. Milletari et al., 3DV 2016, section 3; contrast, after the
similarity-contrast term of the source paper (Chinese Journal of Scientific
Instrument 44(10), 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections
import optax

from zeroshot.model.siamese import Prediction
from zeroshot.types import Array, Labels

Loss = Callable[..., tuple[Array, dict[str, Array]]]
SumAcross = Callable[[Any], Any]  # of a tree of sums, over all devices

_DELTA_UNIT_PX = 2.0  # errors beyond it count by their size, not its square


def whole_batch(sums: Any) -> Any:
  """``sum_across`` of a batch on a single device: the identity."""
  return sums


def build_loss(config: ml_collections.ConfigDict) -> Loss:
  """The weighted sum of the terms that have a weight.

  Args:
    config: ``config.loss``.

  Returns:
    A function ``(prediction, mask [B, H, W], labels=None, *, sum_across) ->
    (total, terms)``: the scalar to minimise and each term before its weight, by
    name.

  Raises:
    ValueError: if no term has a weight or one is negative.
  """
  names = ('balanced_bce', 'focal', 'dice', 'contrast', 'kinds', 'sides')
  weights = {name: config[name] for name in names}
  if min(weights.values()) < 0 or not any(weights.values()):
    raise ValueError(
      f'loss weights are {weights}; at least one must be positive and none '
      'negative'
    )

  def loss(
    prediction: Prediction,
    mask: Array,
    labels: Labels | None = None,
    *,
    sum_across: SumAcross = whole_batch,
  ) -> tuple[Array, dict[str, Array]]:
    terms = _terms(config, prediction, mask, labels, sum_across=sum_across)
    values = {name: terms[name]() for name in names if weights[name]}
    return sum(weights[name] * values[name] for name in values), values

  return loss


def _terms(
  config: ml_collections.ConfigDict,
  prediction: Prediction,
  mask: Array,
  labels: Labels | None,
  **across: SumAcross,
) -> dict[str, Callable[[], Array]]:
  """Functions that compute each term; arguments as in ``build_loss``."""
  p, smoothing = prediction, config.label_smoothing
  target = smoothing + (1 - 2 * smoothing) * mask
  weight = jnp.ones_like(mask) if labels is None else labels.weight
  gamma, margin = config.focal_gamma, config.contrast_margin
  return {
    'balanced_bce': lambda: balanced_bce(p.logits, target, weight, **across),
    'focal': lambda: focal(p.logits, target, weight, gamma=gamma, **across),
    'dice': lambda: dice(p.logits, mask, weight, **across),
    'contrast': lambda: contrast(
      p.features, mask, weight, margin=margin, **across
    ),
    'kinds': lambda: kinds(p.kind_logits, labels, **across),
    'sides': lambda: box_deltas(p.box_deltas, labels, **across),
  }


def balanced_bce(
  logits: Array,
  target: Array,
  weight: Array | float = 1.0,
  *,
  sum_across: SumAcross = whole_batch,
) -> Array:
  """Cross-entropy in which rare differences weigh more.

  A differing pixel weighs the inverse square root of their share in the
  batch, at most 10: between no balance and full balance, so that probabilities
  stay usable.

  Args:
    logits: ``[B, H, W]``.
    target: ``[B, H, W]`` in [0, 1].
    weight: of each pixel, ``[B, H, W]`` or one for all; 0 leaves it out.
    sum_across: see the top.

  Returns:
    Scalar, nats a pixel.
  """
  share = _mean(target, weight, sum_across)
  gain = jnp.clip(jax.lax.rsqrt(jnp.maximum(share, 1e-4)), 1.0, 10.0)
  losses = optax.sigmoid_binary_cross_entropy(logits, target)
  return _mean((1.0 + (gain - 1.0) * target) * losses, weight, sum_across)


def focal(
  logits: Array,
  target: Array,
  weight: Array | float = 1.0,
  *,
  gamma: float,
  sum_across: SumAcross = whole_batch,
) -> Array:
  """Cross-entropy in which pixels already right weigh little.

  Args:
    logits: ``[B, H, W]``.
    target: ``[B, H, W]`` in [0, 1].
    weight: of each pixel, ``[B, H, W]`` or one for all; 0 leaves it out.
    gamma: exponent; 0 is plain cross-entropy.
    sum_across: see the top.

  Returns:
    Scalar.
  """
  losses = optax.sigmoid_focal_loss(logits, target, gamma=gamma)
  return _mean(losses, weight, sum_across)


def dice(
  logits: Array,
  mask: Array,
  weight: Array | float = 1.0,
  *,
  sum_across: SumAcross = whole_batch,
) -> Array:
  """One minus the soft overlap of prediction and mask, over the batch.

  Over the batch and not per picture: a picture without a difference has no
  overlap to speak of.

  Args:
    logits: ``[B, H, W]``.
    mask: ``[B, H, W]``, 0 or 1.
    weight: of each pixel, ``[B, H, W]`` or one for all; 0 leaves it out.
    sum_across: see the top.

  Returns:
    Scalar in [0, 1]; 0 where both are empty.
  """
  scores = jax.nn.sigmoid(logits)
  overlap = jnp.sum(weight * scores * mask)
  total = jnp.sum(weight * scores) + jnp.sum(weight * mask)
  overlap, total = sum_across((overlap, total))
  return 1.0 - (2.0 * overlap + 1.0) / (total + 1.0)


def contrast(
  features: tuple[tuple[Array, Array], ...],
  mask: Array,
  weight: Array | float = 1.0,
  *,
  margin: float,
  sum_across: SumAcross = whole_batch,
) -> Array:
  """Features alike where the mask is empty, apart where it is set.

  Cosine distance at every scale: its square where no pixel of the cell
  differs; the square of its shortfall from ``margin`` where more than half do;
  other cells do not count. The two kinds of cell weigh the same.

  Args:
    features: pairs of ``[B, h, w, C]``, each side a divisor of the mask's.
    mask: ``[B, H, W]``, 0 or 1.
    weight: ``[B, H, W]``, 0 where the mask is open, else 1; or 1 for all.
    margin: least cosine distance inside the mask, in (0, 2].
    sum_across: see the top.

  Returns:
    Scalar, the mean over scales; 0 for a network without feature pairs.
  """
  if not features:
    return jnp.zeros(())
  # An open pixel makes its cell neither alike nor, on its own, apart.
  mask = jnp.where(weight > 0, mask, 0.5)
  sums = [_contrast_sums(*pair, mask, margin) for pair in features]
  scales = [
    pull / jnp.maximum(num_alike, 1.0) + push / jnp.maximum(num_apart, 1.0)
    for pull, num_alike, push, num_apart in sum_across(sums)
  ]
  return jnp.mean(jnp.stack(scales))


def _contrast_sums(
  test: Array, matched: Array, mask: Array, margin: float
) -> tuple[Array, Array, Array, Array]:
  """At one scale, the loss and number of cells alike, then of cells apart."""
  b, h, w, _ = test.shape
  cells = mask.reshape(b, h, mask.shape[1] // h, w, mask.shape[2] // w)
  share = jnp.mean(cells, axis=(2, 4))  # [b, h, w]
  distance = optax.cosine_distance(test, matched, epsilon=1e-3)
  alike = (share == 0).astype(distance.dtype)
  apart = (share > 0.5).astype(distance.dtype)
  pull = jnp.sum(alike * distance**2)
  lack = jnp.maximum(margin - distance, 0.0) ** 2
  push = jnp.sum(apart * lack)
  return pull, jnp.sum(alike), push, jnp.sum(apart)


def kinds(
  kind_logits: Array | None,
  labels: Labels | None,
  *,
  sum_across: SumAcross = whole_batch,
) -> Array:
  """Cross-entropy of the kind, averaged over a box and then over boxes.

  Args:
    kind_logits: ``[B, H, W, num_kinds]``.
    labels: of the pixels; those without a kind do not count.
    sum_across: see the top.

  Returns:
    Scalar, nats a box; 0 where no kind is known.

  Raises:
    ValueError: if the network names no kinds, or the pairs have no labels.
  """
  if kind_logits is None or labels is None:
    raise ValueError(
      'loss.kinds has weight: give model.kinds and labelled pairs, see '
      'configs/transfer.py'
    )
  share = labels.share * (labels.kind >= 0)
  losses = optax.softmax_cross_entropy_with_integer_labels(
    kind_logits, jnp.maximum(labels.kind, 0)
  )
  return _mean(losses, share, sum_across)


def box_deltas(
  predicted: Array | None,
  labels: Labels | None,
  *,
  sum_across: SumAcross = whole_batch,
) -> Array:
  """Huber's loss of the box deltas, averaged over a box and then over boxes.

  Args:
    predicted: ``[B, H, W, 4]``, in pixels.
    labels: of the pixels; those without a box, or turned, do not count.
    sum_across: see the top.

  Returns:
    Scalar, in units of 2 px; 0 where there is no box.

  Raises:
    ValueError: if the network corrects no boxes, or the pairs have no labels.
  """
  if predicted is None or labels is None:
    raise ValueError(
      'loss.sides has weight: give model.predicts_sides and labelled pairs, '
      'see configs/transfer.py'
    )
  losses = optax.huber_loss(
    predicted / _DELTA_UNIT_PX, labels.box_deltas / _DELTA_UNIT_PX
  )
  share = labels.share * labels.upright
  return _mean(jnp.mean(losses, axis=-1), share, sum_across)


def _mean(values: Array, weight: Array | float, sum_across: SumAcross) -> Array:
  """Weighted mean over the batch; 0 where nothing has weight."""
  weight = jnp.broadcast_to(jnp.asarray(weight), values.shape)
  summed, total = sum_across((jnp.sum(weight * values), jnp.sum(weight)))
  return summed / jnp.where(total > 0, total, 1.0)
