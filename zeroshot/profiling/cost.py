"""What a config costs: parameters, arithmetic, time and memory.

  measurements = cost.measure(config, size_px=640, repeats=10, num_steps=10)

Inference is the compiled score function on one pair, without registration and
boxes, which ``launch.evaluate`` times as ``seconds_per_pair``. Training is the
very step that ``launch.train`` runs. Other load on the machine is part of the
times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import jax
import ml_collections
import numpy as np
from flax import linen as nn

from zeroshot.detect.score import build_score
from zeroshot.experiments import setup
from zeroshot.model import build as model_build
from zeroshot.runtime import machine
from zeroshot.train import parallel
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.state import TrainState, create_state
from zeroshot.train.update import build_update
from zeroshot.types import JsonObject, Params


def measure(
  config: ml_collections.ConfigDict,
  *,
  size_px: int,
  repeats: int,
  num_steps: int,
) -> JsonObject:
  """Measures inference, then training.

  Args:
    config: the whole config.
    size_px: side of the square pictures that are scored.
    repeats: how many pairs are scored and timed.
    num_steps: how many updates are timed.

  Returns:
    ``parameters``, their number; what ``measure_inference`` returns;
    ``training``, what ``measure_training`` returns; ``peak_memory_mib`` of
    this process; ``device`` and ``jax``, its version.
  """
  model = model_build.build_model(config.model)
  optimizer, _ = build_optimizer(config.train)
  state = create_state(
    model, optimizer, seed=config.seed, size_px=config.synthesis.size_px
  )
  return {
    'parameters': sum(leaf.size for leaf in jax.tree.leaves(state.params)),
    **measure_inference(model, state.params, size_px=size_px, repeats=repeats),
    'training': measure_training(config, state, num_steps=num_steps),
    'peak_memory_mib': machine.peak_memory_bytes() / 2**20,
    'device': {
      'kind': jax.devices()[0].device_kind,
      'count': jax.device_count(),
      'cpu_cores': machine.usable_cores(),
    },
    'jax': jax.__version__,
  }


def measure_inference(
  model: nn.Module, params: Params, *, size_px: int, repeats: int
) -> JsonObject:
  """Arithmetic and time of the score function.

  Args:
    model: a network.
    params: of ``model``.
    size_px: side of the square pictures.
    repeats: how many pairs are timed, after one that is not.

  Returns:
    ``gigaflop`` of a pair by XLA's own count (1e9 operations; a multiply-add
    is two), ``milliseconds_per_pair``, ``compile_seconds`` and ``size_px``.
  """
  rng = np.random.default_rng(0)
  reference, test = jax.device_put(
    rng.uniform(size=(2, size_px, size_px, 3)).astype(np.float32)
  )
  params = jax.device_put(params)
  start = time.perf_counter()
  program = jax.jit(build_score(model)).lower(params, reference, test).compile()
  compile_seconds = time.perf_counter() - start

  def score() -> None:
    jax.block_until_ready(program(params, reference, test))

  score()
  analysis = program.cost_analysis()
  assert analysis is not None, 'this backend counts no operations'
  milliseconds = [1e3 * seconds_of(score) for _ in range(repeats)]
  return {
    'gigaflop': analysis['flops'] / 1e9,
    'milliseconds_per_pair': spread(milliseconds),
    'compile_seconds': compile_seconds,
    'size_px': size_px,
  }


def measure_training(
  config: ml_collections.ConfigDict, state: TrainState, *, num_steps: int
) -> JsonObject:
  """Pace of the training step on all devices.

  Args:
    config: the whole config.
    state: before the first update.
    num_steps: how many updates are timed, after the first.

  Returns:
    ``pairs_per_second``, ``compile_seconds`` (the first update included),
    ``batch_size`` over all devices and ``size_px``.
  """
  batch_size = config.train.batch_size
  task = setup.build_task(config)
  step = build_update(config, task).step
  state, bank = parallel.replicate((state, task.bank))

  def update() -> None:
    nonlocal state
    state, metrics = step(state, bank)
    jax.block_until_ready((state, metrics))

  compile_seconds = seconds_of(update)
  return {
    'pairs_per_second': spread(
      [batch_size / seconds_of(update) for _ in range(num_steps)]
    ),
    'compile_seconds': compile_seconds,
    'batch_size': batch_size,
    'size_px': config.synthesis.size_px,
  }


def seconds_of(call: Callable[[], None]) -> float:
  """Seconds that a call takes."""
  start = time.perf_counter()
  call()
  return time.perf_counter() - start


def spread(values: Sequence[float]) -> dict[str, float]:
  """Minimum, median and maximum."""
  return {
    'min': min(values),
    'median': float(np.median(values)),
    'max': max(values),
  }
