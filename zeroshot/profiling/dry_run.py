"""What a training would compute and need, before anything is allocated.

  plan = dry_run.describe(config, task)

The step is traced and compiled, not run: no array is put on a device.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
import ml_collections

from zeroshot import rng
from zeroshot.train import parallel
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.state import TrainState, describe_state
from zeroshot.train.task import Task
from zeroshot.train.update import device_step
from zeroshot.types import Array, JsonObject, Material, Pair, Params

_MIB = 2**20


def describe(config: ml_collections.ConfigDict, task: Task) -> JsonObject:
  """Parameters, arithmetic, memory and shapes of a step.

  Args:
    config: the whole config.
    task: the synthesis, the model and the loss; its bank stays on the host.

  Returns:
    ``parameters``, their number; ``gigaflop`` by XLA's own count, of the
    gradient of the ``network`` and of the whole ``step``, both of one device
    (1e9 operations; the body of a loop counts once, however often it runs);
    ``memory_mib`` of one device by XLA's plan: ``arguments``, of which
    ``reused`` hold results later, ``results`` and ``intermediate``;
    ``shapes``, of what a step is given and makes, by path; ``batch_size``,
    ``per_device`` and ``devices``.

  Raises:
    ValueError: for invalid settings.
  """
  optimizer, _ = build_optimizer(config.train)
  state = describe_state(
    task.model, optimizer, size_px=config.synthesis.size_px
  )
  bank: Material = jax.eval_shape(lambda: task.bank)
  per_device = parallel.per_device_batch(config.train.batch_size)
  step = device_step(config, task, optimizer)
  lowered = parallel.parallel_step(step).lower(state, bank)
  pair: Pair = jax.eval_shape(
    lambda bank: task.synthesise(_keys(config.seed, per_device), bank), bank
  )
  gradient = jax.jit(functools.partial(_gradient, task=task))
  return {
    'parameters': sum(leaf.size for leaf in jax.tree.leaves(state.params)),
    'gigaflop': {
      'network': _gigaflop(gradient.lower(state.params, pair)),
      'step': _gigaflop(lowered),
    },
    'memory_mib': _memory(lowered.compile()),
    'shapes': {
      **_shapes('bank', bank),
      **_shapes('pair', pair),
      **_shapes('prediction', _predict(task, state, pair)),
      **_shapes('params', state.params),
    },
    'batch_size': config.train.batch_size,
    'per_device': per_device,
    'devices': f'{jax.device_count()} {jax.devices()[0].device_kind}',
  }


def _keys(seed: int, count: int) -> Array:
  """The keys of the pairs that a device draws in update 1."""
  return rng.example_keys(
    seed, 'pairs', jnp.zeros((), jnp.int32), first=0, count=count
  )


def _gradient(params: Params, pair: Pair, *, task: Task) -> Params:
  """The gradient of the loss of one device's pairs."""

  def loss(params: Params) -> Array:
    prediction = task.model.apply({'params': params}, pair.reference, pair.test)
    return task.loss(prediction, pair.mask, pair.labels)[0]

  gradient: Params = jax.grad(loss)(params)
  return gradient


def _predict(task: Task, state: TrainState, pair: Pair) -> Any:
  """Shapes of what the network returns for one device's pairs."""
  return jax.eval_shape(
    task.model.apply, {'params': state.params}, pair.reference, pair.test
  )


def _gigaflop(lowered: jax.stages.Lowered) -> float | None:
  """1e9 operations of a program; None where the backend counts none."""
  analysis: Any = lowered.cost_analysis()
  if isinstance(analysis, list):  # one of each computation
    analysis = analysis[0] if analysis else None
  return analysis['flops'] / 1e9 if analysis and 'flops' in analysis else None


def _memory(compiled: jax.stages.Compiled) -> dict[str, float] | None:
  """MiB of a compiled program; None where the backend does not plan it."""
  plan = compiled.memory_analysis()
  if plan is None:
    return None
  sizes = {
    'arguments': plan.argument_size_in_bytes,
    'reused': plan.alias_size_in_bytes,
    'results': plan.output_size_in_bytes,
    'intermediate': plan.temp_size_in_bytes,
  }
  return {name: size / _MIB for name, size in sizes.items()}


def _shapes(title: str, tree: Any) -> dict[str, str]:
  """Type and shape of each array of a tree, as ``'float32 [4, 32, 32]'``."""
  return {
    f'{title}{jax.tree_util.keystr(path)}': f'{leaf.dtype} {list(leaf.shape)}'
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]
  }
