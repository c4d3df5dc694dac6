"""Reads a list of pairs to inspect: a CSV file as a spreadsheet writes it.

  for pair in pair_list.read_pair_list('pairs.csv'):
    pair.name, pair.reference_path, pair.test_path, pair.fault

The columns are ``reference``, ``test`` and, if wanted, ``name``; those of an
annotation may stand there too, and are passed over. Paths are relative to the
list's folder.
"""

from __future__ import annotations

import collections
import csv
import os
import pathlib
from typing import NamedTuple

_NEEDED = ('reference', 'test')
_NAME = 'name'
_PASSED_OVER = ('boxes', 'mask', 'kinds', 'group')  # of a labelled pair


class ListedPair(NamedTuple):
  """One row of a list.

  Attributes:
    row: its number, 1 for the first pair.
    name: as given; else the test picture's stem, or its path where several
      rows have that stem.
    reference_path: picture of the good part.
    test_path: picture of the part under test.
    fault: why the row cannot be inspected; '' if it may be tried.
    has_paths: whether the row names two pictures, whatever else is wrong.
  """

  row: int
  name: str
  reference_path: pathlib.Path
  test_path: pathlib.Path
  fault: str
  has_paths: bool = True


def read_pair_list(path: str | os.PathLike[str]) -> list[ListedPair]:
  """Reads a list of pairs.

  Args:
    path: of the CSV file, UTF-8.

  Returns:
    All rows in their order; whether their pictures exist is not asked.

  Raises:
    ValueError: the file cannot be read, has other columns, or no row.
  """
  file = pathlib.Path(path)
  try:
    with file.open(encoding='utf-8-sig', newline='') as opened:
      reader = csv.DictReader(opened, strict=True)
      _check_columns(file, list(reader.fieldnames or ()))
      cells = [(reader.line_num, row) for row in reader]
  except (OSError, UnicodeDecodeError, csv.Error) as error:
    raise ValueError(
      f'{path}: cannot be read as CSV in UTF-8 ({error}); save it as such'
    ) from error
  if not cells:
    raise ValueError(f'{path}: no pair in it; give one row for each')
  return _listed(file, cells)


def _check_columns(file: pathlib.Path, columns: list[str]) -> None:
  known = (*_NEEDED, _NAME, *_PASSED_OVER)
  missing = [name for name in _NEEDED if name not in columns]
  unknown = [name for name in columns if name not in known]
  twice = sorted({name for name in columns if columns.count(name) > 1})
  if missing or unknown or twice:
    raise ValueError(
      f'{file}: the first line lacks {missing}, has unknown {unknown} and '
      f'twice {twice}; it names the columns reference,test or '
      'reference,test,name, separated by commas'
    )


def _listed(
  file: pathlib.Path, cells: list[tuple[int, dict[str, str]]]
) -> list[ListedPair]:
  """The rows, each with its name and what is wrong with it."""
  stems = collections.Counter(
    pathlib.Path(row['test'] or '').stem for _, row in cells
  )
  pairs: list[ListedPair] = []
  lines: dict[str, int] = {}  # where each name was first
  for number, (line, row) in enumerate(cells, start=1):
    test = row['test'] or ''
    stem = pathlib.Path(test).stem
    name = row.get(_NAME) or (stem if stems[stem] == 1 else test)
    fault = _fault(row)
    has_paths = not fault
    if has_paths and lines.setdefault(name, line) != line:
      fault = (
        f'the name {name!r} is that of line {lines[name]} already; give '
        'another in the column name'
      )
    pairs.append(
      ListedPair(
        number,
        name,
        file.parent / (row['reference'] or ''),
        file.parent / test,
        fault and f'{file}, line {line}: {fault}',
        has_paths,
      )
    )
  return pairs


def _fault(row: dict[str, str]) -> str:
  """What is wrong with the cells of a row; '' if nothing is."""
  if None in row:
    return 'more cells than columns; put a path with a comma in quotes'
  for column in _NEEDED:
    if not row[column]:
      return f'no {column}; give the path of a picture'
    if '\0' in row[column]:
      return f'{column} has a NUL in it; give the path of a picture'
  return ''
