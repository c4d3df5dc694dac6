"""Verdicts, overlays and lot statistics of a watched folder.

  kept = outcomes.Outcomes(out)
  if kept.find(identity) is None:
    kept.add(identity, kept.place_for(identity), record, overlay)

``NAME.json`` is the verdict, ``NAME.png`` the overlay and ``results.csv`` has a
line for each. The verdict is what counts: it is written once, after the
overlay, and a picture that has one is never judged again. The line of
``results.csv`` follows, and is added later if a crash came between.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.inspection.lot import COLUMNS, LOT
from zeroshot.line import inspector
from zeroshot.runtime import durable_files
from zeroshot.types import HostArray, JsonObject

_ID_LETTERS = 32
_SHORT = 8  # letters of the id in the names of a second picture of one name


class Identity(NamedTuple):
  """What makes a picture the same one: the name of its file and its content.

  Attributes:
    name: of the file.
    id: a hash of both.
  """

  name: str
  id: str


def identify(name: str, data: bytes) -> Identity:
  """The identity of a picture; ``data`` is the content of its file."""
  digest = hashlib.sha256(name.encode('utf-8', 'surrogateescape') + b'\0')
  digest.update(data)
  return Identity(name, digest.hexdigest()[:_ID_LETTERS])


class Outcomes:
  """The folder of the results."""

  def __init__(self, out: Path) -> None:
    """Makes the folder and the head of ``results.csv``.

    Raises:
      ValueError: there is a ``results.csv`` of something else.
      OSError: the folder cannot be made.
    """
    out.mkdir(parents=True, exist_ok=True)
    self._out = out
    self._lot = out / LOT
    head = ','.join(COLUMNS)
    if self._lot.exists() and self._lot.stat().st_size:
      with self._lot.open(encoding='utf-8', newline='') as file:
        first = file.readline()
      if not head.startswith(first.rstrip('\n')):
        raise ValueError(
          f'{self._lot} has other columns; give a new folder for the results'
        )
      if first.endswith('\n'):
        return
    durable_files.append_line(self._lot, head)

  def find(self, identity: Identity) -> Path | None:
    """The verdict of a picture; None if it was never judged."""
    for path in self._places(identity):
      if _id_of(path) == identity.id:
        return path
    return None

  def place_for(self, identity: Identity) -> Path:
    """The file for the verdict of a picture that has none."""
    first, second = self._places(identity)
    return second if first.exists() else first

  def add(
    self,
    identity: Identity,
    path: Path,
    record: JsonObject,
    overlay: HostArray | None,
  ) -> None:
    """Writes the outcome for a picture; on return all is on the disk.

    Args:
      identity: of the picture, which has no outcome yet.
      path: of ``place_for``.
      record: see ``inspector.Judged``; with ``time`` and ``picture``.
      overlay: uint8 ``[H, W, 3]``, RGB; None is none.

    Raises:
      OSError: a file cannot be written.
    """
    record = {**record, 'file': identity.name, 'id': identity.id}
    if overlay is not None:
      record['overlay'] = path.with_suffix('.png').name
      durable_files.write(path.with_suffix('.png'), _to_png(overlay))
    text = json.dumps(record, allow_nan=False, indent=1) + '\n'
    durable_files.write(path, text.encode())
    self._append(path, record)

  def repair(self, path: Path) -> None:
    """Adds the line of a verdict to the lot, if a crash left it out.

    Raises:
      OSError: it cannot be written.
    """
    record = json.loads(path.read_text('utf-8'))
    with self._lot.open(encoding='utf-8', newline='') as file:
      if any(row and row[-1] == record['id'] for row in csv.reader(file)):
        return
    self._append(path, record)

  def _append(self, path: Path, record: JsonObject) -> None:
    boxes = record.get('boxes', ())
    values = {
      **record,
      'boxes': len(boxes),
      **{
        f'max_{name}': max((box[name] for box in boxes), default='')
        for name in ('confidence', 'severity')
      },
      'result': path.name,
    }
    if record['verdict'] == 'error':
      values['boxes'] = ''
    line = io.StringIO()
    csv.writer(line, lineterminator='').writerow(
      [_one_line(values.get(name, '')) for name in COLUMNS]
    )
    durable_files.append_line(self._lot, line.getvalue())

  def _places(self, identity: Identity) -> tuple[Path, Path]:
    """Where the verdict is: by name alone, or by both if that is taken."""
    stem = inspector.stem_of(identity.name)
    short = identity.id[:_SHORT]
    return (
      self._out / f'{stem}.json',
      self._out / f'{stem}-{short}.json',
    )


def verdict_of(path: Path) -> str:
  """The verdict in a file of ``Outcomes.find``."""
  verdict: str = json.loads(path.read_text('utf-8'))['verdict']
  return verdict


def _id_of(path: Path) -> str | None:
  """The id of the picture of a verdict; None if there is no verdict."""
  try:
    record = json.loads(path.read_text('utf-8'))
  except (OSError, ValueError):
    return None
  found = record.get('id') if isinstance(record, dict) else None
  return found if isinstance(found, str) else None


def _one_line(value: object) -> object:
  return ' '.join(value.split()) if isinstance(value, str) else value


def _to_png(picture: HostArray) -> bytes:
  done, data = cv2.imencode('.png', np.ascontiguousarray(picture[..., ::-1]))
  if not done:
    raise ValueError('the overlay cannot be written as PNG')
  return bytes(data)
