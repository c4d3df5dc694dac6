"""One training step of one device: a pure function.

  step = functools.partial(train_step, task=task, optimizer=optimizer, seed=0,
                           per_device=4, ema_decay=0.999)
  state, collection = step(state, bank, replica)    # inside jax.pmap

Each device draws its own share of the global batch: example i of step s has the
key (seed, 'pairs', s, i), whichever device draws it. The loss is that of the
global batch, from sums over all devices; so the number of devices changes
nothing but the rounding. Devices exchange those few sums, one gradient and the
metrics, and no pictures. The one collective axis is ``AXIS``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import optax
from clu import metrics as clu_metrics
from jax.flatten_util import ravel_pytree

from zeroshot import rng
from zeroshot.train import metrics
from zeroshot.train.state import TrainState
from zeroshot.train.task import Task
from zeroshot.types import Array, Material, Pair, Params

AXIS = 'batch'
# Scopes in the names of operations, by which a trace of the profiler is read.
SYNTHESIS, NETWORK = 'synthesis', 'network'

Tree = TypeVar('Tree')


def train_step(
  state: TrainState,
  bank: Material,
  replica: Array,
  *,
  task: Task,
  optimizer: optax.GradientTransformation,
  seed: int,
  per_device: int,
  ema_decay: float,
) -> tuple[TrainState, clu_metrics.Collection]:
  """Synthesises pairs and updates the parameters on them.

  Args:
    state: the same on all replicas; not consumed unless the caller donates it.
    bank: what ``task.synthesise`` draws from, on the device. ``task.bank`` is
      not read: it would be compiled in as a constant.
    replica: int32 scalar, this device's number among those of all processes.
    task: the synthesis, the model and the loss.
    optimizer: an optax transformation.
    seed: the run's seed.
    per_device: number of pairs that each device draws.
    ema_decay: of the moving average, once past its start.

  Returns:
    The state after the update, and a collection of each loss term, 'loss',
    'gradient_norm' (before clipping) and 'parameter_norm' (after the update),
    in the order in which they are searched for values that are not finite.
  """
  keys = rng.example_keys(
    seed, 'pairs', state.step, first=replica * per_device, count=per_device
  )
  with jax.named_scope(SYNTHESIS):
    pair = task.synthesise(keys, bank)

  objective = functools.partial(_compute_loss, pair=pair, task=task)
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


def _compute_loss(
  params: Params, *, pair: Pair, task: Task
) -> tuple[Array, Mapping[str, Array]]:
  """The loss of the global batch, given one device's share."""
  with jax.named_scope(NETWORK):
    prediction = apply_network(task, params, pair)
  # Each of the n replicas differentiates the loss of the global batch. The
  # adjoint of psum is psum and adds up their equal cotangents: each gets n
  # times what its own pairs contribute, and the mean over replicas in
  # ``train_step`` is the gradient, once.
  return task.loss(prediction, pair.mask, pair.labels, sum_across=sum_across)


def apply_network(task: Task, params: Params, pair: Pair) -> Any:
  """What the task's network says of pairs, in the task's precision.

  Args:
    task: the model and the precision.
    params: of the model, float32.
    pair: pictures ``[B, H, W, 3]``.

  Returns:
    The model's prediction, float32.
  """
  pictures = pair.reference, pair.test
  if task.precision == 'float32':
    return task.model.apply({'params': params}, *pictures)
  params, pictures = _cast((params, pictures), jnp.dtype(task.precision))
  return _cast(task.model.apply({'params': params}, *pictures), jnp.float32)


def _cast(tree: Tree, dtype: Any) -> Tree:
  """The arrays of a tree in another precision."""
  return jax.tree.map(lambda value: value.astype(dtype), tree)


def sum_across(sums: Tree) -> Tree:
  """Adds a tree of scalars over the replicas; called inside the step.

  They are sent as one vector: the latency of a message counts, not its size.

  Args:
    sums: of one replica, a tree of float32.

  Returns:
    The same tree, equal on all replicas.
  """
  packed, unpack = ravel_pytree(sums)
  return unpack(jax.lax.psum(packed, AXIS))


def moving_average(
  average: Tree, params: Tree, *, decay: float, step: Array | int
) -> Tree:
  """Exponential moving average with less weight on its start.

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

  def update(old: Array, new: Array) -> Array:
    # The weighted sum of two equal values may round to another.
    return jnp.where(old == new, new, kept * old + (1.0 - kept) * new)

  return jax.tree.map(update, average, params)
