"""Inspects batches of rows of a list; each process has one detector.

  judge = actor.Judge(actor.Job(options, ...), done)
  for batch in rows.read(manifest):
    judge.inspect(batch)['same']

Whatever is wrong with a row is its result: a batch never fails.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from zeroshot.cluster import chunks, places, rows
from zeroshot.cluster.rows import Batch, Row
from zeroshot.data import decoding, faults
from zeroshot.inspection import could_not_align, result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.detector import load_detector
from zeroshot.inspection.inputs import Picture
from zeroshot.inspection.options import InspectOptions
from zeroshot.inspection.result_records import ERROR
from zeroshot.runtime import machine
from zeroshot.types import HostArray, JsonObject

_MOST_THREADS = 4  # each holds a pair


class Job(NamedTuple):
  """What a process has to know.

  Attributes:
    options: of the command.
    manifest: path or URL of the list.
    out: path or URL of the folder for results.
    ignore: mask of what to ignore; None is nothing.
    cores: that the process may use; 0 is all that there are.
  """

  options: InspectOptions
  manifest: str
  out: str
  ignore: HostArray | None
  cores: int = 0


class Judge:
  """One process of the pool."""

  def __init__(self, job: Job, done: HostArray) -> None:
    """Loads the detector.

    Args:
      job: what to do.
      done: ids of rows that have a verdict, of ``chunks.read_ids``.
    """
    if job.cores:
      machine.use_at_most(job.cores)
    self._job = job
    self._done = done
    self._folder = places.at(job.manifest).parent
    self._out = places.at(job.out)
    self._detector = load_detector(job.options)
    threads = min(machine.usable_cores(), _MOST_THREADS)
    self._threads = ThreadPoolExecutor(threads)

  def __call__(self, batch: Batch) -> dict[str, HostArray]:
    """As ``inspect``, in columns of one row, as Ray Data wants them."""
    counts = self.inspect(batch)
    return {name: np.array([count]) for name, count in counts.items()}

  def inspect(self, batch: Batch) -> dict[str, int]:
    """Inspects the rows that are not done, and writes their results.

    Args:
      batch: see ``rows.read``.

    Returns:
      How many rows had each verdict, and how many were done before.

    Raises:
      OSError: the results cannot be written.
    """
    listed = rows.of_batch(batch)
    fresh = [row for row in listed if not rows.holds(self._done, row['id'])]
    records = list(self._threads.map(self._record, fresh))
    if records:
      name = chunks.name_of([row['id'] for row in fresh])
      chunks.write(self._out, name, records)
    verdicts = [record['verdict'] for record in records]
    counts = {
      verdict: verdicts.count(verdict)
      for verdict in (result.SAME, result.DIFFERENT, ERROR)
    }
    counts['before'] = len(listed) - len(fresh)
    return counts

  def _record(self, row: Row) -> JsonObject:
    try:
      return {**self._inspect(row).to_dict(), **_identity(row)}
    except CouldNotAlignError as error:
      return failure(row, str(error), could_not_align.REASON)
    except Exception as error:
      # One row must not stop millions of others.
      return failure(row, faults.line_of(error))

  def _inspect(self, row: Row) -> result.Inspection:
    if row['fault']:
      raise ValueError(row['fault'])
    options = self._job.options
    return self._detector.inspect(
      self._picture(row['reference']),
      self._picture(row['test']),
      name=row['name'],
      roi=options.roi,
      ignore=self._job.ignore,
      bits=options.bits,
    ).sorted_by(options.sort)

  def _picture(self, path: str) -> Picture:
    """The path of a local file, or the pixels of a remote one."""
    place = self._folder / path
    if place.is_local:
      return place.path
    return decoding.decode(
      places.read(place),
      str(place),
      max_megapixels=self._job.options.max_megapixels,
      upright=True,
    )


def failure(row: Row, error: str, reason: str | None = None) -> JsonObject:
  """The record of a row without a verdict.

  Args:
    row: see ``rows.read``.
    error: what went wrong.
    reason: a word for it, of ``zeroshot inspect --json``; None is none.
  """
  told = ' '.join(error.split())
  record = {**_identity(row), 'verdict': ERROR, 'error': told}
  return record if reason is None else record | {'reason': reason}


def _identity(row: Row) -> Row:
  """What a record repeats of its row."""
  return {name: row[name] for name in ('id', 'name', 'reference', 'test')}
