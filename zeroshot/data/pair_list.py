"""Reads a list of pairs to inspect: a CSV file as a spreadsheet writes it.

  for pair in pair_list.read_pair_list('pairs.csv'):
    pair.name, pair.reference_path, pair.test_path, pair.fault

The columns are ``reference``, ``test`` and, if wanted, ``name``; those of an
annotation may stand there too, and are passed over. Paths are relative to the
list's folder.
"""

from __future__ import annotations

import collections
import os
import pathlib
from typing import NamedTuple

from zeroshot.data import faults, manifest, records, tables


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
    path: of the CSV file, UTF-8; or of a manifest of JSON lines, .jsonl.

  Returns:
    All rows in their order; whether their pictures exist is not asked.

  Raises:
    ValueError: the file cannot be read, has other columns, or no row; or lines
      of JSON are malformed.
  """
  if pathlib.Path(path).suffix.lower() == '.jsonl':
    labelled, faulty = manifest.parse_manifest(path)
    faults.refuse(faulty)
    return [
      ListedPair(row, pair.name, pair.reference_path, pair.test_path, '')
      for row, pair in enumerate(labelled, start=1)
    ]
  rows, wrong = tables.read_table(
    path, records.FIELDS, required=records.REQUIRED
  )
  cells = {row.line: row.cells for row in rows}
  if not cells and not wrong:
    raise ValueError(f'{path}: no pair in it; give one row for each')
  stems = collections.Counter(
    pathlib.Path(row['test']).stem for row in cells.values()
  )
  folder = pathlib.Path(path).parent
  pairs: list[ListedPair] = []
  lines: dict[str, int] = {}  # where each name was first
  for number, line in enumerate(sorted({*cells, *wrong}), start=1):
    row = cells.get(line, {'reference': '', 'test': ''})
    stem = pathlib.Path(row['test']).stem
    name = row.get('name') or (stem if stems[stem] == 1 else row['test'])
    fault = wrong.get(line) or _fault(row, f'{path}, line {line}')
    if not fault and lines.setdefault(name, line) != line:
      fault = (
        f'{path}, line {line}: the name {name!r} is that of line {lines[name]} '
        'already; give another in the column name'
      )
    pairs.append(
      ListedPair(
        number, name, folder / row['reference'], folder / row['test'], fault
      )
    )
  return pairs


def _fault(row: dict[str, str], where: str) -> str:
  """What is wrong with the cells of a row; '' if nothing is."""
  for column in records.REQUIRED:
    if not row[column]:
      return f'{where}: no {column}; give the path of a picture'
    if '\0' in row[column]:
      return f'{where}: {column} has a NUL in it; give the path of a picture'
  return ''
