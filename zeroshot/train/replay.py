"""Repeats an update of a run, and draws its batch.

  checkpoint = read_checkpoint(workdir, config, step=7)
  replayed = replay_update(config, task, checkpoint, step=7)
  pair = draw_batch(config, task, step=7)

Keys follow from (seed, step, example), so that update 7 always draws the same
batch. The updates before it are repeated by the program that training runs: bit
for bit on as many devices of the same kind, else up to rounding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import ml_collections
import numpy as np
from absl import logging
from clu import metrics as clu_metrics

from zeroshot import rng, runs
from zeroshot.checkpoints import Checkpoint
from zeroshot.run_config import compatibility
from zeroshot.train import metrics, parallel
from zeroshot.train.task import Task
from zeroshot.train.update import Update, build_update, first_state
from zeroshot.types import Pair, Params

_LOG_EVERY = 100  # updates


class UpdateMetrics(NamedTuple):
  """The metrics of one update.

  Attributes:
    update: its number, from 1.
    values: name -> loss term, 'loss', 'gradient_norm', 'parameter_norm' and
      'learning_rate'.
    culprit: name of the first value that is not finite; '' if all are.
  """

  update: int
  values: Mapping[str, float]
  culprit: str

  def __str__(self) -> str:
    names = sorted(self.values, key=lambda name: name != self.culprit)
    return ', '.join(f'{name} {self.values[name]:.4g}' for name in names)


class Replayed(NamedTuple):
  """A repeated update.

  Attributes:
    metrics: of the update.
    earlier: of the first update since ``start`` that was not finite; None
      where all before this one were.
    params: before the update, of NumPy arrays.
    start: the step that was repeated from; 0 is the start of the run.
  """

  metrics: UpdateMetrics
  earlier: UpdateMetrics | None
  params: Params
  start: int


def read_checkpoint(
  workdir: Path, config: ml_collections.ConfigDict, *, step: int
) -> Checkpoint | None:
  """Reads the newest readable checkpoint from before an update.

  Args:
    workdir: folder of the run; nothing is written.
    config: the whole config.
    step: the update, from 1.

  Returns:
    The checkpoint; None where there is none.

  Raises:
    ValueError: there is no run, the run has another config or no such update.
  """
  record = workdir / 'config.json'
  if not record.is_file():
    raise ValueError(
      f'{record} is missing: no run has trained there; correct --workdir'
    )
  plain = compatibility.plain_config(config)
  compatibility.check_same_run(json.loads(record.read_text('utf-8')), plain)
  _check_step(config, step)
  checkpoint = runs.read_before(workdir, step)
  if checkpoint is None:
    logging.info('no checkpoint from before update %d: from the start', step)
    return None
  try:
    compatibility.check_same_run(checkpoint.config, plain)
  except ValueError as error:
    # The run itself resumed from it under the present config.
    logging.warning('checkpoint of step %d: %s', checkpoint.step, error)
  return checkpoint


def replay_update(
  config: ml_collections.ConfigDict,
  task: Task,
  checkpoint: Checkpoint | None,
  *,
  step: int,
  devices: Sequence[jax.Device] | None = None,
) -> Replayed:
  """Repeats the updates from a checkpoint up to one, and that one.

  Args:
    config: the whole config.
    task: what the run trains.
    checkpoint: of fewer than ``step`` updates; None repeats from the start.
    step: the update, from 1.
    devices: those that train; all of them by default.

  Returns:
    Replayed.

  Raises:
    ValueError: for an update that the run does not have, invalid settings, or
      a checkpoint of another network.
  """
  _check_step(config, step)
  update = build_update(config, task, devices=devices)
  state = first_state(config, task, update.optimizer, checkpoint)
  start = int(state.step)
  assert start < step, (start, step)
  logging.info('repeating updates %d to %d', start + 1, step)
  state, bank = parallel.replicate((state, task.bank), devices=devices)
  earlier = None
  for number in range(start + 1, step):
    state, collection = update.step(state, bank)
    measured = _read_metrics(update, number, collection)
    if earlier is None and measured.culprit:
      earlier = measured
    if number % _LOG_EVERY == 0:
      logging.info('repeated update %d of %d', number, step)
  params = jax.device_get(state.params)  # the update consumes the state
  _, collection = update.step(state, bank)
  return Replayed(
    _read_metrics(update, step, collection), earlier, params, start
  )


def draw_batch(
  config: ml_collections.ConfigDict,
  task: Task,
  *,
  step: int,
  devices: Sequence[jax.Device] | None = None,
) -> Pair:
  """Draws the whole batch of an update.

  Device by device, as training does: a pair can depend on its position among
  those of its device.

  Args:
    config: the whole config.
    task: the synthesis and its bank.
    step: the update, from 1.
    devices: those that train; all of them by default.

  Returns:
    Pair of NumPy arrays ``[batch_size, H, W, ...]``, by global index.

  Raises:
    ValueError: for an update that the run does not have, or a batch that does
      not divide among the devices.
  """
  _check_step(config, step)
  total = config.train.batch_size
  count = parallel.per_device_batch(total, devices=devices)
  synthesise = jax.jit(task.synthesise)
  shares = []
  for first in range(0, total, count):
    keys = rng.example_keys(
      config.seed, 'pairs', step - 1, first=first, count=count
    )
    shares.append(jax.device_get(synthesise(keys, task.bank)))
  pair: Pair = jax.tree.map(lambda *arrays: np.concatenate(arrays), *shares)
  return pair


def _check_step(config: ml_collections.ConfigDict, step: int) -> None:
  """Raises ValueError for an update that the run does not have."""
  last = config.train.steps
  if not 1 <= step <= last:
    raise ValueError(
      f'--step={step}: updates of this run are counted from 1 to '
      f'train.steps={last}; give the one that the error of training names'
    )


def _read_metrics(
  update: Update, number: int, collection: clu_metrics.Collection
) -> UpdateMetrics:
  """Waits for an update and reads its metrics."""
  collection = jax.device_get(collection)
  fault = metrics.first_non_finite([collection])
  values = metrics.summarize([collection])
  values['learning_rate'] = float(update.schedule(number - 1))
  return UpdateMetrics(number, values, '' if fault is None else fault.name)
