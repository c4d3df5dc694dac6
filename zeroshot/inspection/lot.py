"""Lot statistics: ``results.csv``, a line for each picture that was judged.

for row in lot.read(folder):
row['name'], row['verdict'], row['boxes']
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

LOT = 'results.csv'
COLUMNS = (
  'time',
  'name',
  'recipe',
  'verdict',
  'boxes',
  'max_confidence',
  'max_severity',
  'threshold',
  'seconds',
  'error',
  'picture',
  'result',
  'id',
)


def read(folder: Path) -> Iterator[dict[str, str]]:
  """The lines of a lot; one that a crash has cut short is left out.

  Args:
    folder: that ``zeroshot watch --out`` writes.

  Raises:
    ValueError: there is no such file, or it has other columns.
  """
  file = folder / LOT
  try:
    opened = file.open(encoding='utf-8', newline='')
  except OSError as error:
    raise ValueError(f'{file}: cannot be read ({error})') from error
  with opened:
    rows = csv.reader(opened)
    if tuple(next(rows, ())) != COLUMNS:
      raise ValueError(f'{file}: has other columns than a lot')
    for row in rows:
      if len(row) == len(COLUMNS):
        yield dict(zip(COLUMNS, row, strict=True))
