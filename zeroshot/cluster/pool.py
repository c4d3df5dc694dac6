"""Batches of a list, handed out by Ray Data to a pool of processes.

  for counts in pool.inspect(job, done, actors=64):
    counts['same'], counts['different'], counts['error'], counts['before']

A batch whose process dies is done again by another one, a few times.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import ray
import ray.data
import ray.exceptions

from zeroshot.cluster import actor, places, rows
from zeroshot.runtime import machine
from zeroshot.types import HostArray

MOST_DEATHS = 4  # of the processes that have one batch in hand
_MOST_LOST = 100  # batches; with more of them something else is wrong


def inspect(
  job: actor.Job, done: HostArray, *, actors: int
) -> Iterator[dict[str, int]]:
  """Inspects the rows of a list that are not done.

  Args:
    job: what to do.
    done: see ``actor.Judge``.
    actors: processes; 0 is as many as the cluster has cores, but one, which is
      left to what reads the list.

  Yields:
    What ``actor.Judge.inspect`` tells of each batch. Batches that killed
    ``MOST_DEATHS`` processes are not told.

  Raises:
    OSError: the cluster gave up.
  """
  count = _start(actors)
  listed = ray.data.from_items([{'manifest': job.manifest}])
  batches = listed.map_batches(_read, batch_format='numpy').repartition(
    target_num_rows_per_block=rows.BATCH_ROWS
  )
  counted = batches.map_batches(
    actor.Judge,
    fn_constructor_args=(job._replace(cores=1), done),
    batch_size=rows.BATCH_ROWS,
    batch_format='numpy',
    # A batch that waits for a process that dies counts as tried.
    compute=ray.data.ActorPoolStrategy(
      size=count, max_tasks_in_flight_per_actor=1
    ),
    num_cpus=1,
    max_restarts=-1,
    max_task_retries=MOST_DEATHS - 1,
  )
  try:
    yield from counted.iter_rows()
  except (ray.exceptions.RayError, RuntimeError) as error:
    told = ' '.join(str(error).split())
    raise OSError(
      f'the cluster gave up ({told}); what is written stays: correct the cause '
      'and start the same command again'
    ) from error


def _read(batch: rows.Batch) -> Iterator[rows.Batch]:
  """The rows of a list, in a process of the cluster."""
  (manifest,) = batch['manifest']
  yield from rows.read(places.at(str(manifest)))


def _start(actors: int) -> int:
  """Joins the cluster of ``RAY_ADDRESS``, or starts one on this machine.

  Returns:
    The number of processes.
  """
  # Nothing is sent to Ray's makers unless the user says so.
  os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')
  logging.getLogger('ray.data').setLevel(logging.ERROR)
  is_own = not os.environ.get('RAY_ADDRESS')
  cores = max(machine.usable_cores(), actors + 1, 2)
  ray.init(
    address='local' if is_own else None,
    num_cpus=cores if is_own else None,
    include_dashboard=False if is_own else None,
    ignore_reinit_error=True,
    log_to_driver=False,
    logging_level=logging.WARNING,
  )
  context = ray.data.DataContext.get_current()
  context.enable_progress_bars = False
  context.max_errored_blocks = _MOST_LOST
  return actors or max(int(ray.cluster_resources().get('CPU', 1)) - 1, 1)
