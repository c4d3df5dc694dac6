"""One update, and one look at what the network sees: pure functions.

``train_step`` is what a single device runs. It draws its own share of the
global batch: example i of step s has the key (seed, 'pairs', s, i), whichever
device draws it. The loss is that of the global batch, whose sums the devices
add up; so the split over devices changes nothing but the rounding. No picture
or prediction travels: a step sends those few sums, one gradient and the
metrics, however many devices there are. One collective axis is named, ``AXIS``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from clu import metrics as clu_metrics
from flax import linen as nn

from zeroshot import rng
from zeroshot.train import metrics
from zeroshot.train.state import TrainState
from zeroshot.types import Array, Pair

AXIS = 'batch'

Synthesise = Callable[[Array, Any], Pair]
Loss = Callable[..., tuple[Array, Mapping[str, Array]]]


def train_step(
  state: TrainState,
  bank: Any,
  replica: Array,
  *,
  synthesise: Synthesise,
  model: nn.Module,
  loss: Loss,
  optimizer: optax.GradientTransformation,
  seed: int,
  per_device: int,
  ema_decay: float,
) -> tuple[TrainState, clu_metrics.Collection]:
  """Synthesises pairs and takes one update on them.

  Args:
    state: the same on all replicas; not consumed unless the caller donates it.
    bank: what ``synthesise`` draws from, a tree of arrays, or None.
    replica: int32 scalar, this device's number among those of all processes.
    synthesise: ``(keys [B], bank) -> Pair`` of ``[B, H, W, ...]``.
    model: applied to ``(reference, test)``; returns a prediction.
    loss: ``(prediction, mask, labels, *, sum_across) -> (total, terms)`` of
      the global batch, given one device's share; see ``zeroshot.losses``.
    optimizer: an optax transformation.
    seed: the run's seed.
    per_device: number of pairs that each device draws.
    ema_decay: of the moving average, once past its start.

  Returns:
    The state after the update, and a collection of each loss term, 'loss',
    'gradient_norm' (before clipping) and 'parameter_norm' (after the update).
    Faults are looked for in that order, so that the culprit is named first.
  """
  keys = rng.example_keys(
    seed, 'pairs', state.step, first=replica * per_device, count=per_device
  )
  pair = synthesise(keys, bank)

  def objective(params: Any) -> tuple[Array, Mapping[str, Array]]:
    prediction = model.apply({'params': params}, pair.reference, pair.test)
    # Each of the n replicas differentiates the loss of the global batch. The
    # adjoint of psum is psum and adds up their equal cotangents: each gets n
    # times what its own pairs contribute, and the mean over replicas below is
    # the gradient, once.
    return loss(
      prediction,
      pair.mask,
      pair.labels,
      sum_across=functools.partial(jax.lax.psum, axis_name=AXIS),
    )

  (total, terms), gradient = jax.value_and_grad(objective, has_aux=True)(
    state.params
  )
  gradient = jax.lax.pmean(gradient, AXIS)
  updates, opt_state = optimizer.update(gradient, state.opt_state, state.params)
  params = optax.apply_updates(state.params, updates)
  new_state = TrainState(
    step=state.step + 1,
    params=params,
    ema_params=moving_average(
      state.ema_params, params, decay=ema_decay, step=state.step
    ),
    opt_state=opt_state,
  )
  values = {
    **terms,
    'loss': total,
    'gradient_norm': optax.tree.norm(gradient),
    'parameter_norm': optax.tree.norm(params),
  }
  return new_state, metrics.gather(values, axis_name=AXIS)


def moving_average(
  average: Any, params: Any, *, decay: float, step: Array | int
) -> Any:
  """Exponential moving average that forgets its start.

  The decay rises as ``min(decay, (1 + t) / (10 + t))``, as in TensorFlow's
  ``ExponentialMovingAverage(num_updates=t)``, so that the random parameters of
  the start do not linger.

  Args:
    average: the average so far, a tree of arrays.
    params: the newest parameters, the same tree.
    decay: share of the old average that is kept; 0 keeps none.
    step: t, the number of updates completed before this one.

  Returns:
    The new average, the same tree.
  """
  kept = jnp.minimum(decay, (1.0 + step) / (10.0 + step))

  def moved(old: Array, new: Array) -> Array:
    # What stands still stays bit for bit: the sum may round.
    return jnp.where(old == new, new, kept * old + (1.0 - kept) * new)

  return jax.tree.map(moved, average, params)


def sample_step(
  params: Any,
  bank: Any,
  *,
  synthesise: Synthesise,
  apply: Callable[..., Any],
  seed: int,
  count: int,
) -> tuple[Pair, Array]:
  """Draws pairs of the stream 'samples' and scores them.

  The same pairs at every step of a run, so that score maps can be compared.
  Give it compiled functions: two programs, which other commands can reuse from
  a compilation cache, instead of one that nobody else needs.

  Args:
    params: of the model.
    bank: what ``synthesise`` draws from, a tree of arrays, or None.
    synthesise: ``(keys [B], bank) -> Pair``.
    apply: a module's, called with variables, reference and test.
    seed: the run's seed.
    count: number of pairs.

  Returns:
    A Pair of ``[count, H, W, ...]``, and scores ``[count, H, W]`` in [0, 1].
  """
  keys = rng.example_keys(seed, 'samples', 0, first=0, count=count)
  pair = synthesise(keys, bank)
  prediction: Any = apply({'params': params}, pair.reference, pair.test)
  return pair, jax.nn.sigmoid(prediction.logits)
