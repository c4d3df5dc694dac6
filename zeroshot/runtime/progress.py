"""A progress bar on stderr, on a terminal only.

with progress_bar('inspecting', total=5000, done=120, unit='rows') as advance:
  advance(121)
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from absl import logging
from rich import console as rich_console
from rich import progress as rich_progress


@contextlib.contextmanager
def progress_bar(
  title: str,
  *,
  total: int,
  done: int,
  unit: str,
  line_every: int = 0,
  enabled: bool = True,
) -> Iterator[Callable[[int], None]]:
  """Shows how many of a number of things are done, and how many a second.

  Args:
    title: shown before the bar.
    total: number of things in all.
    done: how many were done before.
    unit: what is counted, in the plural.
    line_every: without a terminal, print a line each time this many more are
      done, and at the end; 0 prints none.
    enabled: False shows nothing.

  Yields:
    A function that takes the number of things done so far, ``done`` included.
  """
  console = rich_console.Console(stderr=True)
  columns = (
    rich_progress.TextColumn('{task.description}'),
    rich_progress.BarColumn(),
    rich_progress.MofNCompleteColumn(),
    rich_progress.TextColumn('{task.fields[rate]}'),
    rich_progress.TimeElapsedColumn(),
    rich_progress.TimeRemainingColumn(),
  )
  start = time.monotonic()
  with rich_progress.Progress(
    *columns,
    console=console,
    disable=not (enabled and console.is_terminal),
    # What goes to a file or a pipe must not end up on the bar's terminal.
    redirect_stdout=sys.stdout.isatty(),
  ) as progress:
    task = progress.add_task(title, total=total, completed=done, rate='')

    def advance(completed: int) -> None:
      count = completed - done
      rate = f'{count / (time.monotonic() - start):.1f} {unit}/s'
      progress.update(task, completed=completed, rate=rate)
      is_due = line_every and (count % line_every == 0 or completed == total)
      if enabled and progress.disable and is_due:
        print(f'{completed} of {total} {unit}, {rate}', file=sys.stderr)

    with _log_above_bar(is_shown=not progress.disable):
      yield advance


@contextlib.contextmanager
def _log_above_bar(*, is_shown: bool) -> Iterator[None]:
  """Sends log lines through rich's stderr, which prints them above the bar."""
  if not is_shown:
    yield
    return
  handler = logging.get_absl_handler().python_handler
  before = handler.setStream(sys.stderr)
  try:
    yield
  finally:
    if before is not None:
      handler.setStream(before)
