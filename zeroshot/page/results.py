"""What an inspect folder says, checked.

run = results.read(folder)
run.settings['weights'], run.rows[0]['verdict'], run.notes

A run that was killed leaves its last line half-written: such a line is told
of and left out. Any other line that cannot be read is an error, since nobody
could say what it stood for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

SETTINGS, RESULTS = 'run.json', 'results.jsonl'
SAME, DIFFERENT, ERROR = 'same', 'different', 'error'  # verdicts

_AGAIN = 'run zeroshot inspect again'
_MOST = 1e9  # of pixels and of seconds
_BOX = ('x1', 'y1', 'x2', 'y2', 'confidence')


class Run(NamedTuple):
  """An inspection of many pairs, or of one.

  Attributes:
    settings: content of ``run.json``.
    rows: a line of ``results.jsonl`` each, by ``row``; of a row that was done
      twice the later line.
    notes: what a reader has to know, a sentence each.
  """

  settings: dict[str, Any]
  rows: list[dict[str, Any]]
  notes: tuple[str, ...]


def read(folder: Path) -> Run:
  """Reads ``run.json`` and ``results.jsonl``.

  Args:
    folder: that ``zeroshot inspect --out`` wrote.

  Raises:
    ValueError: a file is missing or damaged, or no row is done yet.
  """
  settings = read_object(folder / SETTINGS, remedy=_AGAIN)
  if settings.get('threshold') is not None and not _is(settings, 'threshold'):
    raise ValueError(f'{folder / SETTINGS}: threshold is no number; {_AGAIN}')
  file = folder / RESULTS
  if not file.is_file():
    raise ValueError(f'{file}: there is no such file; {_AGAIN}')
  lines = file.read_text(encoding='utf-8', errors='replace').splitlines()
  rows: dict[int, dict[str, Any]] = {}
  notes = []
  for number, line in enumerate(lines, 1):
    try:
      row = _parsed(line)
    except json.JSONDecodeError as error:
      if number < len(lines):
        raise ValueError(
          f'{file}:{number}: no JSON ({error.msg}); remove it, or {_AGAIN}'
        ) from error
      notes.append(
        f'The last line of {RESULTS} is half-written and left out; inspect '
        'again to do its pair.'
      )
      break
    _check(row, f'{file}:{number}')
    rows[row['row']] = row
  if not rows:
    raise ValueError(f'{file}: no pair is done yet; {_AGAIN}')
  expected = settings.get('rows')
  if isinstance(expected, int) and expected > len(rows):
    notes.append(
      f'{expected - len(rows)} of {expected} pairs are not done; inspect again '
      'to go on where it stopped.'
    )
  return Run(settings, [rows[row] for row in sorted(rows)], tuple(notes))


def read_object(file: Path, *, remedy: str) -> dict[str, Any]:
  """Reads a file that holds one JSON object.

  Args:
    file: the file.
    remedy: what to do where it cannot be read, for the error.

  Raises:
    ValueError: it is missing, or holds anything else.
  """
  if not file.is_file():
    raise ValueError(f'{file}: there is no such file; {remedy}')
  try:
    content = _parsed(file.read_text(encoding='utf-8'))
  except ValueError as error:  # of the encoding as well
    raise ValueError(f'{file}: no JSON ({error}); {remedy}') from error
  if not isinstance(content, dict):
    raise ValueError(f'{file}: no JSON object; {remedy}')
  return content


def _parsed(text: str) -> Any:
  """JSON; what is not finite is None, as it is for every other reader."""
  return json.loads(text, parse_constant=lambda _: None)


def _check(row: Any, place: str) -> None:
  """Refuses a line that is none of ``zeroshot inspect``."""
  faults = _faults(row) if isinstance(row, dict) else ['it is no object']
  if faults:
    raise ValueError(f'{place}: {faults[0]}; {_AGAIN}')


def _faults(row: dict[str, Any]) -> list[str]:
  """What a page could not show."""
  if not isinstance(row.get('row'), int) or not isinstance(
    row.get('name'), str
  ):
    return ['row is no integer, or name no text']
  if row.get('verdict') == ERROR:
    return [] if isinstance(row.get('error'), str) else ['error is no text']
  if row.get('verdict') not in (SAME, DIFFERENT):
    return [f'verdict is {row.get("verdict")!r}']
  numbers = ('threshold', 'seconds', 'width', 'height')
  faults = [f'{name} is no number' for name in numbers if not _is(row, name)]
  if not isinstance(row.get('pictures'), str):
    faults.append('pictures names no folder')
  if not isinstance(row.get('registration'), dict):
    faults.append('registration is no object')
  for name in ('boxes', 'candidates'):
    boxes = row.get(name)
    if not isinstance(boxes, list) or not all(map(_is_box, boxes)):
      faults.append(f'{name} are no boxes')
  return faults


def _is_box(box: Any) -> bool:
  return (
    isinstance(box, dict)
    and isinstance(box.get('kind'), str)
    and all(_is(box, name) for name in _BOX)
  )


def _is(values: dict[str, Any], name: str) -> bool:
  """Whether a value is a number that a page can show; NaN is none."""
  value = values.get(name)
  return isinstance(value, int | float) and -_MOST < value < _MOST
