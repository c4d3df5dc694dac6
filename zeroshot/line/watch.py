"""Judges the pictures that are dropped into a folder, each exactly once.

  status = watch.Watch(detector, pictures, results, watch.Settings(), log)
  status.run(stop_event)

A picture is judged when it is whole, its results are written to the disk, then
it is moved to ``done``, or to ``failed`` if it has no verdict. Killed at any
point and started again, the watch goes on where it stopped: what has results is
only moved.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import watchfiles

from zeroshot.data import faults, pictures
from zeroshot.inspection.result_records import ERROR
from zeroshot.line import arrivals, inspector, logs, outcomes
from zeroshot.line.arrivals import Arrival
from zeroshot.runtime import durable_files, locks
from zeroshot.types import HostArray

DONE, FAILED = 'done', 'failed'
_LOCK = '.zeroshot-watch.lock'
_LOOK_EVERY_MS = 250  # also without an event: network folders have none


@dataclasses.dataclass(frozen=True)
class Settings:
  """How pictures are taken.

  Attributes:
    settle_s: a file is read after this time without a change.
    patience_s: a file that is no whole picture by then has failed.
    max_megapixels: larger ones have failed, 1e6 pixels.
  """

  settle_s: float = 0.5
  patience_s: float = 30
  max_megapixels: float = 400


class Watch:
  """Watches one folder for one recipe."""

  def __init__(
    self,
    judge: inspector.Inspector,
    folder: Path,
    out: Path,
    settings: Settings,
    log: logging.Logger,
  ) -> None:
    """Makes the folders.

    Args:
      judge: of the recipe.
      folder: where pictures are dropped; ``done`` and ``failed`` are made in
        it, so that a picture is moved in one step.
      out: for the results.
      settings: how pictures are taken.
      log: see ``logs.start``.

    Raises:
      ValueError: there is no such folder, both are one, or the results are of
        something else.
      OSError: a folder cannot be made.
    """
    places = [folder / name for name in (DONE, FAILED)]
    if out.resolve() in [each.resolve() for each in (folder, *places)]:
      raise ValueError(
        f'--out={out} is the folder of the pictures; give another one'
      )
    if not folder.is_dir():
      raise ValueError(f'--in={folder}: there is no such folder; make it first')
    for each in places:
      each.mkdir(exist_ok=True)
    self._judge = judge
    self._folder = folder
    self._outcomes = outcomes.Outcomes(out)
    self._settings = settings
    self._log = log
    self._out = out
    self._arrivals = arrivals.Arrivals(
      folder, settle_s=settings.settle_s, patience_s=settings.patience_s
    )

  def run(self, stop: threading.Event) -> None:
    """Watches until an event is set; the picture in hand is finished.

    Raises:
      locks.HeldError: another process watches the folder, or writes there.
      OSError: a result cannot be written; its picture is left where it is.
    """
    with (
      locks.hold(self._folder / _LOCK),
      locks.hold(self._out / _LOCK),
    ):
      self._log.info(
        'watching', extra=logs.fields(folder=self._folder, out=self._out)
      )
      for _ in self._wakes(stop):
        for arrival in self._arrivals.ready():
          if stop.is_set():
            return
          self.take(arrival)

  def take(self, arrival: Arrival) -> None:
    """Judges a picture, unless it was judged or is not whole, and moves it.

    Raises:
      OSError: a result cannot be written, or the picture not be moved.
    """
    name = arrival.path.name
    try:
      data = pictures.read_bytes(
        arrival.path, max_megapixels=self._settings.max_megapixels
      )
    except ValueError as error:
      data, fault = b'', str(error)
    else:
      fault = ''
    if not self._arrivals.is_unchanged(arrival):
      return  # it is being written, or has gone
    identity = outcomes.identify(name, data)
    found = self._outcomes.find(identity)
    if found is not None:
      self._outcomes.repair(found)
      self._log.info('judged before', extra=logs.fields(file=name))
      self._move(arrival, found)
      return
    pixels: HostArray | None = None
    if not fault:
      try:
        pixels = inspector.decode(
          data, name, max_megapixels=self._settings.max_megapixels
        )
      except ValueError as error:
        fault = str(error)
    if pixels is None and not arrival.is_late:
      return  # perhaps the rest of it comes
    self._move(arrival, self._add(identity, pixels, fault))

  def _add(
    self, identity: outcomes.Identity, pixels: HostArray | None, fault: str
  ) -> Path:
    """Judges a picture and writes the results; returns the verdict's file."""
    start = time.perf_counter()
    stem = inspector.stem_of(identity.name)
    overlay: HostArray | None = None
    record = {
      'name': stem,
      'recipe': self._judge.name,
      'verdict': ERROR,
      'error': ' '.join(fault.split()),
    }
    if pixels is not None:
      try:
        judged = inspector.judge(self._judge, pixels, stem)
        height, width = pixels.shape[:2]
        record = {**judged.record, 'width': width, 'height': height}
        overlay = judged.overlay()
      except Exception as error:
        # One picture must not stop the line; its result says what went wrong.
        record['error'] = faults.line_of(error)
        if not isinstance(error, ValueError):
          self._log.exception('failed', extra=logs.fields(file=identity.name))
    path = self._outcomes.place_for(identity)
    record = {
      **record,
      'time': datetime.now(UTC).isoformat(timespec='milliseconds'),
      'picture': str(self._target(identity.name, path, record['verdict'])),
    }
    self._outcomes.add(identity, path, record, overlay)
    line = dict(file=identity.name, verdict=record['verdict'], result=path.name)
    self._log.info(
      'judged',
      extra=logs.fields(
        **line,
        boxes=len(record.get('boxes', ())),
        seconds=round(time.perf_counter() - start, 4),
      ),
    )
    return path

  def _target(self, name: str, result: Path, verdict: str) -> Path:
    """Where a picture is moved: its name is that of its result."""
    folder = FAILED if verdict == ERROR else DONE
    return self._folder / folder / f'{result.stem}{Path(name).suffix}'

  def _move(self, arrival: Arrival, result: Path) -> None:
    """Moves a picture that has a result.

    A picture that was replaced meanwhile, under the same name, stays.
    """
    verdict = outcomes.verdict_of(result)
    target = self._target(arrival.path.name, result, verdict)
    if not self._arrivals.is_unchanged(arrival):
      return
    with contextlib.suppress(FileNotFoundError):  # somebody took it away
      durable_files.move(arrival.path, target)

  def _wakes(self, stop: threading.Event) -> Iterator[None]:
    """Yields whenever the folder has changed, and a few times a second."""
    yield
    for _ in watchfiles.watch(
      self._folder,
      watch_filter=None,
      debounce=_LOOK_EVERY_MS,
      step=20,
      stop_event=stop,
      rust_timeout=_LOOK_EVERY_MS,
      yield_on_timeout=True,
      raise_interrupt=False,
      recursive=False,
    ):
      yield
