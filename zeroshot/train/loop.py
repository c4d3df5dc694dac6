"""The training loop.

  state = train(config, task, workdir=workdir,
                hooks=[('name', 500, function)])

The order is fixed. The newest checkpoint is restored; then for each step:

  1. synthesise a batch and update on it, in one compiled call;
  2. count: ``step`` is now the number of completed updates;
  3. log, every ``log_every`` steps and before each save: averages since the
     last log line. A value that is not finite ends the run here, so that it is
     never saved;
  4. hooks, in the given order, each at its own period; sample sheets first;
  5. save, every ``checkpoint_every`` steps and before the run ends;
  6. stop: if ``stop`` returns True after a hook, or on SIGTERM.

Each period also ends at the last step. Between log lines the host does not wait
for the devices. An interrupted run resumes from its newest checkpoint and ends
with the same parameters and log lines as an uninterrupted one (except for the
extra log line of a SIGTERM): all hooks that were due by then had finished.

Several processes run the same steps. Process 0 alone accesses the folder and
calls the hooks; it broadcasts what the others need, and they wait at the end
until it has saved.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import jax
import ml_collections
from absl import logging
from clu import metrics as clu_metrics

from zeroshot.run_config import compatibility
from zeroshot.runtime import broadcast
from zeroshot.runtime.progress import progress_bar
from zeroshot.train import (
  metrics,
  parallel,
  preemption,
  run_folder,
  samples,
  writers,
)
from zeroshot.train.reports import NOTHING, Reports, trace
from zeroshot.train.state import TrainState, describe_state
from zeroshot.train.task import Task
from zeroshot.train.update import build_update, first_state
from zeroshot.types import Params

# (name, every, function): function(ema_params, step) returns metrics, which are
# logged as 'name/metric'. Process 0 alone calls it. It must not keep the
# parameters: the next update takes over their memory.
Hook: TypeAlias = tuple[str, int, Callable[[Params, int], Mapping[str, float]]]

# The least value of each field of ``train`` that counts something.
_MIN = dict(
  steps=1, log_every=1, checkpoint_every=1, sample_every=0, num_samples=0
)


def train(
  config: ml_collections.ConfigDict,
  task: Task,
  *,
  workdir: str | Path,
  hooks: Sequence[Hook] = (),
  stop: Callable[[int], bool] = lambda step: False,
  allow_config_change: bool = False,
  devices: Sequence[jax.Device] | None = None,
  reports: Reports = NOTHING,
) -> TrainState:
  """Trains until ``config.train.steps``, from the newest checkpoint if any.

  Args:
    config: the whole config; stored as ``WORKDIR/config.json``.
    task: what is trained on what.
    workdir: folder of the run.
    hooks: called at intervals, see ``Hook``.
    stop: called with the step after hooks that were due, and once before the
      first update; True ends the run there.
    allow_config_change: resume a run of another config.
    devices: those that train; all of them by default.
    reports: a trace, and Weights & Biases.

  Returns:
    The state after the last update, on the devices.

  Raises:
    ValueError: for invalid settings, or a workdir that another run is using or
      that belongs to another config.
    FloatingPointError: a value is not finite; names the update and the term.
    Preempted: SIGTERM came, and the run is saved.
    OSError: the folder cannot be written.
  """
  settings, workdir = config.train, Path(workdir).expanduser().resolve()
  _check_settings(settings)
  update = build_update(config, task, devices=devices)
  plain = compatibility.plain_config(config)
  with (
    run_folder.open_run(
      workdir, keep_last=settings.keep_checkpoints
    ) as manager,
    preemption.watch() as is_preempted,
  ):
    state = run_folder.agree_on_state(
      manager,
      functools.partial(first_state, config, task, update.optimizer),
      expected=describe_state(
        task.model, update.optimizer, size_px=config.synthesis.size_px
      ),
      config=plain,
      allow_config_change=allow_config_change,
    )
    first, last = int(state.step), settings.steps
    _announce(first, last, workdir)
    state, bank = parallel.replicate((state, task.bank), devices=devices)
    run_folder.store_config(workdir, plain, step=first)

    with (
      writers.open_writer(
        workdir, step=first, project=reports.wandb, config=plain
      ) as writer,
      progress_bar(
        'training',
        total=last,
        done=first,
        unit='steps',
        enabled=jax.process_index() == 0,
      ) as advance,
      trace(
        workdir, first=first, num_steps=reports.profile_steps
      ) as after_update,
    ):
      hooks = [*samples.build_hooks(config, task, bank, writer), *hooks]
      pending: list[clu_metrics.Collection] = []  # since the last log line
      timed_from = first, time.perf_counter()  # step and time
      stopped = _agree_to_stop(stop, first)
      for step in range(first + 1, first + 1 if stopped else last + 1):
        state, collection = update.step(state, bank)
        pending.append(collection)
        advance(step)
        is_due = functools.partial(_is_due, step=step, last=last)
        leaving = is_preempted(step) and step < last
        saving = leaving or is_due(settings.checkpoint_every)

        if step == first + 1:
          jax.block_until_ready(collection)
          seconds = time.perf_counter() - timed_from[1]
          logging.info('compiled, and first update, in %.1f s', seconds)
          timed_from = step, time.perf_counter()
        after_update(step, collection)

        if saving or is_due(settings.log_every):
          values = _read_metrics(pending, step)
          values['learning_rate'] = float(update.schedule(step - 1))
          values |= _pace(settings.batch_size, step, *timed_from)
          writer.scalars(step, values)
          pending, timed_from = [], (step, time.perf_counter())

        due_hooks = [hook for hook in hooks if is_due(hook[1])]
        if due_hooks:
          if broadcast.is_first():
            for name, _, function in due_hooks:
              scores = function(state.ema_params, step) or {}
              writer.scalars(
                step, {f'{name}/{key}': value for key, value in scores.items()}
              )
          timed_from = step, time.perf_counter()
          stopped = step < last and _agree_to_stop(stop, step)
          if stopped and pending:
            writer.scalars(step, _read_metrics(pending, step))

        if saving or stopped:
          run_folder.save(manager, state, config=plain)
          timed_from = step, time.perf_counter()
        if stopped:
          logging.info('stopped early after step %d', step)
          break
        if leaving:
          run_folder.wait_until_saved(manager)
          raise preemption.Preempted(step)
      # All wait for process 0, whose last hooks and save take longer.
      run_folder.wait_until_saved(manager)
  return state


def _agree_to_stop(stop: Callable[[int], bool], step: int) -> bool:
  """What ``stop`` returns in process 0, which alone has the files it reads."""
  return broadcast.from_first(lambda: b'stop' if stop(step) else b'') != b''


def _is_due(every: int, *, step: int, last: int) -> bool:
  """Whether a period ends at this step."""
  return step % every == 0 or step == last


def _read_metrics(
  pending: Sequence[clu_metrics.Collection], step: int
) -> dict[str, float]:
  """Waits for the devices; averages the metrics of the updates up to ``step``.

  Raises:
    FloatingPointError: naming the first update and term that is not finite.
  """
  collections = jax.device_get(pending)
  fault = metrics.first_non_finite(collections)
  if fault is not None:
    at = step - len(pending) + 1 + fault.position
    raise FloatingPointError(
      f'{fault.name} is {fault.value} in update {at}; nothing was saved since. '
      'See which pair did it with python -m launch.replay, the same --config '
      f'and --workdir, and --step={at}; or lower train.learning_rate or '
      'train.clip_norm, lengthen train.warmup_steps, and start in a new '
      '--workdir'
    )
  return metrics.summarize(collections)


def _pace(
  batch_size: int, step: int, since_step: int, since: float
) -> dict[str, float]:
  """Pairs per second since an earlier step; nothing for the same step."""
  if step == since_step:
    return {}
  seconds = time.perf_counter() - since
  return {'pairs_per_second': batch_size * (step - since_step) / seconds}


def _announce(first: int, steps: int, workdir: Path) -> None:
  """Logs the step that the run starts from.

  Raises:
    ValueError: the checkpoint is of a later step than ``train.steps``.
  """
  if first > steps:
    raise ValueError(
      f'{workdir} holds step {first} already, beyond train.steps={steps}; '
      'raise train.steps or take a new --workdir'
    )
  if first == steps:
    logging.info('%s is complete at step %d', workdir, first)
  elif first:
    logging.info('resuming %s after step %d of %d', workdir, first, steps)
  else:
    logging.info('starting %s, %d steps', workdir, steps)


def _check_settings(settings: ml_collections.ConfigDict) -> None:
  """Raises ValueError naming the period, count or decay that is invalid."""
  for name, least in _MIN.items():
    if settings[name] < least:
      raise ValueError(f'train.{name}={settings[name]} must be {least} or more')
  if not 0 <= settings.ema_decay < 1:
    raise ValueError(
      f'train.ema_decay={settings.ema_decay} must be in [0, 1); '
      '0 evaluates the raw parameters'
    )
