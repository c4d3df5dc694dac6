"""Inspects a list of pairs into a results folder; faulty rows do not stop it.

  for record in listed.inspect_listed(inspect, pairs, out):
    record['row'], record['verdict']

Threads read, register and score a few pairs at a time, one for each core, while
results are written in the order of the list; memory does not grow with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from zeroshot.data.pair_list import ListedPair
from zeroshot.inspection import folder
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.result import Inspection
from zeroshot.runtime import machine
from zeroshot.types import JsonObject

_MOST_THREADS = 4  # each holds a pair

Inspect = Callable[[ListedPair], Inspection]


_Failed = str | CouldNotAlignError  # why there is no outcome


class _Inspected(NamedTuple):
  """The outcome for a pair, and the stamp of its files before it."""

  inspection: Inspection
  stamp: list[list[int]]


def is_current(record: JsonObject, pair: ListedPair) -> bool:
  """Whether a record is of the pair's pictures as they are now."""
  return record.get('stamp') == _stamp(pair)


def _stamp(pair: ListedPair) -> list[list[int]]:
  return folder.stamp_of(pair.reference_path, pair.test_path)


def inspect_listed(
  inspect: Inspect, pairs: Iterable[ListedPair], out: Path
) -> Generator[JsonObject]:
  """Inspects pair after pair.

  Args:
    inspect: inspects one pair; any exception becomes the row's error.
    pairs: to inspect.
    out: the folder, after ``folder.begin``.

  Yields:
    The record of each pair, after it is written.

  Raises:
    OSError: a result cannot be written.
  """
  for pair, outcome in _prefetch(inspect, pairs):
    if isinstance(outcome, _Inspected):
      yield folder.add(out, pair.row, outcome.inspection, stamp=outcome.stamp)
    else:
      yield folder.add_error(out, pair.row, pair.name, outcome)


def _prefetch(
  inspect: Inspect, pairs: Iterable[ListedPair]
) -> Generator[tuple[ListedPair, _Inspected | _Failed]]:
  """Each pair with its outcome, in order, while others are being inspected."""
  num_threads = min(machine.usable_cores(), _MOST_THREADS)
  pool = ThreadPoolExecutor(num_threads)
  pending: deque[tuple[ListedPair, Future[_Inspected | _Failed]]] = deque()
  try:
    for pair in pairs:
      pending.append((pair, pool.submit(_try, inspect, pair)))
      if len(pending) > num_threads:
        first, running = pending.popleft()
        yield first, running.result()
    while pending:
      first, running = pending.popleft()
      yield first, running.result()
  finally:
    pool.shutdown(cancel_futures=True)


def _try(inspect: Inspect, pair: ListedPair) -> _Inspected | _Failed:
  """The outcome for a pair, or why there is none."""
  if pair.fault:
    return pair.fault
  try:
    stamp = _stamp(pair)
    return _Inspected(inspect(pair), stamp)
  except CouldNotAlignError as error:
    return error
  except Exception as error:
    # An error of a library on one picture must not stop thousands of others.
    kind = '' if isinstance(error, ValueError) else f'{type(error).__name__}: '
    return kind + ' '.join(str(error).split())
