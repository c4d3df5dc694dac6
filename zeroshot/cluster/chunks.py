"""The Parquet files of results, each written whole, one for each batch of rows.

  chunks.write(out, chunks.name_of(ids), records)
  done = chunks.read_ids(out / chunks.RESULTS)

``results`` has the rows with a verdict, ``failed`` those without. The name of a
file follows from its rows, so that a batch that is done again, since its
process died before it could say so, replaces its own file.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from zeroshot.cluster import places, rows
from zeroshot.cluster.places import Place
from zeroshot.inspection.result_records import ERROR
from zeroshot.types import HostArray, JsonObject

RESULTS, FAILED = 'results', 'failed'
ENDING = '.parquet'
_SCHEMA = pa.schema(
  [
    ('id', pa.string()),
    ('name', pa.string()),
    ('reference', pa.string()),
    ('test', pa.string()),
    ('verdict', pa.string()),
    ('boxes', pa.int32()),
    ('max_confidence', pa.float64()),
    ('threshold', pa.float64()),
    ('seconds', pa.float64()),
    ('error', pa.string()),
    ('reason', pa.string()),
    ('record', pa.string()),
  ]
)
_NAME_LETTERS = 32


def name_of(ids: Sequence[str]) -> str:
  """The name of the file of a batch."""
  digest = hashlib.sha256('\0'.join(ids).encode()).hexdigest()
  return f'part-{digest[:_NAME_LETTERS]}{ENDING}'


def write(out: Place, name: str, records: Sequence[JsonObject]) -> None:
  """Writes the records of a batch.

  Args:
    out: the folder of the run.
    name: of ``name_of``.
    records: with ``id``, ``reference``, ``test`` and all that an inspection
      tells, see ``Inspection.to_dict``.

  Raises:
    OSError: a file cannot be written.
  """
  failed = [row for row in records if row['verdict'] == ERROR]
  done = [row for row in records if row['verdict'] != ERROR]
  for folder, each in ((FAILED, failed), (RESULTS, done)):
    place = out / folder / name
    if not each:
      places.remove(place)
      continue
    table = pa.Table.from_pylist(list(map(_to_row, each)), schema=_SCHEMA)
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    places.write(place, buffer.getvalue())


def read_ids(folder: Place) -> HostArray:
  """The ids of all rows of a folder, sorted, ``[N]`` of ``rows.ID_TYPE``."""
  found = [
    table.column('id').to_numpy(zero_copy_only=False).astype(rows.ID_TYPE)
    for table in _tables(folder, ['id'])
  ]
  empty = np.empty(0, rows.ID_TYPE)
  return np.sort(np.concatenate([empty, *found]))


def read_rows(folder: Place) -> Iterator[JsonObject]:
  """The rows of a folder, file after file."""
  for table in _tables(folder, None):
    yield from table.to_pylist()


def count_verdicts(out: Place) -> Counter[str]:
  """How many rows of a run have each verdict."""
  counts: Counter[str] = Counter()
  for folder in (RESULTS, FAILED):
    for table in _tables(out / folder, ['verdict']):
      counts.update(table.column('verdict').to_pylist())
  return counts


def _tables(folder: Place, columns: list[str] | None) -> Iterator[pa.Table]:
  for name in places.names(folder, ENDING):
    data = io.BytesIO(places.read(folder / name))
    yield parquet.read_table(data, columns=columns)


def _to_row(record: JsonObject) -> JsonObject:
  boxes = record.get('boxes')
  row = {key: record.get(key) for key in _SCHEMA.names}
  row['record'] = json.dumps(record, allow_nan=False)
  if boxes is not None:
    row['boxes'] = len(boxes)
    row['max_confidence'] = max(
      (box['confidence'] for box in boxes), default=None
    )
  return row
