"""A bounded queue before a few threads: what is admitted is also done.

  with desk.admit() as place:       # Full beyond threads + queue
    value = await place.run(work, timeout_s=5)

A place is taken before the body of a request is read, so that memory is bounded
as well. Work that waits when its time is over never begins; work that has begun
keeps its place until it has ended, since a thread cannot be stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar('T')


class Full(Exception):
  """Every place is taken."""


class Desk:
  """Admits as many requests as there are threads and places in the queue.

  Attributes:
    places: of both together.
  """

  def __init__(self, *, threads: int, queue: int) -> None:
    """Starts no thread yet.

    Args:
      threads: pieces of work at a time, 1 or more.
      queue: further ones that may wait.
    """
    self.places = threads + queue
    self._pool = ThreadPoolExecutor(threads, thread_name_prefix='inspect')
    self._lock = threading.Lock()
    self._taken = 0

  @property
  def taken(self) -> int:
    """Places that are taken now."""
    return self._taken

  @contextlib.contextmanager
  def admit(self) -> Iterator[Place]:
    """Takes a place for the block, and for the work that it began.

    Raises:
      Full: there is none.
    """
    with self._lock:
      if self._taken >= self.places:
        raise Full
      self._taken += 1
    place = Place(self._pool)
    try:
      yield place
    finally:
      place.when_idle(self._leave)

  def close(self) -> None:
    """Waits for all work that has begun, and takes no more."""
    self._pool.shutdown(wait=True)

  def _leave(self) -> None:
    with self._lock:
      self._taken -= 1


class Place:
  """The place of one request."""

  def __init__(self, pool: ThreadPoolExecutor) -> None:
    """See ``Desk.admit``."""
    self._pool = pool
    self._running: Future[object] | None = None

  async def run(self, work: Callable[[], T], *, timeout_s: float) -> T:
    """Runs a piece of work in a thread.

    Args:
      work: may raise anything.
      timeout_s: to wait for its end, the time in the queue included.

    Raises:
      TimeoutError: it has not ended by then.
    """
    running = self._pool.submit(work)
    self._running = running  # type: ignore[assignment]
    return await asyncio.wait_for(
      asyncio.wrap_future(running), max(timeout_s, 0)
    )

  def when_idle(self, leave: Callable[[], None]) -> None:
    """Calls a function when the work has ended, at once if there is none."""
    if self._running is None:
      leave()
    else:
      self._running.add_done_callback(lambda future: leave())
