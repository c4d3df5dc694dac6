"""A list of pairs -> Parquet files, in this process or on a Ray cluster.

  for counts in run.inspect(options):
    counts['same'], counts['different'], counts['error'], counts['before']

What is written is known by its rows, so that a run that died goes on: rows with
a verdict are left out, the others are tried again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from zeroshot.cluster import actor, chunks, places, rows
from zeroshot.cluster.places import Place
from zeroshot.inspection import areas, settings
from zeroshot.inspection.options import InspectOptions
from zeroshot.inspection.result_records import ERROR
from zeroshot.runtime import locks
from zeroshot.types import HostArray

RUN = 'run.json'
_LOCK = 'run.lock'


def inspect(options: InspectOptions) -> Iterator[dict[str, int]]:
  """Inspects all rows that have no verdict yet.

  Args:
    options: with ``manifest`` and ``out``, paths or URLs. The engine
      ``'local'`` is this process, with a thread for each of a few pairs.

  Yields:
    What ``actor.Judge.inspect`` tells of each batch.

  Raises:
    ValueError: the list cannot be read or has other columns, or the folder
      holds a run of other settings.
    locks.HeldError: another process writes into the folder.
    OSError: a result cannot be written, or the cluster gave up.
  """
  assert options.manifest is not None
  assert options.out is not None
  manifest, out = places.at(options.manifest), places.at(options.out)
  listed = rows.read_ids(manifest)
  lock: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
  if out.is_local:  # an object store has no lock
    Path(out.path).mkdir(parents=True, exist_ok=True)
    lock = locks.hold(Path(out.path) / _LOCK)
  with lock:
    _begin(out, manifest, options)
    ignore = None
    if options.ignore is not None:
      ignore = areas.load_ignore_mask(
        options.ignore, max_megapixels=options.max_megapixels
      )
    job = actor.Job(options, str(manifest), str(out), ignore)
    done = chunks.read_ids(out / chunks.RESULTS)
    if options.engine == 'ray':
      yield from _inspect_on_cluster(job, done, listed)
    else:
      judge = actor.Judge(job, done)
      for batch in rows.read(manifest):
        yield judge.inspect(batch)


def _inspect_on_cluster(
  job: actor.Job, done: HostArray, listed: HostArray
) -> Iterator[dict[str, int]]:
  """All batches; those that killed every process are written as failed."""
  from zeroshot.cluster import pool

  yield from pool.inspect(job, done, actors=job.options.actors)
  out = places.at(job.out)
  for folder in (chunks.RESULTS, chunks.FAILED):
    listed = np.setdiff1d(listed, chunks.read_ids(out / folder))
  if not len(listed):
    return
  error = (
    f'{pool.MOST_DEATHS} processes that had its batch in hand died; see '
    'whether its pictures, or those of its neighbours, take all the memory'
  )
  for batch in rows.read(places.at(job.manifest)):
    lost = [
      row for row in rows.of_batch(batch) if rows.holds(listed, row['id'])
    ]
    if lost:
      name = chunks.name_of([row['id'] for row in lost])
      chunks.write(out, name, [actor.failure(row, error) for row in lost])
      yield {ERROR: len(lost)}


def _begin(out: Place, manifest: Place, options: InspectOptions) -> None:
  """Stores the settings of a new run; refuses those of another one."""
  described = settings.describe_run(
    replace(options, manifest=None), threshold=-1, rows=0
  )
  for name in ('rows', 'threshold', 'manifest_sha256', 'pair', 'shard'):
    del described[name]
  described |= dict(manifest=str(manifest), threshold=options.threshold)
  place = out / RUN
  if place.files.exists(place.path):
    stored = json.loads(places.read(place))
    differing = [
      f'{name} (there {stored.get(name)!r}, now {described.get(name)!r})'
      for name in sorted({*stored, *described})
      if stored.get(name) != described.get(name)
    ]
    if differing:
      raise ValueError(
        f'{out} holds results of another run, which differs in '
        f'{"; ".join(differing)}; give another folder, or the same settings'
      )
  else:
    places.write(place, (json.dumps(described, indent=2) + '\n').encode())
  # Failed rows are tried again.
  for name in places.names(out / chunks.FAILED, chunks.ENDING):
    places.remove(out / chunks.FAILED / name)
