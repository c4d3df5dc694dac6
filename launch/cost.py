"""What a config costs: size, arithmetic, time and memory, as one JSON object.

  python -m launch.cost --config=configs/default.py [--size_px=640]

Inference is the compiled score function on one pair, without registration and
boxes, which ``launch.evaluate`` times as ``seconds_per_pair``. Training is the
very step that ``launch.train`` runs. Whatever else the machine is doing is part
of the times.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import ml_collections
import numpy as np
from absl import flags
from flax import linen as nn

from zeroshot.detect.score import build_score
from zeroshot.experiments import setup
from zeroshot.model import build as model_build
from zeroshot.runtime import cli, json_text, machine
from zeroshot.train import parallel
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.state import create_state
from zeroshot.train.step import train_step


def main(argv: Sequence[str]) -> None:
  """Measures inference, then training, and prints the figures."""
  del argv
  options = flags.FLAGS
  config = options.config
  model = model_build.build_model(config.model)
  optimizer, _ = build_optimizer(config.train)
  state = create_state(
    model, optimizer, seed=config.seed, size_px=config.synthesis.size_px
  )
  figures = {
    'parameters': sum(leaf.size for leaf in jax.tree.leaves(state.params)),
    **measure_inference(
      model, state.params, size_px=options.size_px, repeats=options.repeats
    ),
    'training': measure_training(
      config, optimizer, state, num_steps=options.num_steps
    ),
    'peak_memory_mib': machine.peak_memory_bytes() / 2**20,
    'device': {
      'kind': jax.devices()[0].device_kind,
      'count': jax.device_count(),
      'cpu_cores': machine.usable_cores(),
    },
    'jax': jax.__version__,
  }
  print(json_text.to_json(figures))


def measure_inference(
  model: nn.Module, parameters: Any, *, size_px: int, repeats: int
) -> dict[str, Any]:
  """Arithmetic and time of the score function.

  Args:
    model: a network.
    parameters: of ``model``.
    size_px: side of the square pictures.
    repeats: how many pairs are timed, after one that is not.

  Returns:
    ``gigaflop`` of a pair by XLA's own count (1e9 operations, a product and a
    sum being two), ``milliseconds_per_pair``, ``compile_seconds`` and
    ``size_px``.
  """
  rng = np.random.default_rng(0)
  reference, test = jax.device_put(
    rng.uniform(size=(2, size_px, size_px, 3)).astype(np.float32)
  )
  parameters = jax.device_put(parameters)
  start = time.perf_counter()
  program = (
    jax.jit(build_score(model)).lower(parameters, reference, test).compile()
  )
  compile_seconds = time.perf_counter() - start

  def score() -> None:
    jax.block_until_ready(program(parameters, reference, test))

  score()
  analysis: Any = program.cost_analysis()
  milliseconds = [1e3 * seconds_of(score) for _ in range(repeats)]
  return {
    'gigaflop': analysis['flops'] / 1e9,
    'milliseconds_per_pair': spread(milliseconds),
    'compile_seconds': compile_seconds,
    'size_px': size_px,
  }


def measure_training(
  config: ml_collections.ConfigDict,
  optimizer: Any,
  state: Any,
  *,
  num_steps: int,
) -> dict[str, Any]:
  """Pace of the pmapped training step.

  Args:
    config: the whole config.
    optimizer: an optax transformation.
    state: before the first update.
    num_steps: how many updates are timed, after the first.

  Returns:
    ``pairs_per_second``, ``compile_seconds`` (the first update included),
    ``batch_size`` over all devices and ``size_px``.
  """
  batch_size = config.train.batch_size
  parts = setup.prepare(config)
  step = parallel.parallel_step(
    per_device_step(
      config, parts, optimizer, per_device=parallel.per_device_batch(batch_size)
    )
  )
  state, bank = parallel.replicate((state, parts.bank))

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


def per_device_step(
  config: ml_collections.ConfigDict,
  parts: setup.Parts,
  optimizer: Any,
  *,
  per_device: int,
) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
  """The step that ``launch.train`` maps over the devices.

  Args:
    config: the whole config.
    parts: what ``training_parts.prepare`` makes of it.
    optimizer: an optax transformation.
    per_device: pairs that each device draws.

  Returns:
    ``(state, bank, replica) -> (state, metrics)``.
  """
  return functools.partial(
    train_step,
    synthesise=parts.synthesise,
    model=parts.model,
    loss=parts.loss,
    optimizer=optimizer,
    seed=config.seed,
    per_device=per_device,
    ema_decay=config.train.ema_decay,
  )


def seconds_of(call: Callable[[], None]) -> float:
  """Seconds that a call takes."""
  start = time.perf_counter()
  call()
  return time.perf_counter() - start


def spread(values: Sequence[float]) -> dict[str, float]:
  """The least, the middle and the most."""
  return {
    'min': min(values),
    'median': float(np.median(values)),
    'max': max(values),
  }


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_integer(
    'size_px', 640, 'Side of the pictures that are scored.', lower_bound=1
  )
  flags.DEFINE_integer('repeats', 10, 'Pairs that are timed.', lower_bound=1)
  flags.DEFINE_integer(
    'num_steps', 10, 'Updates that are timed.', lower_bound=1
  )
  cli.run(main)
