"""Preemption: SIGTERM makes a run save and exit.

  with preemption.watch() as is_due:
    for step in ...:
      update
      if is_due(step):            # in every process at the same step
        save
        raise Preempted(step)

With several processes, JAX's coordination service handles the signal, whichever
process gets it, and makes them agree on a step that none has reached yet. A
single process leaves after its current step.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import jax
from jax.experimental import multihost_utils


class Preempted(Exception):
  """The run was saved and ended early; the same command resumes it.

  Attributes:
    step: number of completed updates, all of them saved.
  """

  def __init__(self, step: int) -> None:
    super().__init__(
      f'stopped by SIGTERM; saved after step {step}: run the same command '
      'again to go on'
    )
    self.step = step


@contextlib.contextmanager
def watch() -> Iterator[Callable[[int], bool]]:
  """Handles SIGTERM until the block is left.

  Yields:
    A function of the number of completed updates, to be asked after each of
    them in every process: whether all are to save and leave now.
  """
  if jax.distributed.is_initialized():
    yield multihost_utils.reached_preemption_sync_point
    return
  if threading.current_thread() is not threading.main_thread():
    yield lambda step: False  # only the main thread may take signals
    return
  asked = False

  def take(number: int, frame: FrameType | None) -> None:
    # It may come again while this runs: no locks here, and so no log lines.
    nonlocal asked
    del number, frame
    asked = True

  before = signal.signal(signal.SIGTERM, take)
  try:
    yield lambda step: asked
  finally:
    signal.signal(signal.SIGTERM, before)
