"""The training state: all that a checkpoint must hold.

  state = create_state(model, optimizer, seed=0, size_px=128)

No random key is part of it: keys are derived from (seed, step), see
``zeroshot.rng``.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from flax import struct

from zeroshot import rng
from zeroshot.types import Array, Params


class TrainState(struct.PyTreeNode):
  """The state of a training.

  Attributes:
    step: int32 scalar, the number of completed updates.
    params: the raw parameters, nested dicts of float32 arrays.
    ema_params: their moving average, the same tree; what is evaluated.
    opt_state: optax's state.
  """

  step: Array
  params: Params
  ema_params: Params
  opt_state: optax.OptState


def create_state(
  model: nn.Module,
  optimizer: optax.GradientTransformation,
  *,
  seed: int,
  size_px: int,
) -> TrainState:
  """The state before the first update, on the host.

  Runs under ``jit``: initialising a model operation by operation takes longer
  than compiling it once.

  Args:
    model: a module called as ``model(reference, test)``.
    optimizer: an optax transformation.
    seed: the run's seed; the parameters come from its stream 'parameters'.
    size_px: side of the square pictures that the parameters are shaped with.

  Returns:
    A TrainState of NumPy arrays; ``parallel.replicate`` puts it on devices.

  Raises:
    ValueError: where the model keeps variables that are no parameters.
  """
  create = jax.jit(_build_create(model, optimizer, size_px=size_px))
  state: TrainState = create(rng.stream_key(seed, 'parameters'))
  # Copies: the two sets of parameters must never share memory, since updates
  # take over the memory of the state that they are given.
  return jax.tree.map(np.array, state)


def describe_state(
  model: nn.Module,
  optimizer: optax.GradientTransformation,
  *,
  size_px: int,
) -> TrainState:
  """Shapes and types of the state; computes nothing.

  Args:
    model: a module called as ``model(reference, test)``.
    optimizer: an optax transformation.
    size_px: side of the square pictures that the parameters are shaped with.

  Returns:
    A TrainState of ``jax.ShapeDtypeStruct``.

  Raises:
    ValueError: where the model keeps variables that are no parameters.
  """
  create = _build_create(model, optimizer, size_px=size_px)
  state: TrainState = jax.eval_shape(create, jax.random.key(0))
  return state


def _build_create(
  model: nn.Module, optimizer: optax.GradientTransformation, *, size_px: int
) -> Callable[[Array], TrainState]:
  """A pure function from the key of the parameters to a new state."""

  def create(key: Array) -> TrainState:
    picture = jnp.zeros((1, size_px, size_px, 3), jnp.float32)
    variables = model.init(key, picture, picture)
    extra = sorted(set(variables) - {'params'})
    if extra:
      raise ValueError(
        f'the model keeps variable collections {extra}; the training state '
        'holds parameters alone: use layers without running statistics'
      )
    return TrainState(
      step=jnp.zeros((), jnp.int32),
      params=variables['params'],
      ema_params=variables['params'],
      opt_state=optimizer.init(variables['params']),
    )

  return create
