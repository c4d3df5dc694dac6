"""The lines of a manifest, of either format, as fields that mean the same.

  found, wrong = records.read_records('parts.csv')
  found[0].fields['boxes']  # [['10', '20', '31', '45']]

JSON lines are taken as they are; the cells of a CSV row become what the same
row would be in JSON. What the fields mean is for ``manifest`` to say.
"""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any, NamedTuple

from zeroshot.data import tables

REQUIRED = ('reference', 'test')
FIELDS = (*REQUIRED, 'name', 'group', 'boxes', 'kinds', 'mask')
TABLES, JSON_LINES = ('.csv', '.tsv'), ('.json', '.jsonl', '.ndjson')


class Record(NamedTuple):
  """One line of a manifest.

  Attributes:
    line: of the file, from 1.
    fields: some of ``FIELDS``, among them ``REQUIRED``.
  """

  line: int
  fields: dict[str, Any]


def read_records(
  path: str | os.PathLike[str],
) -> tuple[list[Record], dict[int, str]]:
  """Reads a manifest without asking whether its fields make sense.

  Args:
    path: of the file. Its suffix says whether it is a table or has one JSON
      object a line; of another suffix, whether it begins with a brace.

  Returns:
    The records in file order; and what is wrong with each malformed line, by
    its number.

  Raises:
    ValueError: the file cannot be read, or has no line.
  """
  if _is_table(path):
    found, wrong = _read_csv(path)
  else:
    found, wrong = _read_json_lines(path)
  if not found and not wrong:
    raise ValueError(f'{path}: no pair in it; give one pair a line')
  return found, wrong


def _is_table(path: str | os.PathLike[str]) -> bool:
  suffix = pathlib.Path(path).suffix.lower()
  if suffix in TABLES + JSON_LINES:
    return suffix in TABLES
  lines = (line.lstrip() for line in tables.read_lines(path))
  return not next(filter(None, lines), '').startswith('{')


def _read_csv(
  path: str | os.PathLike[str],
) -> tuple[list[Record], dict[int, str]]:
  rows, wrong = tables.read_table(path, FIELDS, required=REQUIRED)
  return [Record(row.line, _as_json(row.cells)) for row in rows], wrong


def _as_json(cells: dict[str, str]) -> dict[str, Any]:
  """The fields of a row; an empty cell says nothing, but for ``boxes``."""
  fields: dict[str, Any] = {
    name: text for name, text in cells.items() if text or name in REQUIRED
  }
  if 'boxes' in cells and (cells['boxes'] or not cells.get('mask')):
    fields['boxes'] = [box.split() for box in _split(cells['boxes'])]
  if 'kinds' in fields:
    fields['kinds'] = _split(fields['kinds'])
  return fields


def _split(text: str) -> list[str]:
  """What stands between semicolons."""
  parts = [part.strip() for part in text.split(';')]
  return parts if parts[-1] else parts[:-1]


def _read_json_lines(
  path: str | os.PathLike[str],
) -> tuple[list[Record], dict[int, str]]:
  found, wrong = [], {}
  for number, line in enumerate(tables.read_lines(path), start=1):
    if not line.strip():
      continue
    where = f'{path}, line {number}'
    try:
      found.append(Record(number, _parse_json(line, where)))
    except ValueError as error:
      wrong[number] = str(error)
  return found, wrong


def _parse_json(line: str, where: str) -> dict[str, Any]:
  """The fields of one line of JSON."""
  try:
    fields = json.loads(line)
  except (ValueError, RecursionError) as error:
    raise ValueError(
      f'{where}: not JSON ({error}); give one object a line'
    ) from error
  if not isinstance(fields, dict):
    raise ValueError(f'{where}: {line.strip()[:80]} is no JSON object')
  missing = sorted(set(REQUIRED) - set(fields))
  unknown = sorted(set(fields) - set(FIELDS))
  if missing or unknown:
    raise ValueError(
      f'{where}: lacks {missing} and has unknown {unknown}; the fields are '
      f'{sorted(FIELDS)}'
    )
  return fields
