"""Tables that people keep in spreadsheets: CSV text -> rows by column name.

  rows, wrong = tables.read_table('pairs.csv', {'reference', 'test'}, ...)
  rows[0].line, rows[0].cells['reference']

What spreadsheets do is taken as it comes: a byte order mark, semicolons or tabs
between cells, CRLF, quotes, blank lines, upper case and spaces in the header,
empty columns at the right.
"""

from __future__ import annotations

import csv
import os
import pathlib
from collections.abc import Collection, Iterator
from typing import NamedTuple

_SEPARATORS = ',;\t'


class Row(NamedTuple):
  """One row of a table.

  Attributes:
    line: of the file, from 1.
    cells: text of each column that the header names, without outer spaces.
  """

  line: int
  cells: dict[str, str]


def read_table(
  path: str | os.PathLike[str],
  columns: Collection[str],
  *,
  required: Collection[str],
) -> tuple[list[Row], dict[int, str]]:
  """Reads a table.

  Args:
    path: of a CSV file in UTF-8, its first line the names of the columns.
    columns: names that are known, in lower case.
    required: names that the header must have.

  Returns:
    The rows in file order, blank ones left out; and what is wrong with each
    row that cannot be read, by the number of its line.

  Raises:
    ValueError: the file cannot be read as text, is empty, or its header is
      none.
  """
  lines = read_lines(path)
  first = next((i for i, line in enumerate(lines) if line.strip()), None)
  if first is None:
    raise ValueError(f'{path}: the file is empty; {_wanted(columns)}')
  separator = max(_SEPARATORS, key=lines[first].count)  # of equals, the comma
  parsed = _parse(lines, separator)
  header: list[str] | None = None
  rows: list[Row] = []
  wrong: dict[int, str] = {}
  for number, cells in parsed:
    where = f'{path}, line {number}'
    if isinstance(cells, str):
      if header is None:
        raise ValueError(f'{where}: {cells}')
      wrong[number] = f'{where}: {cells}'
    elif not any(cells):
      continue
    elif header is None:
      header = _header(cells, columns, required, where)
    else:
      fault = _row_fault(cells, header)
      if fault:
        wrong[number] = f'{where}: {fault}'
      else:
        rows.append(Row(number, dict(zip(header, cells, strict=False))))
  return rows, wrong


def read_lines(path: str | os.PathLike[str]) -> list[str]:
  """The lines of a text file, without their ends or a byte order mark.

  Raises:
    ValueError: the file cannot be read as text.
  """
  try:
    text = pathlib.Path(path).read_bytes().decode('utf-8-sig')
  except OSError as error:
    raise ValueError(
      f'{path}: cannot be read as text ({error.strerror}); check the path'
    ) from error
  except UnicodeDecodeError as error:
    raise ValueError(
      f'{path}: cannot be read as text ({error}); save it as UTF-8 (of a '
      'spreadsheet: as CSV UTF-8)'
    ) from error
  # str.splitlines would split at characters that may stand inside of a text.
  return text.replace('\r\n', '\n').replace('\r', '\n').split('\n')


def _parse(
  lines: list[str], separator: str
) -> Iterator[tuple[int, list[str] | str]]:
  """The number and the cells of each line, or what is wrong with it.

  Each by itself: a quote that is not closed must not swallow the lines below.
  """
  for number, line in enumerate(lines, start=1):
    reader = csv.reader(
      [line], delimiter=separator, skipinitialspace=True, strict=True
    )
    try:
      yield number, [cell.strip() for cell in next(reader)]
    except csv.Error as error:
      yield (
        number,
        'a quote is not closed on its line, or stands where none may '
        f'({error}); correct the quotes',
      )


def _header(
  cells: list[str],
  columns: Collection[str],
  required: Collection[str],
  where: str,
) -> list[str]:
  """The names of the columns."""
  names = [cell.lower() for cell in cells]
  while not names[-1]:  # empty columns at the right
    names.pop()
  unknown = [name for name in names if name not in columns]
  missing = [name for name in required if name not in names]
  if unknown or missing:
    raise ValueError(
      f'{where}: the header lacks {sorted(missing)} and has unknown '
      f'{sorted(unknown)}; {_wanted(columns)}'
    )
  twice = sorted({name for name in names if names.count(name) > 1})
  if twice:
    raise ValueError(
      f'{where}: the header names {", ".join(twice)} twice; remove one'
    )
  return names


def _row_fault(cells: list[str], header: list[str]) -> str | None:
  """What is wrong with the number of a row's cells."""
  if len(cells) >= len(header) and not any(cells[len(header) :]):
    return None
  return (
    f'{len(cells)} cells under {len(header)} columns; write every separator, '
    'and put a cell that contains one in quotes'
  )


def _wanted(columns: Collection[str]) -> str:
  return f'begin with a line of column names: {", ".join(sorted(columns))}'
