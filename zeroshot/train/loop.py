"""Training, told in one piece.

  state = train(config, workdir=workdir, synthesise=synthesise, bank=bank,
                model=model, loss=loss, hooks=[('name', 500, function)])

The order is fixed. First restore; then for each step:

  1. synthesise a batch and update on it, in one compiled call;
  2. count: ``step`` is now the number of completed updates;
  3. log, every ``log_every`` steps and wherever 5 follows: averages since the
     last log line. A value that is not finite ends the run here, and so before
     it could be saved;
  4. hooks, in the given order, each at its own period; sample sheets first;
  5. save, every ``checkpoint_every`` steps and where 6 follows;
  6. stop: if asked to after a hook, or if the machine is wanted back.

Each period also ends at the last step. Between log lines the host does not wait
for the devices. A run that was interrupted goes on from its newest checkpoint
and ends with the same parameters and log lines as one that was not (but for the
extra line of a SIGTERM): all hooks that were due by then had finished.

Several processes run the same steps. The folder and the hooks are process 0's:
what it finds, the others are told, and at the end they wait until it has saved.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import ml_collections
from absl import logging
from flax import linen as nn

from zeroshot.run_config import compatibility
from zeroshot.runtime import broadcast
from zeroshot.runtime.progress import progress_bar
from zeroshot.train import (
  metrics,
  parallel,
  preemption,
  run_folder,
  sample_hook,
  writers,
)
from zeroshot.train.state import TrainState, describe_state
from zeroshot.train.step import Loss, Synthesise
from zeroshot.train.update import build_update, first_state

# (name, every, function): function(ema_params, step) returns figures, which
# are written as 'name/figure'. Process 0 alone calls it. It must not keep the
# parameters: the next update takes over their memory.
Hook = tuple[str, int, Callable[[Any, int], Mapping[str, float]]]


def train(
  config: ml_collections.ConfigDict,
  *,
  workdir: str | Path,
  synthesise: Synthesise,
  bank: Any,
  model: nn.Module,
  loss: Loss,
  initial: Any = None,
  hooks: Sequence[Hook] = (),
  stop: Callable[[int], bool] = lambda step: False,
  allow_config_change: bool = False,
  devices: Sequence[jax.Device] | None = None,
) -> TrainState:
  """Trains, or goes on training, until ``config.train.steps``.

  Args:
    config: the whole config; stored as ``WORKDIR/config.json``.
    workdir: folder of the run.
    synthesise: ``(keys [B], bank) -> Pair``, pure, with labels or without.
    bank: what ``synthesise`` draws from, a tree of arrays, or None.
    model: called as ``model(reference, test)``.
    loss: ``(prediction, mask, labels) -> (total, terms)``.
    initial: parameters to start from, see ``warm_start``; None starts from
      random ones.
    hooks: what to do at intervals, see ``Hook``.
    stop: asked with the step, after hooks that were due, whether to end
      there; also before the first update, of a run that goes on.
    allow_config_change: go on with a run of another config.
    devices: those that train; all of them by default.

  Returns:
    The state after the last update, on the devices.

  Raises:
    ValueError: for settings that cannot be, or a workdir that another run is
      in, or of another config.
    FloatingPointError: naming step and term, where a value is not finite.
    Preempted: SIGTERM came, and the run is saved.
    OSError: the folder cannot be written.
  """
  settings, workdir = config.train, Path(workdir).expanduser().resolve()
  _check_periods(settings)
  update = build_update(
    config, synthesise=synthesise, model=model, loss=loss, devices=devices
  )
  record = compatibility.plain_config(config)
  with (
    run_folder.open_run(
      workdir, keep_last=settings.keep_checkpoints
    ) as manager,
    preemption.watch() as is_preempted,
  ):
    state = run_folder.agree_on_state(
      manager,
      functools.partial(
        first_state,
        config,
        model=model,
        optimizer=update.optimizer,
        initial=initial,
      ),
      expected=describe_state(
        model, update.optimizer, size_px=config.synthesis.size_px
      ),
      config=record,
      allow_config_change=allow_config_change,
    )
    first = int(state.step)
    _announce(first, settings.steps, workdir)
    state, bank = parallel.replicate((state, bank), devices=devices)
    run_folder.store_config(workdir, record, step=first)

    with (
      writers.open_writer(workdir, step=first) as writer,
      progress_bar(
        'training',
        total=settings.steps,
        done=first,
        unit='steps',
        enabled=jax.process_index() == 0,
      ) as advance,
    ):
      drawn = sample_hook.build_hooks(config, synthesise, model, bank, writer)
      hooks = [*drawn, *hooks]
      pending: list[Any] = []  # metrics since the last log line, not yet read
      mark = first, time.perf_counter()  # from where the pace is measured
      steps = (
        () if _agree(stop, first) else range(first + 1, settings.steps + 1)
      )
      for step in steps:
        state, collection = update.step(state, bank)
        pending.append(collection)
        advance(step)
        due = functools.partial(_due, step=step, last=settings.steps)
        leaves = is_preempted(step) and step < settings.steps

        if step == first + 1:
          jax.block_until_ready(collection)
          seconds = time.perf_counter() - mark[1]
          logging.info('compiled, and first update, in %.1f s', seconds)
          mark = step, time.perf_counter()
        if due(settings.log_every) or due(settings.checkpoint_every) or leaves:
          values = _read(pending, step)
          values['learning_rate'] = float(update.schedule(step - 1))
          values |= _pace(settings.batch_size, step, *mark)
          writer.scalars(step, values)
          pending, mark = [], (step, time.perf_counter())
        looks = [(name, look) for name, every, look in hooks if due(every)]
        if looks and broadcast.is_first():
          for name, look in looks:
            figures = look(state.ema_params, step) or {}
            named = {f'{name}/{key}': value for key, value in figures.items()}
            writer.scalars(step, named)
        if looks:
          mark = step, time.perf_counter()
        stops = bool(looks) and step < settings.steps and _agree(stop, step)
        if stops and pending:
          writer.scalars(step, _read(pending, step))
        if stops or leaves or due(settings.checkpoint_every):
          run_folder.save(manager, state, config=record)
          mark = step, time.perf_counter()
        if stops:
          logging.info('stopped early after step %d', step)
          break
        if leaves:
          run_folder.wait_until_saved(manager)
          raise preemption.Preempted(step)
      # Nobody leaves before process 0, whose last hooks and save take longer.
      run_folder.wait_until_saved(manager)
  return state


def _agree(stop: Callable[[int], bool], step: int) -> bool:
  """What process 0 finds; the others may not have the files it looks at."""
  return broadcast.from_first(lambda: b'stop' if stop(step) else b'') != b''


def _due(every: int, *, step: int, last: int) -> bool:
  """Whether a period ends at this step."""
  return step % every == 0 or step == last


def _read(pending: Sequence[Any], step: int) -> dict[str, float]:
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
  """Pairs a second since a mark; nothing where no step lies in between."""
  if step == since_step:
    return {}
  seconds = time.perf_counter() - since
  return {'pairs_per_second': batch_size * (step - since_step) / seconds}


def _announce(first: int, steps: int, workdir: Path) -> None:
  """Says from where the run goes on.

  Raises:
    ValueError: where it has gone further already.
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


def _check_periods(settings: ml_collections.ConfigDict) -> None:
  """Raises ValueError for periods and counts that cannot be, by name."""
  least = dict(
    steps=1, log_every=1, checkpoint_every=1, sample_every=0, num_samples=0
  )
  for name, smallest in least.items():
    if settings[name] < smallest:
      raise ValueError(
        f'train.{name}={settings[name]} must be {smallest} or more'
      )
  if not 0 <= settings.ema_decay < 1:
    raise ValueError(
      f'train.ema_decay={settings.ema_decay} must be in [0, 1); '
      '0 evaluates the raw parameters'
    )
