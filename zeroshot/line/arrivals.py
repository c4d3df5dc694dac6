"""The pictures of a folder that are whole, while others are being written.

  seen = arrivals.Arrivals(folder, settle_s=0.5, patience_s=30)
  for arrival in seen.ready():
    arrival.path

A file counts as written once its size and time have not changed for a while.
Whether it is whole its content says: see ``watch``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from zeroshot.data import pictures

_Stamp = tuple[int, int, int]  # inode, bytes, nanoseconds

SUFFIXES = (
  *pictures.SUFFIXES,
  *('.heic', '.heif', '.pbm', '.pgm', '.pnm', '.ppm'),
)


class Arrival(NamedTuple):
  """A picture that has been at rest.

  Attributes:
    path: of the file.
    stamp: what changes when it is written to.
    is_late: whether it has been at rest for so long that it will not change.
  """

  path: Path
  stamp: _Stamp
  is_late: bool


class Arrivals:
  """Watches a folder by looking at it, again and again."""

  def __init__(
    self, folder: Path, *, settle_s: float, patience_s: float
  ) -> None:
    """Looks at nothing yet.

    Args:
      folder: its subfolders, hidden files and files that do not end as
        pictures do are left alone.
      settle_s: a file is at rest after this time without a change.
      patience_s: and late after this one.
    """
    self._folder = folder
    self._settle_s = settle_s
    self._patience_s = patience_s
    self._seen: dict[str, tuple[_Stamp, float]] = {}

  def ready(self) -> Iterator[Arrival]:
    """The pictures at rest now, oldest first."""
    now = time.monotonic()
    stamps = self._stamps()
    self._seen = {
      name: (stamp, before[1])
      if (before := self._seen.get(name)) is not None and before[0] == stamp
      else (stamp, now)
      for name, stamp in stamps.items()
    }
    for name in sorted(stamps, key=lambda name: (stamps[name][2], name)):
      stamp, since = self._seen[name]
      if now - since >= self._settle_s:
        is_late = now - since >= self._patience_s
        yield Arrival(self._folder / name, stamp, is_late)

  def is_unchanged(self, arrival: Arrival) -> bool:
    """Whether a picture is still the one that was at rest."""
    try:
      return _stamp(os.stat(arrival.path)) == arrival.stamp
    except OSError:
      return False

  def _stamps(self) -> dict[str, _Stamp]:
    """Of each picture of the folder."""
    stamps = {}
    with os.scandir(self._folder) as entries:
      for entry in entries:
        if entry.name.startswith('.') or not entry.name.lower().endswith(
          SUFFIXES
        ):
          continue
        try:
          if entry.is_file():
            stamps[entry.name] = _stamp(entry.stat())
        except OSError:  # it has just gone
          continue
    return stamps


def _stamp(status: os.stat_result) -> _Stamp:
  return status.st_ino, status.st_size, status.st_mtime_ns
