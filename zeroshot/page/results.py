"""Reads and checks an inspect folder.

run = results.read(folder)
run.settings['weights'], run.rows[0]['verdict'], run.notes

The lines are read as ``zeroshot inspect`` reads them when it resumes: a
half-written last line, of a run that was killed, is left out with a note; any
other line that cannot be read is an error.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from zeroshot.inspection import folder as folders
from zeroshot.inspection import result_records
from zeroshot.types import JsonObject

_AGAIN = 'run zeroshot inspect again'


class Run(NamedTuple):
  """An inspection of many pairs, or of one.

  Attributes:
    settings: content of ``run.json``.
    rows: the lines of ``results.jsonl`` by ``row``; the later line of a row
      that was done twice.
    notes: for the reader, a sentence each.
  """

  settings: JsonObject
  rows: list[JsonObject]
  notes: tuple[str, ...]


def read(folder: Path) -> Run:
  """Reads ``run.json`` and ``results.jsonl``.

  Args:
    folder: that ``zeroshot inspect --out`` wrote.

  Raises:
    ValueError: a file is missing or damaged, or no row is done yet.
  """
  settings = read_object(folder / folders.RUN, remedy=_AGAIN)
  threshold = settings.get('threshold')
  if threshold is not None and not result_records.is_number(threshold):
    raise ValueError(
      f'{folder / folders.RUN}: threshold is no number; {_AGAIN}'
    )
  file = folder / result_records.RESULTS
  if not file.is_file():
    raise ValueError(f'{file}: there is no such file; {_AGAIN}')
  notes: list[str] = []
  rows = {
    row['row']: row for row in result_records.read_records(folder, notes=notes)
  }
  if not rows:
    raise ValueError(f'{file}: no pair is done yet; {_AGAIN}')
  expected = settings.get('rows')
  if isinstance(expected, int) and expected > len(rows):
    notes.append(
      f'{expected - len(rows)} of {expected} pairs are not done; inspect again '
      'to go on where it stopped.'
    )
  return Run(settings, [rows[row] for row in sorted(rows)], tuple(notes))


def read_object(file: Path, *, remedy: str) -> JsonObject:
  """Reads a file that holds one JSON object.

  Args:
    file: the file.
    remedy: advice for the error message.

  Raises:
    ValueError: it is missing, or holds anything else.
  """
  if not file.is_file():
    raise ValueError(f'{file}: there is no such file; {remedy}')
  try:
    content = json.loads(
      file.read_text(encoding='utf-8'),
      parse_constant=lambda _: None,  # NaN, which JSON lacks
    )
  except (ValueError, RecursionError) as error:  # of the encoding as well
    raise ValueError(f'{file}: no JSON ({error}); {remedy}') from error
  if not isinstance(content, dict):
    raise ValueError(f'{file}: no JSON object; {remedy}')
  return content
