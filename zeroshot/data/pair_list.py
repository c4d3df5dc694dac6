"""Reads a list of pairs to inspect, CSV or JSON lines.

  for pair in pair_list.read_pair_list('pairs.csv'):
    pair.name, pair.reference_path, pair.test_path, pair.fault

Its fields are ``reference``, ``test`` and the optional ``name``. It may be a
manifest: annotations are ignored. Paths are relative to the list's folder.
"""

from __future__ import annotations

import collections
import os
import pathlib
from typing import NamedTuple

from zeroshot.data import records
from zeroshot.types import JsonObject

_FIELDS = (*records.REQUIRED, 'name')


class ListedPair(NamedTuple):
  """One row of a list.

  Attributes:
    row: its number, 1 for the first pair.
    name: as given; else the test picture's stem, or its path where several
      rows have that stem.
    reference_path: picture of the good part.
    test_path: picture of the part under test.
    fault: why the row cannot be inspected; '' if it may be tried.
  """

  row: int
  name: str
  reference_path: pathlib.Path
  test_path: pathlib.Path
  fault: str


def read_pair_list(path: str | os.PathLike[str]) -> list[ListedPair]:
  """Reads a list of pairs.

  Args:
    path: of the file, see ``records.read_records``.

  Returns:
    All rows in their order; their pictures may be missing.

  Raises:
    ValueError: the file cannot be read, is a table of other columns, or has no
      row.
  """
  return parse_pair_list(records.read_records(path), path)


def parse_pair_list(
  parsed: records.Records, path: str | os.PathLike[str]
) -> list[ListedPair]:
  """As ``read_pair_list``, of records that were read before.

  Args:
    parsed: of ``records.read_records``.
    path: of the file.
  """
  fields = {record.line: record.fields for record in parsed.records}
  wrong = dict(parsed.faults)
  for line, row in fields.items():
    if fault := find_fault(row, f'{path}, line {line}'):
      wrong[line] = fault
  stems = collections.Counter(
    pathlib.Path(row['test']).stem
    for line, row in fields.items()
    if line not in wrong
  )
  folder = pathlib.Path(path).parent
  pairs: list[ListedPair] = []
  lines: dict[str, int] = {}  # where each name was first
  for number, line in enumerate(sorted({*fields, *wrong}), start=1):
    row = fields.get(line, {})
    reference, test, name = (_text(row.get(column)) for column in _FIELDS)
    stem = pathlib.Path(test).stem
    name = name or (stem if stems[stem] <= 1 else test)
    fault = wrong.get(line, '')
    if not fault and lines.setdefault(name, line) != line:
      fault = (
        f'{path}, line {line}: the name {name!r} is that of line {lines[name]} '
        'already; give another in the column name'
      )
    pairs.append(
      ListedPair(number, name, folder / reference, folder / test, fault)
    )
  return pairs


def _text(value: object) -> str:
  """The field if it is a text, else '', as in a faulty row."""
  return value if isinstance(value, str) else ''


def find_fault(row: JsonObject, where: str) -> str:
  """The fault of a row's fields; '' if there is none.

  Args:
    row: fields of a record, see ``records.Record``.
    where: file and line, for the message.
  """
  for column in records.REQUIRED:
    if not isinstance(row[column], str) or not row[column].strip():
      return f'{where}: no {column}; give the path of a picture'
    if '\0' in row[column]:
      return f'{where}: {column} has a NUL in it; give the path of a picture'
  if not isinstance(row.get('name', ''), str):
    return f'{where}: name is {row["name"]!r}; give a text, or leave it out'
  return ''
