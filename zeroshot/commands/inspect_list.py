"""``zeroshot inspect --manifest``: thousands of pairs into one folder.

status = inspect_list.run(InspectOptions(manifest='pairs.csv', out='results'))
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple

from zeroshot.commands.terminal import printable
from zeroshot.data import faults, pair_list
from zeroshot.data.pair_list import ListedPair
from zeroshot.inspection import areas, folder, listed, result, settings
from zeroshot.inspection.detector import load_detector
from zeroshot.inspection.options import InspectOptions
from zeroshot.inspection.result_records import ERROR, RESULTS, read_records
from zeroshot.runtime.progress import progress_bar
from zeroshot.types import JsonObject

_KEYS = (
  'name',
  'verdict',
  'boxes',
  'threshold',
  'registration',
  'seconds',
  'warnings',
  'min_size_px',
  'mm_per_px',
  'good_part',  # these two with a recipe alone
  'to_frame',
)
_ERROR_KEYS = ('name', 'verdict', 'error', 'reason')  # the last may lack
_LINE_EVERY = 50  # rows
_WARNING = 'warning'  # counted beside the verdicts


class Job(NamedTuple):
  """A list that is ready to be inspected.

  Attributes:
    out: the results folder.
    pairs: the rows.
    inspect: inspects one.
    settings: of ``run.json``.
    prepare: called with the folder before the first row; None is nothing.
  """

  out: Path
  pairs: list[ListedPair]
  inspect: listed.Inspect
  settings: JsonObject
  prepare: Callable[[Path], None] | None = None

  def keeps(self) -> Callable[[JsonObject], bool]:
    """A function: whether a record is of a pair of the list as it is now."""
    by_row = {pair.row: pair for pair in self.pairs}

    def keep(record: JsonObject) -> bool:
      pair = by_row.get(record['row'])
      return pair is not None and listed.is_current(record, pair)

    return keep


def run(options: InspectOptions) -> int:
  """Inspects the rows that are not done yet; returns the exit status."""
  return report(prepare(options), is_json=options.json)


def report(job: Job, *, is_json: bool) -> int:
  """Inspects the rows of a job that are not done yet, and prints them.

  Args:
    job: the list.
    is_json: whether each result is printed as a line of JSON.

  Returns:
    The exit status.
  """
  counts: Counter[str] = Counter()
  errors: list[str] = []  # the first ones, so that memory stays flat
  warnings: list[str] = []
  with contextlib.closing(_inspect(job)) as records:
    for record in records:
      counts[record['verdict']] += 1
      is_error = record['verdict'] == ERROR
      row = f'row {record["row"]} ({record["name"]})'
      if is_error and len(errors) < faults.MAX_TOLD:
        errors.append(f'{row}: {record["error"]}')
      for warning in record.setdefault('warnings', []):
        counts[_WARNING] += 1
        if len(warnings) < faults.MAX_TOLD:
          warnings.append(f'{row}: {warning}')
      if is_json:
        keys = _ERROR_KEYS if is_error else _KEYS
        kept = {key: record[key] for key in keys if key in record}
        line = json.dumps(kept, allow_nan=False)
        print(line, flush=True)
  _print_remarks('warning', warnings, counts.pop(_WARNING, 0))
  _print_remarks('error', errors, counts[ERROR])
  _print_summary(job.out, counts, is_json=is_json)
  if counts[ERROR]:
    return 2
  return 1 if counts[result.DIFFERENT] else 0


def prepare(options: InspectOptions) -> Job:
  """Reads the list and the mask, and loads the detector.

  Args:
    options: with ``manifest`` and ``out``.

  Raises:
    ValueError: a file cannot be read, or there are no such weights.
  """
  assert options.manifest is not None
  assert options.out is not None
  pairs = pair_list.read_pair_list(options.manifest)
  if options.shard is not None:
    pairs = options.shard.of(pairs)
  ignore = options.ignore and areas.load_ignore_mask(
    options.ignore, max_megapixels=options.max_megapixels
  )
  detector = load_detector(options)

  def inspect(pair: ListedPair) -> result.Inspection:
    return detector.inspect(
      pair.reference_path,
      pair.test_path,
      name=pair.name,
      roi=options.roi,
      ignore=ignore,
      bits=options.bits,
    ).sorted_by(options.sort)

  this_run = settings.describe_run(
    options, threshold=detector.threshold, rows=len(pairs)
  )
  return Job(Path(options.out), pairs, inspect, this_run)


def _inspect(job: Job) -> Generator[JsonObject]:
  """Yields the records of rows done before, then each new one."""
  with folder.lock_folder(job.out):
    done = folder.begin(job.out, job.settings, keep=job.keeps())
    if job.prepare is not None:
      job.prepare(job.out)
    yield from read_records(job.out)
    total, count = len(job.pairs), len(done)
    if count:
      print(f'{count} of {total} rows were done before', file=sys.stderr)
    pairs = [pair for pair in job.pairs if pair.row not in done]
    new_records = listed.inspect_listed(job.inspect, pairs, job.out)
    with (
      progress_bar(
        'inspecting',
        total=total,
        done=count,
        unit='rows',
        line_every=_LINE_EVERY,
      ) as advance,
      contextlib.closing(new_records),
    ):
      for record in new_records:
        count += 1
        advance(count)
        yield record


def _print_remarks(word: str, lines: list[str], count: int) -> None:
  """Prints the first warnings or errors, and how many more there are."""
  for line in lines:
    print(f'{word}: {printable(line)}', file=sys.stderr)
  if count > len(lines):
    print(f'{word}: and {count - len(lines)} more', file=sys.stderr)


def _print_summary(out: Path, counts: Counter[str], *, is_json: bool) -> None:
  """Prints the count of each verdict."""
  summary = (
    f'{counts.total()} pairs: {counts[result.SAME]} same, '
    f'{counts[result.DIFFERENT]} different, {counts[ERROR]} could not '
    f'be inspected; results: {out / RESULTS}'
  )
  print(summary, file=sys.stderr if is_json else sys.stdout)
