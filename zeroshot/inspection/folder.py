"""The folder that a run of inspections fills, and resumes from.

  with folder.lock_folder(out):
    done = folder.begin(out, settings, keep=lambda record: True)
    for record in folder.records(out): ...  # what was done before
    folder.add(out, row, found)

``run.json`` says what is inspected and how; ``results.jsonl`` has a line for
each row that is done, written once its pictures are there; ``pairs`` has a
folder of pictures for each. A row's pictures appear all at once, and what a
kill left half-written is dropped at the next start.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from zeroshot.data import pictures
from zeroshot.inspection import result
from zeroshot.runtime import atomic_files, locks
from zeroshot.types import HostArray

ERROR = 'error'  # verdict of a row that could not be inspected
RUN, RESULTS, PAIRS = 'run.json', 'results.jsonl', 'pairs'
_LOCK = 'run.lock'
_LONGEST_SLUG = 60
_MAX = 1e9  # of pixels, degrees and seconds
_BOX = result.Box._fields[:-1]  # the last is the kind


@contextlib.contextmanager
def lock_folder(out: Path) -> Iterator[None]:
  """Holds a folder, so that no other run writes into it.

  Args:
    out: the folder; made if need be.

  Raises:
    ValueError: it is a file, or holds files and no run.
    locks.HeldError: another run has it.
  """
  if out.exists() and not out.is_dir():
    raise ValueError(f'{out} is a file; give a folder for the results')
  lock, partial = out / _LOCK, atomic_files.partial_of(out / RUN)
  if out.is_dir() and not (out / RUN).exists():
    foreign = sorted(file.name for file in {*out.iterdir()} - {lock, partial})
    if foreign:
      raise ValueError(
        f'{out} has files of others in it, {foreign[0]!r} for one; give a new '
        'folder, or an empty one'
      )
  with locks.hold(lock):
    yield


def begin(
  out: Path,
  settings: dict[str, Any],
  *,
  keep: Callable[[dict[str, Any]], bool],
) -> set[int]:
  """Begins a run, or takes one up where it was left.

  Lines of rows that failed are dropped: these are tried again.

  Args:
    out: the folder, held.
    settings: content of ``run.json``: what decides the results but for the
      pictures.
    keep: whether the record of a row that is done still holds.

  Returns:
    The rows that are done.

  Raises:
    ValueError: the folder holds a run of other settings (those that differ are
      named), or a line of its results is damaged.
  """
  out.mkdir(parents=True, exist_ok=True)
  check(out, settings)
  with atomic_files.atomic_write(out / RUN) as partial:
    partial.write_text(json.dumps(settings, indent=2) + '\n', 'utf-8')
  shutil.rmtree(_partial(out), ignore_errors=True)
  rows = set()
  with (
    atomic_files.atomic_write(out / RESULTS) as partial,
    partial.open('w', encoding='utf-8') as kept,
  ):
    for record in records(out):
      if record['verdict'] != ERROR and keep(record):
        rows.add(record['row'])
        kept.write(_line(record))
  return rows


def records(
  out: Path, *, notes: list[str] | None = None
) -> Iterator[dict[str, Any]]:
  """The lines of the results, one at a time.

  Args:
    out: the folder; it may have no results yet.
    notes: what a reader has to know is added to it, a sentence each.

  Yields:
    Each record, whole; a number that is not finite is none. A last line that a
    kill left half-written is passed over: its row counts as not done.

  Raises:
    ValueError: a line is no record.
  """
  file = out / RESULTS
  if not file.exists():
    return
  with file.open('rb') as opened:
    for number, line in enumerate(opened, start=1):
      record = _parsed(line)
      if record is None and not line.endswith(b'\n'):
        if notes is not None:
          notes.append(
            f'The last line of {RESULTS} is half-written and left out; inspect '
            'again to do its pair.'
          )
        return
      if fault := _fault(record):
        raise ValueError(
          f'{file}, line {number}: damaged ({fault}); remove the line and run '
          'zeroshot inspect again: it does this row anew'
        )
      yield record


def stamp_of(*paths: Path) -> list[list[int]]:
  """Size and time of change of files, by which others are told from them.

  Returns:
    For each bytes and nanoseconds; of one that cannot be looked at -1, -1.
  """
  stamps = []
  for path in paths:
    try:
      found = os.stat(path)
      stamps.append([found.st_size, found.st_mtime_ns])
    except (OSError, ValueError):
      stamps.append([-1, -1])
  return stamps


def add(
  out: Path,
  row: int,
  found: result.Inspection,
  *,
  stamp: list[list[int]] | None = None,
) -> dict[str, Any]:
  """Writes what was found in one pair: the pictures, then the line.

  Args:
    out: the folder of ``begin``.
    row: number of the pair, from 1.
    found: in it.
    stamp: of its two files, see ``stamp_of``.

  Returns:
    The record that was written.

  Raises:
    OSError: a file cannot be written.
  """
  place = Path(PAIRS) / _folder_name(row, found.name)
  partial = _partial(out)
  partial.mkdir(parents=True)
  _write_png(partial / 'reference.png', found.aligned_reference)
  _write_png(partial / 'test.png', found.test)
  _write_png(partial / 'overlay.png', found.overlay())
  _write_png(partial / 'scores.png', pictures.as_uint8(found.score_map))
  (out / PAIRS).mkdir(exist_ok=True)
  shutil.rmtree(out / place, ignore_errors=True)  # of a run killed just here
  os.replace(partial, out / place)
  height, width = found.test.shape[:2]
  record = {
    'row': row,
    **found.to_dict(),
    'candidates': [box.to_dict() for box in found.candidates],
    'width': width,
    'height': height,
    'pictures': place.as_posix(),
    'stamp': stamp,
  }
  _append(out, record)
  return record


def add_error(out: Path, row: int, name: str, message: str) -> dict[str, Any]:
  """Writes that a pair could not be inspected; as ``add``."""
  record = {'row': row, 'name': name, 'verdict': ERROR, 'error': message}
  _append(out, record)
  return record


def _parsed(line: bytes) -> Any:
  """What a line says, None if it is no JSON; what is not finite is None too."""
  try:
    return json.loads(line, parse_constant=lambda _: None)
  except (ValueError, RecursionError):
    return None


def _fault(record: Any) -> str:
  """What keeps a line from being a record of ``add``; '' if nothing does."""
  if not isinstance(record, dict):
    return 'it is no JSON object'
  row, verdict = record.get('row'), record.get('verdict')
  if not isinstance(row, int) or not isinstance(record.get('name'), str):
    return 'row is no integer, or name no text'
  if verdict == ERROR:
    return '' if isinstance(record.get('error'), str) else 'error is no text'
  if verdict not in (result.SAME, result.DIFFERENT):
    return f'verdict is {verdict!r}'
  for name in ('threshold', 'seconds', 'width', 'height'):
    if not is_number(record.get(name)):
      return f'{name} is no number'
  for name in ('boxes', 'candidates'):
    boxes = record.get(name)
    if not isinstance(boxes, list) or not all(map(_is_box, boxes)):
      return f'{name} are no boxes'
  if not isinstance(record.get('pictures'), str):
    return 'pictures names no folder'
  if not isinstance(record.get('registration'), dict):
    return 'registration is no object'
  return ''


def _is_box(box: Any) -> bool:
  return (
    isinstance(box, dict)
    and isinstance(box.get('kind'), str)
    and all(is_number(box.get(name)) for name in _BOX)
  )


def is_number(value: Any) -> bool:
  """Whether it is a number that can be shown; NaN is none."""
  return isinstance(value, int | float) and -_MAX < value < _MAX


def check(out: Path, settings: dict[str, Any]) -> None:
  """Refuses a folder that holds a run of other settings; see ``begin``."""
  file = out / RUN
  if not file.exists():
    if (out / RESULTS).exists():
      raise ValueError(f'{out} has {RESULTS} but no {RUN}; give another folder')
    return
  try:
    there = dict(json.loads(file.read_text('utf-8')))
  except (ValueError, TypeError) as error:
    raise ValueError(
      f'{file} is damaged ({error}); give another folder'
    ) from error
  differ = [
    _told_apart(name, there.get(name), settings.get(name))
    for name in dict.fromkeys([*settings, *there])
    if there.get(name) != settings.get(name)
  ]
  if differ:
    raise ValueError(
      f'{out} holds results of another run, which differs in '
      f'{"; ".join(differ)}; give another folder, or the same settings'
    )


def _told_apart(name: str, there: Any, now: Any) -> str:
  file, is_digest, _ = name.partition('_sha256')
  if is_digest:
    return f'the content of {file}'
  if name == 'pair' and there and now:
    return f'pair ({" ".join(map(str, there))})'
  return f'{name} (there {there!r}, now {now!r})'


def _append(out: Path, record: dict[str, Any]) -> None:
  with (out / RESULTS).open('a', encoding='utf-8') as opened:
    opened.write(_line(record))


def _line(record: dict[str, Any]) -> str:
  return json.dumps(record, allow_nan=False) + '\n'


def _folder_name(row: int, name: str) -> str:
  """The row's number, and of its name what is safe in a file's name."""
  plain = unicodedata.normalize('NFKD', name).encode('ascii', 'ignore')
  slug = re.sub(r'[^A-Za-z0-9_]+', '-', plain.decode()).strip('-')
  return f'{row:04d}-{slug[:_LONGEST_SLUG]}'.rstrip('-')


def _partial(out: Path) -> Path:
  return out / '.zeroshot-partial'


def _write_png(path: Path, image: HostArray) -> None:
  """Writes uint8 ``[H, W, 3]``, RGB, or ``[H, W]``."""
  stored = image[..., ::-1] if image.ndim == 3 else image  # to OpenCV's BGR
  if not cv2.imwrite(os.fspath(path), np.ascontiguousarray(stored)):
    raise OSError(f'{path}: cannot be written; is the disk full?')
