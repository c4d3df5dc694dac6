"""The rows of a list of any length, as batches of columns.

  for batch in rows.read(places.at('s3://parts/pairs.csv')):
    batch['id'], batch['reference'], batch['test'], batch['name']

The list is read as it comes: it need not fit into memory.
"""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import numpy as np

from zeroshot.cluster.places import Place
from zeroshot.data import pair_list, records
from zeroshot.data.records import Record
from zeroshot.data.tables import Fault
from zeroshot.types import HostArray

COLUMNS = ('id', 'name', 'reference', 'test', 'fault')
BATCH_ROWS = 16  # that are done again if their process dies
_ID_LETTERS = 32
ID_TYPE = f'S{_ID_LETTERS}'

Batch = dict[str, HostArray]  # all [N], str
Row = dict[str, str]


def read(manifest: Place, size: int = BATCH_ROWS) -> Iterator[Batch]:
  """Reads a list, see ``records.read_records``.

  Args:
    manifest: its file.
    size: rows of a batch; the last one may have fewer.

  Yields:
    ``COLUMNS``, each ``[N]`` of str. ``fault`` says why a row cannot be
    inspected, and is '' where it may be tried. A row that repeats another one
    word for word is left out.

  Raises:
    ValueError: the list cannot be read, is a table of other columns, or has no
      row.
  """
  seen: set[bytes] = set()
  listed = _rows(manifest)
  while chunk := list(itertools.islice(listed, size)):
    fresh = []
    for row in chunk:
      digest = bytes.fromhex(row['id'])
      if digest not in seen:
        seen.add(digest)
        fresh.append(row)
    if fresh:
      yield to_batch(fresh)


def read_ids(manifest: Place) -> HostArray:
  """The ids of a list, sorted, ``[N]`` of ``ID_TYPE``.

  Raises:
    ValueError: see ``read``.
  """
  each = [batch['id'].astype(ID_TYPE) for batch in read(manifest, 10_000)]
  return np.sort(np.concatenate(each))


def to_batch(listed: Iterable[Row]) -> Batch:
  """Rows as columns, see ``read``."""
  cells = [[row[name] for name in COLUMNS] for row in listed]
  columns = zip(*cells, strict=True)
  return {
    name: np.array(column, dtype=object)
    for name, column in zip(COLUMNS, columns, strict=True)
  }


def of_batch(batch: Batch) -> list[Row]:
  """The rows of a batch, see ``read``."""
  cells = zip(*(batch[name] for name in COLUMNS), strict=True)
  return [dict(zip(COLUMNS, map(str, row), strict=True)) for row in cells]


def holds(ids: HostArray, row_id: str) -> bool:
  """Whether ids have this one.

  Args:
    ids: sorted, ``[N]`` of ``ID_TYPE``.
    row_id: of a row.
  """
  wanted = np.bytes_(row_id.encode())
  at = int(np.searchsorted(ids, wanted))
  return at < len(ids) and bool(ids[at] == wanted)


def identify(reference: str, test: str, name: str) -> str:
  """What makes a row the same one: its fields."""
  text = '\0'.join((reference, test, name))
  data = text.encode('utf-8', 'surrogatepass')
  return hashlib.sha256(data).hexdigest()[:_ID_LETTERS]


def _rows(manifest: Place) -> Iterator[Row]:
  """The rows in file order, each a dictionary of ``COLUMNS``."""
  for each in records.iterate_records(_lines(manifest), str(manifest)):
    yield _to_row(each, str(manifest))


def _to_row(each: Record | Fault, manifest: str) -> Row:
  if isinstance(each, Fault):
    fault, fields = each.text, {}
  else:
    fault = pair_list.find_fault(each.fields, f'{manifest}, line {each.line}')
    fields = {} if fault else each.fields
  name, reference, test = (
    fields.get(column, '') for column in ('name', 'reference', 'test')
  )
  name = name or PurePosixPath(test).stem or f'line {each.line}'
  return {
    'id': identify(reference, test, fault or name),
    'name': name,
    'reference': reference,
    'test': test,
    'fault': fault,
  }


def _lines(manifest: Place) -> Iterator[str]:
  """The lines of a text file, as they come; see ``tables.read_lines``."""
  try:
    with (
      manifest.files.open(manifest.path, 'rb') as data,
      io.TextIOWrapper(data, encoding='utf-8-sig') as text,
    ):
      for line in text:
        yield line.removesuffix('\n')
  except UnicodeDecodeError as error:
    raise ValueError(
      f'{manifest}: cannot be read as text ({error}); save it as UTF-8 (of a '
      'spreadsheet: as CSV UTF-8)'
    ) from error
  except FileNotFoundError as error:
    raise ValueError(f'{manifest}: no such file; check the path') from error
  except OSError as error:
    raise ValueError(f'{manifest}: cannot be read ({error})') from error
