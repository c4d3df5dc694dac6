"""Faults of many files in one error, instead of one file a run.

  refuse([f'{path}: the file is empty; copy it again', ...])

A fault is one line that names its file, the cause and the remedy.
"""

from __future__ import annotations

from collections.abc import Sequence

MAX_TOLD = 20


def refuse(faults: Sequence[str]) -> None:
  """Raises if there is a fault.

  Args:
    faults: one line each; may be empty.

  Raises:
    ValueError: names the first 20 and how many more there are.
  """
  if len(faults) == 1:
    raise ValueError(faults[0])
  if faults:
    raise ValueError(f'{len(faults)} faults: {summarize(faults)}')


def line_of(error: Exception) -> str:
  """The message of an error in one line.

  An unexpected error is prefixed by its type: its message may be unclear.
  """
  is_expected = isinstance(error, OSError | ValueError)
  text = ' '.join(str(error).split())
  return text if is_expected else f'{type(error).__name__}: {text}'


def summarize(faults: Sequence[str]) -> str:
  """The first 20 faults in one line, and how many more there are."""
  first = '; '.join(faults[:MAX_TOLD])
  more = len(faults) - MAX_TOLD
  return first if more <= 0 else f'{first}; and {more} more'
