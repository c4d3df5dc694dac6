"""A progress bar, on a terminal only; log lines serve everywhere else.

with progress_bar(total=steps, done=step) as advance:
  advance(step)
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import jax
from absl import logging
from rich import console as rich_console
from rich import progress as rich_progress


@contextlib.contextmanager
def progress_bar(*, total: int, done: int) -> Iterator[Callable[[int], None]]:
  """Shows how far a run is, on stderr.

  Args:
    total: updates of the whole run.
    done: updates completed already.

  Yields:
    A function that takes the number of completed updates.
  """
  console = rich_console.Console(stderr=True)
  if jax.process_index() != 0 or not console.is_terminal:
    yield lambda step: None
    return
  columns = (
    rich_progress.TextColumn('training'),
    rich_progress.BarColumn(),
    rich_progress.MofNCompleteColumn(),
    rich_progress.TimeElapsedColumn(),
    rich_progress.TimeRemainingColumn(),
  )
  handler = logging.get_absl_handler().python_handler
  with rich_progress.Progress(*columns, console=console) as progress:
    task = progress.add_task('training', total=total, completed=done)
    # rich has put its own stream in place of stderr: log lines that go
    # through it appear above the bar instead of across it.
    before = handler.setStream(sys.stderr)
    try:
      yield lambda step: progress.update(task, completed=step)
    finally:
      if before is not None:
        handler.setStream(before)
