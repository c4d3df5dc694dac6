"""What growth would cost: bytes, memory and step time of more devices.

  python -m launch.scaling --config=configs/default.py --step_seconds=2,0.02

Compiles the step that ``launch.train`` runs, for fake CPU devices, and reads
off the programs what they send and hold: nothing is trained and no accelerator
is needed. Prints one JSON object; --table=FILE writes it as Markdown, too.
Memory is what XLA's CPU compiler plans, and what is drawn from it an estimate.
Each of eight programs takes up to minutes to compile. See docs/scaling.md.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import ml_collections
import numpy as np
from absl import flags

from launch import collectives, cost, weak_scaling
from launch.scaling_table import to_markdown
from zeroshot import rng
from zeroshot.detect.score import BUCKET_PX, build_score
from zeroshot.experiments import setup
from zeroshot.runtime import cli, json_text
from zeroshot.train import parallel
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.state import describe_state

DEVICE_COUNTS = (8, 64, 512)
_SCORE_SIZES_PX = (256, 512, 640)


class MemoryModel(NamedTuple):
  """Bytes = ``fixed`` + ``per_pixel`` * pixels of all pairs.

  Attributes:
    fixed: bytes.
    per_pixel: bytes.
    worst_error: greatest error on what it was fitted to, as a share.
  """

  fixed: float
  per_pixel: float
  worst_error: float

  def most_pixels(self, num_bytes: float) -> float:
    """Pixels that fit in so many bytes."""
    return (num_bytes - self.fixed) / self.per_pixel


def main(argv: Sequence[str]) -> None:
  """Compiles, measures the programs and prints the figures."""
  del argv
  options = flags.FLAGS
  step_seconds = [_positive(text) for text in options.step_seconds]
  if options.table and not Path(options.table).absolute().parent.is_dir():
    raise ValueError(f'--table={options.table}: make its folder first')
  # No device has been asked for yet, so these still take effect.
  jax.config.update('jax_platforms', 'cpu')
  jax.config.update('jax_num_cpu_devices', options.num_devices)
  figures = measure(
    options.config,
    pairs=options.pairs_per_device or options.config.train.batch_size,
    num_devices=options.num_devices,
    step_seconds=step_seconds,
    memory_bytes=1e9 * options.memory_gb,
  )
  print(json_text.to_json(figures))
  if options.table:
    Path(options.table).write_text(to_markdown(figures))


def measure(
  config: ml_collections.ConfigDict,
  *,
  pairs: int,
  num_devices: int,
  step_seconds: Sequence[float],
  memory_bytes: float,
) -> dict[str, Any]:
  """All figures of a config.

  Args:
    config: the whole config.
    pairs: that each device draws in a step, however many devices there are.
    num_devices: for which the step is compiled, besides one.
    step_seconds: T(1), each from somewhere else.
    memory_bytes: of a device, for the largest batch and picture.

  Returns:
    ``parameters``, ``pairs_per_device``, ``size_px``, ``communication``,
    ``arithmetic``, ``training_memory``, ``scoring_memory``, ``largest`` and
    ``weak_scaling``, as docs/scaling.md explains them.
  """
  size_px = config.synthesis.size_px
  parts = setup.prepare(config)
  compile_step = functools.partial(compile_training, config, parts)
  many = compile_step(pairs=pairs, size_px=size_px, num_devices=num_devices)
  sent = collectives.list_collectives(many.as_text() or '')
  points, flops = [], 0.0
  for some, side in (
    (pairs, size_px),
    (2 * pairs, size_px),
    (pairs, 2 * size_px),
  ):
    program = compile_step(pairs=some, size_px=side, num_devices=1)
    points.append({'pairs': some, 'size_px': side, 'bytes': held(program)})
    flops = flops or flops_of(program)
  scoring = measure_scoring(config, parts)
  training = fit_memory(points)
  state = describe_state(
    parts.model, build_optimizer(config.train)[0], size_px=size_px
  )
  return {
    'parameters': sum(leaf.size for leaf in jax.tree.leaves(state.params)),
    'pairs_per_device': pairs,
    'size_px': size_px,
    'communication': {
      'devices': num_devices,
      'kinds': collectives.summarise(sent),
      'each': [each._asdict() for each in sent],
    },
    'arithmetic': {
      'gigaflop_per_pair': flops / pairs / 1e9,
      'synthesis_share': synthesis_flops(config, parts, pairs=pairs) / flops,
    },
    'training_memory': {'points': points, 'model': training._asdict()},
    'scoring_memory': scoring,
    'largest': {
      'memory_bytes': memory_bytes,
      'batch_per_device': int(training.most_pixels(memory_bytes) / size_px**2),
      'training_size_px': _side(training, memory_bytes),
      'scoring_size_px': _side(MemoryModel(**scoring['model']), memory_bytes),
    },
    'weak_scaling': [
      {
        'step_seconds': seconds,
        'rows': weak_scaling.predict(
          seconds,
          [each.num_bytes for each in sent],
          device_counts=DEVICE_COUNTS,
        ),
      }
      for seconds in step_seconds
    ],
  }


def compile_training(
  config: ml_collections.ConfigDict,
  parts: setup.Parts,
  *,
  pairs: int,
  size_px: int,
  num_devices: int,
) -> jax.stages.Compiled:
  """The training step for some devices, compiled and not run.

  Args:
    config: the whole config.
    parts: what ``training_parts.prepare`` makes of it.
    pairs: that each device draws.
    size_px: side of the pictures, in the place of the config's.
    num_devices: devices.

  Returns:
    The program.
  """
  if size_px != config.synthesis.size_px:
    config = config.copy_and_resolve_references()
    config.synthesis.size_px = size_px
    parts = setup.prepare(config)
  optimizer, _ = build_optimizer(config.train)
  return parallel.lower_step(
    cost.per_device_step(config, parts, optimizer, per_device=pairs),
    describe_state(parts.model, optimizer, size_px=size_px),
    _describe(parts.bank),
    devices=jax.devices()[:num_devices],
  ).compile()


def synthesis_flops(
  config: ml_collections.ConfigDict, parts: setup.Parts, *, pairs: int
) -> float:
  """Operations of drawing pairs, by XLA's count."""
  keys = rng.example_keys(config.seed, 'pairs', 0, first=0, count=pairs)
  synthesise = jax.jit(parts.synthesise)
  return flops_of(synthesise.lower(keys, _describe(parts.bank)).compile())


