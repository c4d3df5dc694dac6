"""The lines of a manifest, CSV or JSON, as the same fields.

  parsed = records.read_records('parts.csv')
  parsed.records[0].fields['boxes']  # [['10', '20', '31', '45']]

JSON lines are not changed; a CSV row becomes what it would be in JSON.
``manifest`` and ``pair_list`` interpret the fields.
"""

from __future__ import annotations

import itertools
import json
import os
import pathlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from zeroshot.data import tables
from zeroshot.data.tables import Fault

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
  parsed = Records([], {})
  for each in iterate_records(tables.read_lines(path), path):
    if isinstance(each, Record):
      parsed.records.append(each)
    else:
      parsed.faults[each.line] = each.text
  return parsed


def iterate_records(
  lines: Iterable[str], path: str | os.PathLike[str]
) -> Iterator[Record | Fault]:
  """As ``read_records``, line after line, which need not all be there.

  Args:
    lines: of the file, without line ends.
    path: of the file, or its URL.

  Yields:
    The lines and the malformed ones, in file order.

  Raises:
    ValueError: there is no line, or it is a table of other columns.
  """
  first, lines = _peek(lines)
  suffix = pathlib.PurePath(path).suffix.lower()
  is_known = suffix in TABLES + JSON_LINES
  if suffix in TABLES if is_known else not first.startswith('{'):
    parsed = _parse_table(lines, path)
  else:
    parsed = _parse_json_lines(lines, path)
  is_empty = True
  for each in parsed:
    is_empty = False
    yield each
  if is_empty:
    raise ValueError(f'{path}: no pair in it; give one pair a line')


def _peek(lines: Iterable[str]) -> tuple[str, Iterable[str]]:
  """The first line that is not blank, and all lines."""
  remaining = iter(lines)
  begin: list[str] = []
  for line in remaining:
    begin.append(line)
    if line.strip():
      break
  return ''.join(begin).lstrip(), itertools.chain(begin, remaining)


def _parse_table(
  lines: Iterable[str], path: str | os.PathLike[str]
) -> Iterator[Record | Fault]:
  for row in tables.iterate_table(lines, path, FIELDS, required=REQUIRED):
    if isinstance(row, Fault):
      yield row
    else:
      yield Record(row.line, _to_fields(row.cells))


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
  lines: Iterable[str], path: str | os.PathLike[str]
) -> Iterator[Record | Fault]:
  for number, line in enumerate(lines, start=1):
    if not line.strip():
      continue
    where = f'{path}, line {number}'
    try:
      yield Record(number, _parse_json(line, where))
    except ValueError as error:
      yield Fault(number, str(error))


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
