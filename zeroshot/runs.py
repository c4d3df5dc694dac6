"""Read-only access to the checkpoints of a run and their parameters.

  parameters, config, step = runs.load_parameters(workdir)
  checkpoint = runs.read_before(workdir, 700)

The run may still be going on: nothing is written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from zeroshot import checkpoints
from zeroshot.checkpoints import Checkpoint, Manager
from zeroshot.types import JsonObject, Params


def load_parameters(
  workdir: str | Path, step: int | None = None
) -> tuple[Params, JsonObject, int]:
  """Reads the parameters of a run, on any machine.

  Args:
    workdir: folder of the run.
    step: of the checkpoint; the newest by default.

  Returns:
    The parameters, nested dicts of NumPy arrays; the config of the run as
    plain dicts and lists; the step.

  Raises:
    ValueError: where there is no such checkpoint, or it cannot be read.
  """
  with _open_finished(workdir) as manager:
    steps, folder = sorted(manager.all_steps()), Path(manager.directory)
    if not steps or step not in (None, *steps):
      requested = 'any step' if step is None else f'step {step}'
      raise ValueError(
        f'no checkpoint of {requested} in {folder}, which has '
        f'{steps or "none"}; train until one is saved, see '
        'train.checkpoint_every'
      )
    chosen = steps[-1] if step is None else step
    try:
      parameters, config = checkpoints.read_model(manager, chosen)
    except Exception as error:
      raise ValueError(
        f'checkpoint {folder / str(chosen)} is damaged '
        f'({checkpoints.first_line(error)}); there are {steps}: name another '
        'step, or run the training command again, which falls back by itself'
      ) from error
  return parameters, config, chosen


def newest_step(workdir: str | Path) -> int | None:
  """The step of the newest checkpoint of a run.

  Args:
    workdir: folder of the run.

  Returns:
    The step; None where none was saved yet.

  Raises:
    ValueError: there is no such run.
  """
  with _open_finished(workdir) as manager:
    return max(manager.all_steps(), default=None)


def read_before(workdir: str | Path, step: int) -> Checkpoint | None:
  """Reads the newest readable checkpoint of fewer updates; writes nothing.

  Args:
    workdir: folder of the run.
    step: the checkpoint has fewer completed updates than this.

  Returns:
    The checkpoint; None where no such one can be read, or nothing was saved
    there. Each that cannot is warned of, and stays as it is.
  """
  if not (Path(workdir).expanduser() / checkpoints.FOLDER).is_dir():
    return None
  with _open_finished(workdir) as manager:
    steps = sorted(manager.all_steps(), reverse=True)
    earlier = [saved for saved in steps if saved < step]
    return checkpoints.first_readable(
      manager, earlier, damaged=checkpoints.warn_of
    )


@contextlib.contextmanager
def _open_finished(workdir: str | Path) -> Iterator[Manager]:
  """Opens the checkpoints of a run that must be there, to read them."""
  folder = Path(workdir).expanduser().resolve() / checkpoints.FOLDER
  if not folder.is_dir():
    raise ValueError(
      f'no folder {folder}: train first with launch.train --workdir={workdir}, '
      'or correct the path'
    )
  with checkpoints.open_checkpoints(workdir, read_only=True) as manager:
    yield manager
