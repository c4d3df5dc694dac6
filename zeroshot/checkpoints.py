"""Checkpoints of a run, by orbax.

  with open_checkpoints(workdir, keep_last=2) as manager:
    save(manager, step, model=parameters, train=the_rest, config=config)
    checkpoint = restore_latest(manager)

A checkpoint has three items: ``model``, the parameters that are evaluated;
``train``, what training needs on top; and ``meta``, JSON with the config. All
arrays pass through the host as NumPy, so that any number of devices of any kind
can read what another wrote. This is the only user of orbax.

Where processes run together, one of them opens the checkpoints and the others
leave them alone: nothing here waits for another process.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import jax
import orbax.checkpoint as ocp
from absl import logging

from zeroshot.types import JsonObject, Params, PlainConfig

FOLDER = 'checkpoints'

Manager: TypeAlias = ocp.CheckpointManager


class Checkpoint(NamedTuple):
  """The content of a checkpoint.

  Attributes:
    step: number of completed updates.
    model: nested dicts of NumPy arrays, the evaluated parameters.
    train: nested dicts of NumPy arrays, as they were given to ``save``.
    config: of the run that saved it, as plain dicts and lists.
  """

  step: int
  model: Params
  train: Params
  config: JsonObject


@contextlib.contextmanager
def open_checkpoints(
  workdir: str | Path, *, keep_last: int = 1, read_only: bool = False
) -> Iterator[Manager]:
  """Opens the checkpoints of a run; waits for unfinished saves on leaving.

  Args:
    workdir: folder of the run; it is made unless ``read_only``.
    keep_last: how many of the newest checkpoints to keep.
    read_only: neither write nor clean up.

  Yields:
    orbax's manager.

  Raises:
    ValueError: where none could be kept.
    OSError: on leaving, where the save in flight could not be written.
  """
  if keep_last < 1:
    raise ValueError(
      f'train.keep_checkpoints={keep_last} would keep none; take 1 or more'
    )
  # Absolute: with a relative path orbax fails later, in its own thread.
  folder = Path(workdir).expanduser().resolve() / FOLDER
  if not read_only:
    folder.mkdir(parents=True, exist_ok=True)
  policies = ocp.checkpoint_managers.preservation_policy
  here = jax.process_index()
  options = ocp.CheckpointManagerOptions(
    preservation_policy=policies.LatestN(keep_last),
    cleanup_tmp_directories=not read_only,
    read_only=read_only,
    create=False,
    multiprocessing_options=ocp.options.MultiprocessingOptions(
      primary_host=here,
      active_processes={here},
      barrier_sync_key_prefix=f'process{here}',
    ),
  )
  manager = ocp.CheckpointManager(folder, options=options)
  try:
    yield manager
  except BaseException:
    try:
      manager.close()
    except Exception as error:
      logging.warning('the save in flight failed too: %s', first_line(error))
    raise
  # Waits for the save in flight, which is lost otherwise.
  with _explain_failures(manager):
    manager.close()


def save(
  manager: Manager,
  step: int,
  *,
  model: Params,
  train: Params,
  config: PlainConfig,
) -> None:
  """Starts to save a checkpoint; it is written in the background.

  Args:
    manager: from ``open_checkpoints``.
    step: number of completed updates.
    model: nested dicts of arrays, the parameters that are evaluated.
    train: nested dicts of arrays, what training needs on top.
    config: JSON-compatible.

  Raises:
    OSError: where this checkpoint, or the one before, could not be written.
    RuntimeError: where orbax returns False instead of saving.
  """
  items = ocp.args.Composite(
    model=ocp.args.StandardSave(jax.device_get(model)),
    train=ocp.args.StandardSave(jax.device_get(train)),
    meta=ocp.args.JsonSave({'config': dict(config), 'step': step}),
  )
  with _explain_failures(manager):
    is_saved = manager.save(step, args=items)
  if not is_saved:
    raise RuntimeError(
      f'the checkpoint of step {step} was not saved in {manager.directory}, '
      f'whose latest is {manager.latest_step()}; move that folder away, or '
      'take another --workdir'
    )


def wait_until_saved(manager: Manager) -> None:
  """Returns once all that was saved is on the disk.

  Args:
    manager: from ``open_checkpoints``.

  Raises:
    OSError: where it could not be written.
  """
  with _explain_failures(manager):
    manager.wait_until_finished()


def restore_latest(manager: Manager) -> Checkpoint | None:
  """Reads the newest checkpoint that can be read.

  One that is damaged is renamed to ``STEP.corrupt``, with a warning, and the
  one before is read instead. Where none can be read, which may be the disk's
  fault, all stay as they are.

  Args:
    manager: from ``open_checkpoints``, not read-only.

  Returns:
    The checkpoint; None where the run has not saved any yet.

  Raises:
    ValueError: where there are checkpoints and none can be read.
  """
  steps = sorted(manager.all_steps(), reverse=True)
  faults: dict[int, Exception] = {}
  checkpoint = first_readable(
    manager, steps, damaged=lambda _, step, error: faults.update({step: error})
  )
  if steps and checkpoint is None:
    first = faults[steps[0]]
    raise ValueError(
      f'none of the checkpoints {steps} in {manager.directory} can be read '
      f'(step {steps[0]}: {type(first).__name__}: {first_line(first)}); '
      'nothing was renamed: try again, and if they are lost, move the folder '
      'away or take another --workdir'
    ) from first
  for step, error in faults.items():
    _set_aside(manager, step, error)
  return checkpoint


def read(manager: Manager, step: int) -> Checkpoint:
  """Reads all items as NumPy arrays.

  No template of the model is used, so an error here always means damage, never
  a changed config.

  Args:
    manager: from ``open_checkpoints``.
    step: of the checkpoint.

  Returns:
    The checkpoint.

  Raises:
    Exception: of all kinds, where it is damaged.
  """
  items = manager.restore(
    step,
    args=ocp.args.Composite(
      model=ocp.args.StandardRestore(),
      train=ocp.args.StandardRestore(),
      meta=ocp.args.JsonRestore(),
    ),
  )
  return Checkpoint(
    step, items['model'], items['train'], items['meta']['config']
  )


def read_model(manager: Manager, step: int) -> tuple[Params, JsonObject]:
  """Reads the evaluated parameters and the config alone; else as ``read``."""
  items = manager.restore(
    step,
    args=ocp.args.Composite(
      model=ocp.args.StandardRestore(), meta=ocp.args.JsonRestore()
    ),
  )
  return items['model'], items['meta']['config']


def first_readable(
  manager: Manager,
  steps: Iterable[int],
  *,
  damaged: Callable[[Manager, int, Exception], None],
) -> Checkpoint | None:
  """The first of the steps that can be read; ``damaged`` gets those before."""
  for step in steps:
    try:
      return read(manager, step)
    except MemoryError:
      raise  # not the checkpoint's fault
    except Exception as error:  # orbax raises all kinds, bare ones included
      damaged(manager, step, error)
  return None


@contextlib.contextmanager
def _explain_failures(manager: Manager) -> Iterator[None]:
  """Turns any error of a failed write into an OSError with a remedy."""
  try:
    yield
  except Exception as error:  # bare ones included, see ``restore_latest``
    reason = str(error).split('\n')[0]
    raise OSError(
      f'a checkpoint could not be written in {manager.directory} ({reason}); '
      'those before it are intact: make room, then run the same command again'
    ) from error


def _set_aside(manager: Manager, step: int, error: Exception) -> None:
  """Renames a damaged checkpoint, so that its step can be saved again."""
  damaged = Path(manager.directory) / str(step)
  aside, numbers = damaged.with_name(f'{step}.corrupt'), itertools.count(2)
  while aside.exists():
    aside = damaged.with_name(f'{step}.corrupt{next(numbers)}')
  warn_of(manager, step, error)
  damaged.rename(aside)
  logging.warning('it is now %s', aside.name)
  manager.reload()


def warn_of(manager: Manager, step: int, error: Exception) -> None:
  """Logs that a checkpoint cannot be read."""
  logging.warning(
    'CHECKPOINT %s IS DAMAGED (%s: %s); falling back to the one before',
    Path(manager.directory) / str(step),
    type(error).__name__,
    first_line(error),
  )


def first_line(error: Exception) -> str:
  """The first line of an error's text, cut to a readable length."""
  return str(error).split('\n')[0][:160]
