"""CSV files of spreadsheets -> rows by column name.

  lines = tables.read_lines('pairs.csv')
  rows, faults = tables.parse_table(
    lines, 'pairs.csv', {'reference', 'test'}, required={'test'}
  )
  rows[0].line, rows[0].cells['reference']

All formats of spreadsheets are accepted: a byte order mark, semicolons or tabs
between cells, CRLF, quotes, blank lines, upper case and spaces in the header,
empty columns at the right.
"""

from __future__ import annotations

import csv
import os
import pathlib
from collections.abc import Collection, Iterable, Iterator
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


class Fault(NamedTuple):
  """A row that cannot be parsed.

  Attributes:
    line: of the file, from 1.
    text: what is wrong, with the file and the line.
  """

  line: int
  text: str


def parse_table(
  lines: list[str],
  path: str | os.PathLike[str],
  columns: Collection[str],
  *,
  required: Collection[str],
) -> tuple[list[Row], dict[int, str]]:
  """Parses a table.

  Args:
    lines: of ``read_lines``; the first has the names of the columns.
    path: of the file, for errors.
    columns: legal names, in lower case.
    required: names that the header must have.

  Returns:
    The rows in file order, without blank ones; and the fault of each row that
    cannot be parsed, by line number.

  Raises:
    ValueError: the file is empty, or its header is not legal.
  """
  rows: list[Row] = []
  faults: dict[int, str] = {}
  for row in iterate_table(lines, path, columns, required=required):
    if isinstance(row, Row):
      rows.append(row)
    else:
      faults[row.line] = row.text
  return rows, faults


def iterate_table(
  lines: Iterable[str],
  path: str | os.PathLike[str],
  columns: Collection[str],
  *,
  required: Collection[str],
) -> Iterator[Row | Fault]:
  """As ``parse_table``, row after row, of lines that need not all be there.

  Yields:
    The rows and faults in file order.

  Raises:
    ValueError: see ``parse_table``.
  """
  header: list[str] | None = None
  for number, cells in _parse(lines):
    where = f'{path}, line {number}'
    if isinstance(cells, str):
      if header is None:
        raise ValueError(f'{where}: {cells}')
      yield Fault(number, f'{where}: {cells}')
    elif not any(cells):
      continue
    elif header is None:
      header = _header(cells, columns, required, where)
    else:
      fault = _row_fault(cells, header)
      if fault:
        yield Fault(number, f'{where}: {fault}')
      else:
        yield Row(number, dict(zip(header, cells, strict=False)))
  if header is None:
    raise ValueError(f'{path}: the file is empty; {_remedy(columns)}')


def read_lines(path: str | os.PathLike[str]) -> list[str]:
  """Reads the lines of a text file, without line ends and byte order mark.

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
  # str.splitlines would also split at characters that a cell may contain.
  return text.replace('\r\n', '\n').replace('\r', '\n').split('\n')


def _parse(lines: Iterable[str]) -> Iterator[tuple[int, list[str] | str]]:
  """The number of each line with its cells, or with its fault.

  Lines are parsed one by one, so that an open quote does not consume the rest.
  """
  separator = ''
  for number, line in enumerate(lines, start=1):
    if not separator and not line.strip():
      continue
    # A comma wins a tie.
    separator = separator or max(_SEPARATORS, key=line.count)
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
      f'{sorted(unknown)}; {_remedy(columns)}'
    )
  twice = sorted({name for name in names if names.count(name) > 1})
  if twice:
    raise ValueError(
      f'{where}: the header names {", ".join(twice)} twice; remove one'
    )
  return names


def _row_fault(cells: list[str], header: list[str]) -> str | None:
  """The fault of a row with a wrong number of cells; None if it is right."""
  if len(cells) >= len(header) and not any(cells[len(header) :]):
    return None
  return (
    f'{len(cells)} cells under {len(header)} columns; write every separator, '
    'and put a cell that contains one in quotes'
  )


def _remedy(columns: Collection[str]) -> str:
  return f'begin with a line of column names: {", ".join(sorted(columns))}'
