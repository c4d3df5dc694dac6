"""``zeroshot inspect --manifest`` with ``--engine=ray``, or of object storage.

status = inspect_cluster.run(InspectOptions(manifest='s3://a/b.csv'))
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections import Counter

from zeroshot.commands.terminal import printable
from zeroshot.data import faults
from zeroshot.inspection import result
from zeroshot.inspection.options import InspectOptions
from zeroshot.inspection.result_records import ERROR

_NEEDED = ('pyarrow', 'fsspec')
_BEFORE = 'before'
_COUNTED = (result.SAME, result.DIFFERENT, ERROR, _BEFORE)
_LINE_EVERY = 1000  # rows


def run(options: InspectOptions) -> int:
  """Inspects the rows that are not done; returns the exit status.

  Args:
    options: of the command.

  Raises:
    ValueError: the extra is not installed, or see ``cluster.run.inspect``.
  """
  is_on_cluster = options.engine == 'ray'
  needed = (*_NEEDED, 'ray') if is_on_cluster else _NEEDED
  missing = [name for name in needed if importlib.util.find_spec(name) is None]
  if missing:
    what = '--engine=ray' if is_on_cluster else 'a list with URLs'
    raise ValueError(
      f'{what} needs {", ".join(missing)}: pip install '
      "'zeroshot-inspection[ray]', or in a clone '.[ray]'"
    )
  from zeroshot.cluster import chunks, places
  from zeroshot.cluster import run as cluster

  counts: Counter[str] = Counter()
  told = 0
  for batch in cluster.inspect(options):
    counts.update({name: batch.get(name, 0) for name in _COUNTED})
    if counts.total() >= told + _LINE_EVERY:
      told = counts.total()
      print(f'{told} rows', file=sys.stderr)
  if counts[_BEFORE]:
    print(f'{counts[_BEFORE]} rows were done before', file=sys.stderr)
  out = places.at(options.out or '')
  for row in itertools.islice(
    chunks.read_rows(out / chunks.FAILED), faults.MAX_TOLD
  ):
    print(f'error: {printable(row["name"])}: {row["error"]}', file=sys.stderr)
  verdicts = chunks.count_verdicts(out)
  print(
    f'{verdicts.total()} pairs: {verdicts[result.SAME]} same, '
    f'{verdicts[result.DIFFERENT]} different, {verdicts[ERROR]} could not be '
    f'inspected; results: {out / chunks.RESULTS}, {out / chunks.FAILED}'
  )
  if verdicts[ERROR]:
    return 2
  return 1 if verdicts[result.DIFFERENT] else 0
