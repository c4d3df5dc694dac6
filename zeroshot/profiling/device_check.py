"""All that is to be measured on a borrowed device, within a time limit.

  plan = device_check.Plan(sizes_px=(128, 256, 640), limit_s=540)
  record = device_check.check(config, out, plan)

What decides most comes first: the network in batches, inspection of files, the
training step at every size, then at larger and smaller batches. A measurement
that would not fit into what is left is skipped. What is left at the end trains
at the best setting, and leaves a checkpoint and weights.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import ml_collections

from zeroshot import runs
from zeroshot.experiments import setup
from zeroshot.profiling import (
  device_inference,
  device_record,
  device_trace,
  device_training,
)
from zeroshot.profiling.device_record import Record, Row, SkipError
from zeroshot.profiling.device_training import Setting
from zeroshot.runtime import provenance
from zeroshot.train import loop
from zeroshot.weights import files

_MARGIN = 1.3  # on an expected time
_TRACED_UPDATES = 3
_SHARE_OF_TRAINING = 0.75  # of the time that is left, for its updates
_SHARE_AT_MOST = 0.9  # where they take longer than expected, it is stopped
_NUM_LOG_LINES = 40  # of the last training; it can be stopped at each


@dataclasses.dataclass(frozen=True)
class Plan:
  """What is measured, and for how long.

  Attributes:
    weights: name or file of weights, for inference.
    sizes_px: sides of the pictures of training.
    batch_sizes: pairs of an update, the most telling first.
    precisions: of the network.
    inference_px: side of the pictures that are scored.
    inference_batches: pairs that are scored at a time.
    large_px: height and width of a large pair.
    train_px: side of the pictures of the last training.
    limit_s: seconds of all together.
    train_s: seconds that are kept for the last training.
    most_train_s: that it takes at most, however many are left.
    timed_s: seconds of each timing.
  """

  weights: str = 'default'
  sizes_px: tuple[int, ...] = (128, 256, 640)
  batch_sizes: tuple[int, ...] = (64, 256, 16, 1024)
  precisions: tuple[str, ...] = ('float32', 'bfloat16')
  inference_px: int = 640
  inference_batches: tuple[int, ...] = (64, 1)
  large_px: tuple[int, int] = (3000, 4000)
  train_px: int = 128
  limit_s: float = 540.0
  train_s: float = 120.0
  most_train_s: float = math.inf
  timed_s: float = 2.0


def check(config: ml_collections.ConfigDict, out: Path, plan: Plan) -> Record:
  """Measures what fits into the time, and writes it as it goes.

  Args:
    config: the whole config, of what is trained.
    out: folder for ``check.json``, ``check.md``, ``trace``, ``run`` (the
      checkpoint) and ``weights.safetensors``.
    plan: see ``Plan``.

  Returns:
    The record.
  """
  record = Record(out, _facts(), limit_s=plan.limit_s)
  _infer(record, plan)
  _train_grid(config, record, plan)
  _explain(config, record, plan, out / 'trace')
  _train_on(config, record, plan, out)
  return record


def _facts() -> dict[str, object]:
  """What the figures depend on, besides the settings."""
  devices, hardware = jax.devices(), provenance.hardware()
  stats: Any = devices[0].memory_stats() or {}
  return {
    'device': devices[0].device_kind,
    'devices': len(devices),
    'memory_mib': stats.get('bytes_limit', 0) // 2**20 or None,
    'processor': hardware['processor'],
    'cores': hardware['cores'],
    'jax': jax.__version__,
    'commit': provenance.label(provenance.commit()),
  }


def _infer(record: Record, plan: Plan) -> None:
  """Batches of pictures, then files."""
  expected = 0.0
  for batch, precision in itertools.product(
    plan.inference_batches, plan.precisions
  ):
    setting = Setting(plan.inference_px, batch, precision)
    with record.row('inference', f'network, {setting}') as row:
      record.require(_MARGIN * expected, keep_s=plan.train_s)
      row.figures |= device_inference.measure_batches(
        plan.weights, setting, seconds=plan.timed_s
      )
    expected = max(row.seconds, expected)
  side = plan.inference_px, plan.inference_px
  for size in (side, plan.large_px):
    what = f'files to boxes, {size[1]} x {size[0]} px'
    with (
      tempfile.TemporaryDirectory() as folder,
      record.row('inference', what) as row,
    ):
      record.require(_MARGIN * expected, keep_s=plan.train_s)
      row.figures |= device_inference.measure_files(
        plan.weights, Path(folder), size_px=size, seconds=plan.timed_s
      )


def _train_grid(
  config: ml_collections.ConfigDict, record: Record, plan: Plan
) -> None:
  """The training step at each setting."""
  flop: dict[int, float] = {}
  too_large: set[tuple[int, str, int]] = set()
  for setting in _settings(plan):
    size, batch, precision = setting
    expected = [
      row.seconds
      for row in record.done('training')
      if row.figures['size_px'] <= size
    ]
    with record.row('training', str(setting)) as row:
      record.require(_MARGIN * max(expected, default=0.0), keep_s=plan.train_s)
      if any(
        (size, precision) == each[:2] and batch > each[2] for each in too_large
      ):
        raise SkipError('a smaller batch needs more memory than there is')
      if size not in flop:
        flop[size] = device_training.network_flop(config, size_px=size)
      step = device_training.compile_step(config, setting)
      row.figures |= setting._asdict() | device_training.measure(
        step, seconds=plan.timed_s, flop_per_pair=flop[size]
      )
    if row.state == device_record.OUT_OF_MEMORY:
      too_large.add((size, precision, batch))


def _settings(plan: Plan) -> Iterator[Setting]:
  """Every size and precision at the first batch, then at the next."""
  for batch, size, precision in itertools.product(
    plan.batch_sizes, plan.sizes_px, plan.precisions
  ):
    if batch % jax.device_count() == 0:
      yield Setting(size, batch, precision)


def _best(record: Record, size_px: int) -> Row:
  """The fastest training at a size.

  Raises:
    SkipError: none was measured.
  """
  rows = [
    row for row in record.done('training') if row.figures['size_px'] == size_px
  ]
  if not rows:
    raise SkipError(f'no training at {size_px} px was measured')
  return max(rows, key=_pace)


def _pace(row: Row) -> float:
  """Pairs a second of a row of training."""
  return float(row.figures['pairs_per_second'])


def _setting(row: Row) -> Setting:
  """The setting of a row of training."""
  return Setting(*(row.figures[name] for name in Setting._fields))


def _explain(
  config: ml_collections.ConfigDict, record: Record, plan: Plan, folder: Path
) -> None:
  """Where the time goes, at the best setting of each size."""
  for size in plan.sizes_px:
    known = [r for r in record.done('training') if r.figures['size_px'] == size]
    expected = _MARGIN * max((row.seconds for row in known), default=0.0)
    with record.row('shares', f'{size} px') as row:
      record.require(expected, keep_s=plan.train_s)
      setting = _setting(_best(record, size))
      row.what = str(setting)
      step = device_training.compile_step(config, setting).run(1)
      shares = _trace(step, folder / f'{size}px')
      if not shares:
        raise SkipError('the trace names no operations on this device')
      row.figures |= shares


def _trace(
  step: device_training.CompiledStep, folder: Path
) -> dict[str, float]:
  """The shares of some updates of a step; consumes its state."""

  def run() -> None:
    step.run(_TRACED_UPDATES)

  return device_trace.shares(step.program.as_text(), run, folder)


def _train_on(
  config: ml_collections.ConfigDict, record: Record, plan: Plan, out: Path
) -> None:
  """Trains for the time that is left, at the best setting."""
  with record.row('trained', f'{plan.train_px} px') as row:
    best = _best(record, plan.train_px)
    setting = _setting(best)
    row.what = str(setting)
    changed = setting.apply(config)
    compile_s = float(best.figures['compile_s'])
    seconds = _SHARE_OF_TRAINING * (record.left_s - _MARGIN * compile_s)
    seconds = min(seconds, plan.most_train_s)
    steps = int(seconds * _pace(best) / setting.batch_size)
    if steps < 1:
      raise SkipError(f'{record.left_s:.0f} s are left, less than it takes')
    changed.train.steps = steps
    changed.train.warmup_steps = min(changed.train.warmup_steps, steps // 10)
    changed.train.log_every = max(steps // _NUM_LOG_LINES, 1)
    changed.train.checkpoint_every = steps
    changed.train.sample_every = 0
    end = time.monotonic() + _SHARE_AT_MOST * record.left_s
    loop.train(
      changed,
      setup.build_task(changed),
      workdir=out / 'run',
      # Between hooks, which there must be, the loop may be stopped.
      hooks=[('check', changed.train.log_every, lambda params, step: {})],
      stop=lambda step: time.monotonic() > end,
    )
    weights = files.Weights(*runs.load_parameters(out / 'run'))
    files.save(out / 'weights.safetensors', weights)
    lines = (out / 'run/metrics.jsonl').read_text().splitlines()
    logged = [json.loads(line) for line in lines]
    row.figures |= {
      'steps': weights.step,
      'loss': [line['loss'] for line in logged if 'loss' in line][-1],
      'pairs_per_second': max(
        (line.get('pairs_per_second', 0.0) for line in logged), default=None
      ),
    }
