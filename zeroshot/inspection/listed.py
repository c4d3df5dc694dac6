"""Inspects a list of pairs into a folder; a bad row does not stop it.

  for record in listed.inspect_listed(inspect, pairs, out, done=done):
    record['row'], record['verdict']

A pair is inspected in a thread while the one before it is written. No more than
two are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from zeroshot.data.pair_list import ListedPair
from zeroshot.inspection import folder
from zeroshot.inspection.result import Inspection

Inspect = Callable[[ListedPair], Inspection]


class _Found(NamedTuple):
  """What was found in a pair, and its files as they were before."""

  inspection: Inspection
  stamp: list[list[int]]


def still_holds(record: dict[str, Any], pair: ListedPair) -> bool:
  """Whether a record is of this pair's pictures as they are now."""
  return record.get('stamp') == _stamp(pair)


def _stamp(pair: ListedPair) -> list[list[int]]:
  return folder.stamp_of(pair.reference_path, pair.test_path)


def inspect_listed(
  inspect: Inspect, pairs: Iterable[ListedPair], out: Path
) -> Generator[dict[str, Any]]:
  """Inspects pair after pair.

  Args:
    inspect: one pair; whatever it raises is written down as that row's error.
    pairs: to inspect.
    out: the folder, after ``folder.begin``.

  Yields:
    The record of each pair, once it is written.

  Raises:
    OSError: a result cannot be written.
  """
  for pair, found in _ahead(inspect, pairs):
    if isinstance(found, _Found):
      yield folder.add(out, pair.row, found.inspection, stamp=found.stamp)
    else:
      yield folder.add_error(out, pair.row, pair.name, found)


def _ahead(
  inspect: Inspect, pairs: Iterable[ListedPair]
) -> Generator[tuple[ListedPair, _Found | str]]:
  """Each pair and what came of it, while the next one is being inspected."""
  pool = ThreadPoolExecutor(1)
  before: tuple[ListedPair, Future[_Found | str]] | None = None
  try:
    for pair in pairs:
      running = pool.submit(_tried, inspect, pair)
      if before is not None:
        yield before[0], before[1].result()
      before = pair, running
    if before is not None:
      yield before[0], before[1].result()
  finally:
    pool.shutdown(cancel_futures=True)


def _tried(inspect: Inspect, pair: ListedPair) -> _Found | str:
  """What was found, or why it could not be."""
  if pair.fault:
    return pair.fault
  try:
    stamp = _stamp(pair)
    return _Found(inspect(pair), stamp)
  except Exception as error:
    # A picture that meets a library's own error must not stop the thousands
    # after it. It is told in full.
    kind = '' if isinstance(error, ValueError) else f'{type(error).__name__}: '
    return kind + ' '.join(str(error).split())
