"""How far a list is, on stderr: a bar on a terminal, else a line now and then.

with row_progress(total=5000, done=120) as advance:
  advance()
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich import console as rich_console
from rich import progress as rich_progress

_LINE_EVERY = 50  # rows


@contextlib.contextmanager
def row_progress(*, total: int, done: int) -> Iterator[Callable[[], None]]:
  """Shows how many rows are done, and how many a second.

  Args:
    total: rows of the list.
    done: rows that were done before.

  Yields:
    A function to call after each row.
  """
  if done:
    print(f'{done} of {total} rows were done before', file=sys.stderr)
  console = rich_console.Console(stderr=True)
  columns = (
    rich_progress.TextColumn('inspecting'),
    rich_progress.BarColumn(),
    rich_progress.MofNCompleteColumn(),
    rich_progress.TextColumn('{task.fields[rate]}'),
    rich_progress.TimeRemainingColumn(),
  )
  start, count = time.monotonic(), 0
  with rich_progress.Progress(
    *columns,
    console=console,
    disable=not console.is_terminal,
    # What goes to a file or a pipe must not end up on the bar's terminal.
    redirect_stdout=sys.stdout.isatty(),
  ) as progress:
    task = progress.add_task('', total=total, completed=done, rate='')

    def advance() -> None:
      nonlocal count
      count += 1
      rate = f'{count / (time.monotonic() - start):.1f} rows/s'
      progress.update(task, completed=done + count, rate=rate)
      last = done + count == total
      if progress.disable and (count % _LINE_EVERY == 0 or last):
        print(f'{done + count} of {total} rows, {rate}', file=sys.stderr)

    yield advance
