"""The folder of a run: its lock, its checkpoints, its config.

  with run_folder.open_run(workdir, keep_last=2) as manager:
    state = run_folder.agree_on_state(
      manager, build, expected=expected, config=config
    )
    run_folder.store_config(workdir, config, step=int(state.step))

Process 0 alone reads and writes the folder and broadcasts what the others need,
the state included: they may be on machines without the folder, and all start
from the same checkpoint.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np
from flax import serialization

from zeroshot import checkpoints
from zeroshot.checkpoints import Checkpoint
from zeroshot.run_config import compatibility
from zeroshot.runtime import atomic_files, broadcast, locks
from zeroshot.train import resume
from zeroshot.train.state import TrainState
from zeroshot.types import PlainConfig

LOCK = 'run.lock'
CONFIG = 'config.json'


@contextlib.contextmanager
def open_run(
  workdir: Path, *, keep_last: int
) -> Iterator[checkpoints.Manager | None]:
  """Locks the folder for this run and opens its checkpoints.

  Args:
    workdir: folder of the run; made if need be.
    keep_last: how many of the newest checkpoints to keep.

  Yields:
    The checkpoints in process 0; None in the others.

  Raises:
    ValueError: another run is using the folder, or ``keep_last`` is below 1; in
      every process.
    OSError: on leaving, where the save in flight could not be written.
  """
  with contextlib.ExitStack() as stack:
    manager: checkpoints.Manager | None = None

    def enter() -> bytes:
      nonlocal manager
      try:
        stack.enter_context(locks.hold(workdir / LOCK))
      except locks.HeldError as error:
        raise ValueError(
          f'another run is in {workdir}: {error}. Wait for its end, stop it, '
          'or take another --workdir'
        ) from error
      manager = stack.enter_context(
        checkpoints.open_checkpoints(workdir, keep_last=keep_last)
      )
      return b''

    broadcast.from_first(enter)
    yield manager


def agree_on_state(
  manager: checkpoints.Manager | None,
  build: Callable[[Checkpoint | None], TrainState],
  *,
  expected: TrainState,
  config: PlainConfig,
  allow_config_change: bool = False,
) -> TrainState:
  """The state of the newest checkpoint, or a new one; the same in all.

  Args:
    manager: of ``open_run``.
    build: makes the state of a checkpoint, or that of a new run, see
      ``update.first_state``; called in process 0.
    expected: shapes and types, as of ``describe_state``.
    config: of this command, as of ``compatibility.plain_config``.
    allow_config_change: resume under another config than the checkpoint's.

  Returns:
    A TrainState of NumPy arrays.

  Raises:
    ValueError: none of the checkpoints can be read, or the run was made with
      another config; in every process.
  """

  def restore() -> TrainState:
    checkpoint = checkpoints.restore_latest(manager)
    if checkpoint is not None:
      compatibility.check_same_run(
        checkpoint.config, config, allow_change=allow_config_change
      )
    return build(checkpoint)

  if jax.process_count() == 1:
    return restore()
  content = broadcast.from_first(lambda: serialization.to_bytes(restore()))
  state: TrainState = serialization.from_bytes(expected, content)
  return jax.tree.map(np.array, state)


def store_config(workdir: Path, config: PlainConfig, *, step: int) -> None:
  """Writes ``config.json``; one of other settings stays under another name.

  Where that name is taken, it holds the settings that made the checkpoint;
  later settings, under which nothing was saved, are dropped.

  Args:
    workdir: folder of the run.
    config: of this command, as of ``compatibility.plain_config``.
    step: from where it holds.
  """
  if not broadcast.is_first():
    return
  file = workdir / CONFIG
  if file.is_file() and json.loads(file.read_text()) != config:
    before = file.with_name(f'config-before-step-{step}.json')
    if not before.exists():
      os.replace(file, before)
  # Not as metrics are: a field that is infinite must compare equal again.
  atomic_files.write_text(file, json.dumps(config, indent=2) + '\n')


def save(
  manager: checkpoints.Manager | None,
  state: TrainState,
  *,
  config: PlainConfig,
) -> None:
  """Starts to save; nothing in processes other than 0.

  Args:
    manager: of ``open_run``.
    state: after an update.
    config: of the run.

  Raises:
    OSError: where this or an earlier checkpoint could not be written.
  """
  if manager is not None:
    items = resume.split_state(state)
    checkpoints.save(manager, int(state.step), **items, config=config)


def wait_until_saved(manager: checkpoints.Manager | None) -> None:
  """Returns, in every process, once all that was saved is on the disk.

  Args:
    manager: of ``open_run``.

  Raises:
    OSError: where it could not be written.
  """

  def wait() -> bytes:
    checkpoints.wait_until_saved(manager)
    return b''

  broadcast.from_first(wait)
