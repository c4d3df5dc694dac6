"""What is wrong with files, told at once instead of one file a run.

  refuse([f'{path}: the file is empty; copy it again', ...])

A fault is one line that names its file, says why, and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence

MAX_TOLD = 20


def refuse(faults: Sequence[str]) -> None:
  """Raises if there is a fault.

  Args:
    faults: one line each; none is well.

  Raises:
    ValueError: names the first 20 and how many more there are.
  """
  if len(faults) == 1:
    raise ValueError(faults[0])
  if faults:
    raise ValueError(f'{len(faults)} faults: {summarize(faults)}')


def line_of(error: Exception) -> str:
  """What to say of an error, in a line.

  One that nobody foresaw is named by its type: its message alone may say
  little.
  """
  foreseen = isinstance(error, OSError | ValueError)
  text = ' '.join(str(error).split())
  return text if foreseen else f'{type(error).__name__}: {text}'


def summarize(faults: Sequence[str]) -> str:
  """The first 20 faults in one line, and how many more there are."""
  first = '; '.join(faults[:MAX_TOLD])
  more = len(faults) - MAX_TOLD
  return first if more <= 0 else f'{first}; and {more} more'