def measure_scoring(
  config: ml_collections.ConfigDict, parts: setup.Parts
) -> dict[str, Any]:
  """Memory of scoring a whole pair at once, without tiles.

  Args:
    config: the whole config.
    parts: what ``training_parts.prepare`` makes of it.

  Returns:
    ``points`` and the ``model`` that is fitted to them.
  """
  optimizer, _ = build_optimizer(config.train)
  state = describe_state(parts.model, optimizer, size_px=BUCKET_PX)
  points = []
  for side in _SCORE_SIZES_PX:
    picture = jax.ShapeDtypeStruct((side, side, 3), np.float32)
    score = jax.jit(build_score(parts.model))
    program = score.lower(state.params, picture, picture).compile()
    points.append({'pairs': 1, 'size_px': side, 'bytes': held(program)})
  return {'points': points, 'model': fit_memory(points)._asdict()}


def held(program: jax.stages.Compiled) -> int:
  """Bytes that a program holds on a device at its peak, by its compiler."""
  stats: Any = program.memory_analysis()
  return int(
    stats.argument_size_in_bytes
    + stats.output_size_in_bytes
    - stats.alias_size_in_bytes  # outputs that take over an argument's memory
    + stats.temp_size_in_bytes
  )


def flops_of(program: jax.stages.Compiled) -> float:
  """Operations of a program on one device; the body of a loop counts once."""
  analysis: Any = program.cost_analysis()
  return float(analysis['flops'])


def fit_memory(points: Sequence[Mapping[str, float]]) -> MemoryModel:
  """Least squares through what programs hold.

  Args:
    points: two or more, each with ``pairs``, ``size_px`` and ``bytes``.

  Returns:
    The model.
  """
  pixels = np.array([each['pairs'] * each['size_px'] ** 2 for each in points])
  num_bytes = np.array([each['bytes'] for each in points], float)
  per_pixel, fixed = np.polyfit(pixels, num_bytes, 1)
  errors = np.abs(fixed + per_pixel * pixels - num_bytes) / num_bytes
  return MemoryModel(float(fixed), float(per_pixel), float(errors.max()))


def _positive(text: str) -> float:
  """A number of ``--step_seconds``.

  Raises:
    ValueError: if it is none, or not above 0.
  """
  try:
    seconds = float(text)
  except ValueError:
    seconds = np.nan
  if not 0 < seconds < np.inf:
    raise ValueError(f'--step_seconds has {text!r}; give seconds above 0')
  return seconds


def _side(model: MemoryModel, memory_bytes: float) -> int:
  """Side of the largest square picture, a multiple of ``BUCKET_PX``."""
  side = int(max(model.most_pixels(memory_bytes), 0) ** 0.5)
  return side // BUCKET_PX * BUCKET_PX


def _describe(tree: Any) -> Any:
  """Shapes and types of arrays."""
  return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), tree)


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_integer(
    'pairs_per_device',
    0,
    'Pairs that each device draws; 0 takes train.batch_size.',
    lower_bound=0,
  )
  flags.DEFINE_integer(
    'num_devices', 8, 'Fake devices to compile for.', lower_bound=2
  )
  flags.DEFINE_list(
    'step_seconds',
    [],
    'Seconds of a step on one device, measured or assumed, with commas.',
  )
  flags.DEFINE_float(
    'memory_gb', 80.0, 'Memory of a device, 1e9 bytes.', lower_bound=0.0
  )
  flags.DEFINE_string('table', '', 'File for the Markdown.')
  cli.run(main)
