"""The lines of a manifest, CSV or JSON, as the same fields.

  parsed = records.read_records('parts.csv')
  parsed.records[0].fields['boxes']  # [['10', '20', '31', '45']]

JSON lines are not changed; a CSV row becomes what it would be in JSON.
``manifest`` and ``pair_list`` interpret the fields.
"""

from __future__ import annotations

import json
import os
import pathlib
from typing import TYPE_CHECKING, NamedTuple

from zeroshot.data import tables

if TYPE_CHECKING:  # imports NumPy, which the command line is parsed without
  from zeroshot.types import JsonObject

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
  fields: JsonObject


class Records(NamedTuple):
  """The lines of a manifest.

  Attributes:
    records: in file order.
    faults: of the malformed lines, by line number.
  """

  records: list[Record]
  faults: dict[int, str]


def read_records(path: str | os.PathLike[str]) -> Records:
  """Reads a manifest; its fields are not interpreted.

  Args:
    path: of the file. The suffix decides between a table and JSON lines; for
      an unknown suffix, a leading brace means JSON.

  Raises:
    ValueError: the file cannot be read, or has no line.
  """
  lines = tables.read_lines(path)
  if _is_table(pathlib.Path(path).suffix.lower(), lines):
    rows, faults = tables.parse_table(lines, path, FIELDS, required=REQUIRED)
    parsed = Records(
      [Record(row.line, _to_fields(row.cells)) for row in rows], faults
    )
  else:
    parsed = _parse_json_lines(lines, path)
  if not parsed.records and not parsed.faults:
    raise ValueError(f'{path}: no pair in it; give one pair a line')
  return parsed


def _is_table(suffix: str, lines: list[str]) -> bool:
  if suffix in TABLES + JSON_LINES:
    return suffix in TABLES
  stripped = (line.lstrip() for line in lines)
  return not next(filter(None, stripped), '').startswith('{')


def _to_fields(cells: dict[str, str]) -> JsonObject:
  """The fields of a row; empty cells are left out, but for ``boxes``."""
  fields: JsonObject = {
    name: text for name, text in cells.items() if text or name in REQUIRED
  }
  if 'boxes' in cells and (cells['boxes'] or not cells.get('mask')):
    fields['boxes'] = [box.split() for box in _split(cells['boxes'])]
  if 'kinds' in fields:
    fields['kinds'] = _split(fields['kinds'])
  return fields


def _split(text: str) -> list[str]:
  """The texts between semicolons."""
  parts = [part.strip() for part in text.split(';')]
  return parts if parts[-1] else parts[:-1]


def _parse_json_lines(
  lines: list[str], path: str | os.PathLike[str]
) -> Records:
  parsed = Records([], {})
  for number, line in enumerate(lines, start=1):
    if not line.strip():
      continue
    where = f'{path}, line {number}'
    try:
      parsed.records.append(Record(number, _parse_json(line, where)))
    except ValueError as error:
      parsed.faults[number] = str(error)
  return parsed


def _parse_json(line: str, where: str) -> JsonObject:
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
