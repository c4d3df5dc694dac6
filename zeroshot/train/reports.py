"""What a training reports besides its files: a trace, and Weights & Biases.

  reports = Reports(profile_steps=5, wandb='my-project')
  loop.train(config, task, workdir=workdir, reports=reports)

Both are off by default, and of process 0 alone.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
from absl import logging

from zeroshot.runtime import atomic_files
from zeroshot.types import PlainConfig

TRACE = 'profile'
_RUN_ID = 'wandb_run_id'


class Reports(NamedTuple):
  """What is reported.

  Attributes:
    profile_steps: how many updates are traced, from the second one of the
      process on; 0 traces none.
    wandb: project of Weights & Biases; '' reports nothing there.
  """

  profile_steps: int = 0
  wandb: str = ''


NOTHING = Reports()


@contextlib.contextmanager
def trace(
  workdir: Path, *, first: int, num_steps: int
) -> Iterator[Callable[[int, Any], None]]:
  """Traces some updates into ``WORKDIR/profile``, for XProf and Perfetto.

  The first update of a process is left out: it includes compilation.

  Args:
    workdir: folder of the run.
    first: the step that the run resumed from.
    num_steps: how many updates; 0 traces none.

  Yields:
    A function to call after each update, with the step and the update's
    results, which it waits for where the trace begins and ends.
  """
  is_open = False

  def end(results: Any) -> None:
    nonlocal is_open
    jax.block_until_ready(results)
    jax.profiler.stop_trace()
    is_open = False
    logging.info('the trace is in %s', workdir / TRACE)

  def after(step: int, results: Any) -> None:
    nonlocal is_open
    if not num_steps or jax.process_index() != 0:
      return
    if step == first + 1:
      jax.block_until_ready(results)
      jax.profiler.start_trace(workdir / TRACE, create_perfetto_trace=True)
      is_open = True
    elif is_open and step == first + 1 + num_steps:
      end(results)

  try:
    yield after
  finally:
    if is_open:  # the run ended before
      end(())


def start_wandb(project: str, workdir: Path, config: PlainConfig) -> Any:
  """The run at Weights & Biases; None where nothing is reported there.

  A training that resumes goes on in the same run. ``WANDB_MODE=offline`` keeps
  it in ``WORKDIR/wandb`` until ``wandb sync``.

  Args:
    project: of Weights & Biases; '' is none.
    workdir: folder of the run, which exists.
    config: the whole config.

  Raises:
    ValueError: the package is not installed, or the run cannot be started.
  """
  if not project or jax.process_index() != 0:
    return None
  try:
    import wandb
  except ImportError as error:
    raise ValueError(
      '--wandb needs a package that is not installed: pip install '
      f"'zeroshot-inspection[wandb]' ({error})"
    ) from error
  file = workdir / _RUN_ID
  if not file.is_file():
    atomic_files.write_text(file, secrets.token_hex(8))
  try:
    return wandb.init(
      project=project,
      id=file.read_text('utf-8'),
      name=workdir.name,
      dir=str(workdir),
      config=config,
      resume='allow',
    )
  except wandb.errors.Error as error:
    raise ValueError(
      f'--wandb={project}: {error}; log in with wandb login, or set '
      'WANDB_MODE=offline'
    ) from error
