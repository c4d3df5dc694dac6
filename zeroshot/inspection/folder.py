"""The results folder of a run, which later runs resume.

  with folder.lock_folder(out):
    done_rows = folder.begin(out, settings, keep=lambda record: True)
    folder.add(out, row, inspection)

``run.json`` stores what is inspected and how; ``results.jsonl`` has a line for
each row that is done, see ``result_records``; ``pairs`` has a folder of
pictures for each. The pictures of a row are renamed into place together, before
its line is written. ``begin`` removes what a killed run left unfinished.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from zeroshot.data import pictures
from zeroshot.inspection import could_not_align, result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.result_records import (
  ERROR,
  RESULTS,
  format_record,
  read_records,
)
from zeroshot.runtime import atomic_files, locks
from zeroshot.types import HostArray, JsonObject

RUN, PAIRS = 'run.json', 'pairs'
ALIGNMENT = 'alignment.png'  # both pictures of a pair, laid over each other
VALID = 'valid.png'  # white where the pair was compared; missing is everywhere
_LOCK = 'run.lock'
_MAX_SLUG = 60  # letters of a pair's name in the name of its folder


@contextlib.contextmanager
def lock_folder(out: Path) -> Iterator[None]:
  """Locks a folder, so that no other run writes into it.

  Args:
    out: the folder; made if need be.

  Raises:
    ValueError: it is a file, or has files in it and no run.
    locks.HeldError: another run has the lock.
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
  out: Path, settings: JsonObject, *, keep: Callable[[JsonObject], bool]
) -> set[int]:
  """Starts a run, or resumes one.

  Records of failed rows are removed, so that these are tried again.

  Args:
    out: the folder, locked.
    settings: content of ``run.json``: all that decides the results but the
      pictures.
    keep: whether the record of a row that is done is still valid.

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
    for record in read_records(out):
      if record['verdict'] != ERROR and keep(record):
        rows.add(record['row'])
        kept.write(format_record(record))
  return rows


def check(out: Path, settings: JsonObject) -> None:
  """Refuses a folder that holds a run of other settings; see ``begin``."""
  file = out / RUN
  if not file.exists():
    if (out / RESULTS).exists():
      raise ValueError(f'{out} has {RESULTS} but no {RUN}; give another folder')
    return
  try:
    stored = dict(json.loads(file.read_text('utf-8')))
  except (ValueError, TypeError) as error:
    raise ValueError(
      f'{file} is damaged ({error}); give another folder'
    ) from error
  differences = [
    _describe_difference(name, stored.get(name), settings.get(name))
    for name in dict.fromkeys([*settings, *stored])
    if stored.get(name) != settings.get(name)
  ]
  if differences:
    raise ValueError(
      f'{out} holds results of another run, which differs in '
      f'{"; ".join(differences)}; give another folder, or the same settings'
    )


def _describe_difference(name: str, stored: object, now: object) -> str:
  file, is_digest, _ = name.partition('_sha256')
  if is_digest:
    return f'the content of {file}'
  if name == 'pair' and isinstance(stored, list) and stored and now:
    return f'pair ({" ".join(map(str, stored))})'
  return f'{name} (there {stored!r}, now {now!r})'


def stamp_of(*paths: Path) -> list[list[int]]:
  """Size and modification time of files, which change with their content.

  Returns:
    For each file its bytes and nanoseconds; -1, -1 if it cannot be accessed.
  """
  stamps = []
  for path in paths:
    try:
      status = os.stat(path)
      stamps.append([status.st_size, status.st_mtime_ns])
    except (OSError, ValueError):
      stamps.append([-1, -1])
  return stamps


def add(
  out: Path,
  row: int,
  inspection: result.Inspection,
  *,
  stamp: list[list[int]] | None = None,
) -> JsonObject:
  """Writes the outcome for one pair: the pictures, then the record.

  Args:
    out: the folder of ``begin``.
    row: number of the pair, from 1.
    inspection: its outcome.
    stamp: of its two files, see ``stamp_of``.

  Returns:
    The record.

  Raises:
    OSError: a file cannot be written.
  """
  images = {
    'reference.png': inspection.aligned_reference,
    'test.png': inspection.test,
    'overlay.png': inspection.overlay(),
    'scores.png': pictures.as_uint8(inspection.score_map),
  }
  if not inspection.valid.all():
    images[VALID] = 255 * inspection.valid.astype(np.uint8)
  place = _write_pictures(out, _folder_name(row, inspection.name), images)
  height, width = inspection.test.shape[:2]
  record = {
    'row': row,
    **inspection.to_dict(),
    'candidates': [box.to_dict() for box in inspection.candidates],
    'width': width,
    'height': height,
    'pictures': place.as_posix(),
    'stamp': stamp,
  }
  if inspection.local_field is not None:
    record['local_field'] = result.sample_field(inspection.local_field)
  _append(out, record)
  return record


def add_error(
  out: Path, row: int, name: str, error: str | CouldNotAlignError
) -> JsonObject:
  """Writes the record of a pair that could not be inspected; see ``add``.

  Args:
    out: the folder of ``begin``.
    row: number of the pair, from 1.
    name: of the pair.
    error: what went wrong; the picture of pairs that could not be aligned is
      written as ``alignment.png``.
  """
  record: JsonObject = {
    'row': row,
    'name': name,
    'verdict': ERROR,
    'error': ' '.join(str(error).split()),
  }
  folder_name = _folder_name(row, name)
  if isinstance(error, CouldNotAlignError):
    place = _write_pictures(out, folder_name, {ALIGNMENT: error.picture})
    record |= {
      'reason': could_not_align.REASON,
      'probability': result.round_known(error.probability, 3),
      'pictures': place.as_posix(),
    }
  else:
    # Those of an earlier run, when the files were others.
    shutil.rmtree(out / PAIRS / folder_name, ignore_errors=True)
  _append(out, record)
  return record


def _write_pictures(
  out: Path, name: str, images: Mapping[str, HostArray]
) -> Path:
  """Writes the pictures of a row together.

  Args:
    out: the folder of the run.
    name: of the row's folder; an existing one is replaced.
    images: by file name; see ``_write_png``.

  Returns:
    The row's folder, relative to ``out``.
  """
  place, partial = Path(PAIRS) / name, _partial(out)
  partial.mkdir(parents=True)
  for file_name, image in images.items():
    _write_png(partial / file_name, image)
  (out / PAIRS).mkdir(exist_ok=True)
  shutil.rmtree(out / place, ignore_errors=True)  # of a run killed just here
  os.replace(partial, out / place)
  return place


def _append(out: Path, record: JsonObject) -> None:
  with (out / RESULTS).open('a', encoding='utf-8') as opened:
    opened.write(format_record(record))


def _folder_name(row: int, name: str) -> str:
  """The row's number and the letters of its name that are safe in a path."""
  plain = unicodedata.normalize('NFKD', name).encode('ascii', 'ignore')
  slug = re.sub(r'[^A-Za-z0-9_]+', '-', plain.decode()).strip('-')
  return f'{row:04d}-{slug[:_MAX_SLUG]}'.rstrip('-')


def _partial(out: Path) -> Path:
  return out / '.zeroshot-partial'


def _write_png(path: Path, image: HostArray) -> None:
  """Writes uint8 ``[H, W, 3]``, RGB, or ``[H, W]``."""
  stored = image[..., ::-1] if image.ndim == 3 else image  # to OpenCV's BGR
  if not cv2.imwrite(os.fspath(path), np.ascontiguousarray(stored)):
    raise OSError(f'{path}: cannot be written; is the disk full?')
