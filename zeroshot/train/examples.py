"""Each example of a batch by itself: its content, its loss, its gradient.

  findings = examine(params, pair, model=model, loss=loss)
  findings[5].faults       # ('the test picture has 12 values that are ...',)
  findings[5].not_finite   # ('prediction', 'dice', 'loss', 'gradient_norm')

One example at a time, so that memory is that of a batch of one.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn

from zeroshot.train.step import Loss
from zeroshot.types import Array, HostArray, Pair

# What each plane is called, and the least and largest value that it may have.
_PLANES: Mapping[str, tuple[str, float, float]] = {
  'reference': ('the reference picture', 0, 1),
  'test': ('the test picture', 0, 1),
  'mask': ('the mask', 0, 1),
  'weight': ('labels.weight', 0, 1),
  'kind': ('labels.kind', -1, math.inf),
  'box_deltas': ('labels.box_deltas', -math.inf, math.inf),
  'share': ('labels.share', 0, 1),
  'upright': ('labels.upright', 0, 1),
}
_ROUNDING = 1e-3  # beyond the range: no fault


@dataclasses.dataclass(frozen=True)
class Finding:
  """What is known of one example.

  Attributes:
    index: of the example in the global batch.
    finite: whether all values are, of 'reference', 'test', 'mask', the planes
      of labels where there are some, and 'prediction'.
    faults: what is wrong with pictures, mask and labels, in words.
    terms: of the loss of this example alone, 'loss', their sum, last.
    gradient_norm: of this example alone, over all parameters.
    scores: ``[H, W]`` in [0, 1] or NaN, what the network says.
  """

  index: int
  finite: Mapping[str, bool]
  faults: tuple[str, ...]
  terms: Mapping[str, float]
  gradient_norm: float
  scores: HostArray

  @property
  def not_finite(self) -> tuple[str, ...]:
    """Names of what came out of the example and is not finite."""
    figures = {**self.terms, 'gradient_norm': self.gradient_norm}
    bad = [name for name, value in figures.items() if not math.isfinite(value)]
    return (*([] if self.finite['prediction'] else ['prediction']), *bad)

  @property
  def order(self) -> tuple[bool, bool, bool, float]:
    """Sorts the worst first: outcome, then content, then gradient."""
    content = [at for name, at in self.finite.items() if name != 'prediction']
    steepness = -self.gradient_norm
    return (
      not self.not_finite,
      all(content),
      not self.faults,
      steepness if math.isfinite(steepness) else -math.inf,
    )


def examine(
  params: Any, pair: Pair, *, model: nn.Module, loss: Loss
) -> list[Finding]:
  """Looks at each example of a batch on its own.

  Args:
    params: of the model, nested dicts.
    pair: of arrays ``[B, H, W, ...]``.
    model: applied to ``(reference, test)``; returns a prediction.
    loss: ``(prediction, mask, labels) -> (total, terms)`` of a whole batch,
      which one example is here.

  Returns:
    B findings, in the order of the batch.
  """
  look = jax.jit(functools.partial(_look, model=model, loss=loss))
  findings = []
  for index in range(len(pair.mask)):
    one = jax.tree.map(lambda plane, at=index: plane[at : at + 1], pair)
    is_finite, total, terms, norm, scores = jax.device_get(look(params, one))
    planes = _planes(one)
    finite = {name: _num_bad(plane) == 0 for name, plane in planes.items()}
    findings.append(
      Finding(
        index=index,
        finite={**finite, 'prediction': bool(is_finite)},
        faults=tuple(_faults(planes)),
        terms={
          name: float(value) for name, value in {**terms, 'loss': total}.items()
        },
        gradient_norm=float(norm),
        scores=scores[0],
      )
    )
  return findings


def _look(
  params: Any, pair: Pair, *, model: nn.Module, loss: Loss
) -> tuple[Array, Array, Mapping[str, Array], Array, Array]:
  """Whether the prediction is finite; loss, terms, gradient norm, scores."""

  def objective(params: Any) -> tuple[Array, tuple[Mapping[str, Array], Any]]:
    prediction = model.apply({'params': params}, pair.reference, pair.test)
    total, terms = loss(prediction, pair.mask, pair.labels)
    return total, (terms, prediction)

  (total, (terms, prediction)), gradient = jax.value_and_grad(
    objective, has_aux=True
  )(params)
  is_finite = jnp.stack(
    [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(prediction)]
  )
  return (
    jnp.all(is_finite),
    total,
    terms,
    optax.tree.norm(gradient),
    jax.nn.sigmoid(prediction.logits),
  )


def _planes(pair: Pair) -> dict[str, HostArray]:
  """The arrays of a pair by name."""
  pictures = {name: getattr(pair, name) for name in Pair._fields[:3]}
  labels = {} if pair.labels is None else pair.labels._asdict()
  return {name: np.asarray(x) for name, x in {**pictures, **labels}.items()}


def _faults(planes: Mapping[str, HostArray]) -> Iterator[str]:
  """What is wrong with an example's content, in words."""
  for name, plane in planes.items():
    title, least, largest = _PLANES[name]
    num_bad = _num_bad(plane)
    if num_bad:
      verb = 'is' if num_bad == 1 else 'are'
      yield f'{title} has {_values(num_bad)} that {verb} not finite'
    beyond = plane[
      np.isfinite(plane)
      & ((plane < least - _ROUNDING) | (plane > largest + _ROUNDING))
    ]
    if beyond.size:
      farthest = float(beyond[np.argmax(np.abs(beyond))])
      interval = f'[{least:g}, {largest:g}]'
      yield (
        f'{title} has {_values(beyond.size)} beyond {interval}, such as '
        f'{farthest:.4g}'
      )


def _num_bad(plane: HostArray) -> int:
  """How many values are NaN or infinite."""
  return int(np.sum(~np.isfinite(plane)))


def _values(count: int) -> str:
  """A number of values, as people write it."""
  return '1 value' if count == 1 else f'{count} values'
