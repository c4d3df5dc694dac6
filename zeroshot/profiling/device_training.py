"""Pace, memory and arithmetic of the training step at one setting.

  setting = device_training.Setting(size_px=640, batch_size=64)
  step = device_training.compile_step(config, setting)
  figures = device_training.measure(step, seconds=2.0, flop_per_pair=1e9)

The step is that of ``launch.train``, compiled ahead. Several updates are
dispatched before the host waits for the last, as between two log lines.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import ml_collections

from zeroshot import losses
from zeroshot.experiments import setup
from zeroshot.profiling import device_peaks
from zeroshot.train import parallel
from zeroshot.train.state import TrainState
from zeroshot.train.step import apply_network
from zeroshot.train.update import build_update, first_state
from zeroshot.types import Array, JsonObject, Material, Pair, Params

_MIN_UPDATES = 2  # that are timed


class Setting(NamedTuple):
  """What is varied.

  Attributes:
    size_px: side of the pictures.
    batch_size: pairs of an update.
    precision: of the network, ``'float32'`` or ``'bfloat16'``.
  """

  size_px: int
  batch_size: int
  precision: str = 'float32'

  def __str__(self) -> str:
    return f'{self.size_px} px, batch {self.batch_size}, {self.precision}'

  def apply(self, config: ml_collections.ConfigDict) -> Any:
    """A copy of a whole config with this setting."""
    changed = config.copy_and_resolve_references()
    changed.synthesis.size_px = self.size_px
    changed.train.batch_size = self.batch_size
    changed.train.precision = self.precision
    return changed


class CompiledStep(NamedTuple):
  """A training step and what it runs on.

  Attributes:
    setting: of it.
    program: ``(state, bank, replicas) -> (state, metrics)``, compiled; it
      consumes the state.
    state: before the first update, on the devices.
    bank: what it draws from.
    replicas: see ``parallel.ParallelStep``.
    compile_s: seconds that lowering and compiling took.
  """

  setting: Setting
  program: Any
  state: TrainState
  bank: Material
  replicas: Any
  compile_s: float

  def run(self, num_updates: int) -> CompiledStep:
    """Runs updates, waits for the last, and returns the step after them."""
    state, metrics = self.state, None
    for _ in range(num_updates):
      state, metrics = self.program(state, self.bank, self.replicas)
    jax.block_until_ready(metrics)
    return self._replace(state=state)


def compile_step(
  config: ml_collections.ConfigDict, setting: Setting
) -> CompiledStep:
  """Compiles the step of a setting.

  Args:
    config: the whole config.
    setting: replaces its own.
  """
  changed = setting.apply(config)
  task = setup.build_task(changed)
  update = build_update(changed, task)
  state = first_state(changed, task, update.optimizer, None)
  state, bank = parallel.replicate((state, task.bank))
  start = time.perf_counter()
  program = update.step.lower(state, bank).compile()
  compile_s = time.perf_counter() - start
  return CompiledStep(
    setting, program, state, bank, update.step.replicas, compile_s
  )


def measure(
  step: CompiledStep, *, seconds: float, flop_per_pair: float
) -> JsonObject:
  """Times the step; consumes its state.

  Args:
    step: compiled.
    seconds: to time for, more or less.
    flop_per_pair: of the network, see ``network_flop``.

  Returns:
    ``compile_s``, ``pairs_per_second``, ``memory_mib`` (what the program
    reserves, by XLA), ``teraflop_per_second`` of the network and
    ``utilisation``, its share of the devices' peak; None where that is unknown.
  """
  step = step.run(1)
  start = time.perf_counter()
  step = step.run(1)
  once = time.perf_counter() - start
  num_updates = max(_MIN_UPDATES, int(seconds / max(once, 1e-6)))
  start = time.perf_counter()
  step.run(num_updates)
  pace = step.setting.batch_size * num_updates / (time.perf_counter() - start)
  device, arithmetic = jax.devices()[0], pace * flop_per_pair / 1e12
  peak = device_peaks.teraflops(device.device_kind, step.setting.precision)
  return {
    'pairs_per_second': pace,
    'compile_s': step.compile_s,
    'memory_mib': program_mib(step.program),
    'teraflop_per_second': arithmetic,
    'utilisation': peak and arithmetic / (peak * jax.device_count()),
  }


def program_mib(program: Any) -> float | None:
  """Memory that a compiled program needs at once; None where not known."""
  stats = program.memory_analysis()
  if stats is None:
    return None
  return (
    float(
      stats.argument_size_in_bytes
      + stats.output_size_in_bytes
      - stats.alias_size_in_bytes
      + stats.temp_size_in_bytes
    )
    / 2**20
  )


def network_flop(config: ml_collections.ConfigDict, *, size_px: int) -> float:
  """Operations of the network, forward and backward, for one pair.

  By XLA's count, before it optimises; synthesis is not in it.

  Args:
    config: the whole config.
    size_px: side of the pictures.
  """
  task = setup.build_task(Setting(size_px, 1).apply(config))
  picture: Any = jax.ShapeDtypeStruct((1, size_px, size_px, 3), jnp.float32)
  mask: Any = jax.ShapeDtypeStruct((1, size_px, size_px), jnp.float32)
  variables = jax.eval_shape(
    task.model.init, jax.random.key(0), picture, picture
  )

  def objective(params: Params, pair: Pair) -> Array:
    prediction = apply_network(task, params, pair)
    return task.loss(
      prediction, pair.mask, None, sum_across=losses.whole_batch
    )[0]

  lowered = jax.jit(jax.grad(objective)).lower(
    variables['params'], Pair(picture, picture, mask)
  )
  analysis: Any = lowered.cost_analysis()
  return float(analysis['flops'])
