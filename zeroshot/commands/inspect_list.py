"""``zeroshot inspect --manifest``: thousands of pairs into one folder."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

from zeroshot.commands.row_progress import row_progress
from zeroshot.commands.terminal import printable
from zeroshot.data import faults, pair_list
from zeroshot.data.pair_list import ListedPair
from zeroshot.inspection import areas, folder, listed, result, settings
from zeroshot.inspection.detector import Detector

_KEYS = ('name', 'verdict', 'boxes', 'threshold', 'registration', 'seconds')
_ERROR_KEYS = ('name', 'verdict', 'error')


def run(options: argparse.Namespace) -> int:
  """Inspects the rows that are not done yet, and sums up all of them."""
  if options.reference is not None or options.name is not None:
    raise ValueError('--manifest goes without REFERENCE, TEST and --name')
  if options.out is None:
    raise ValueError('--manifest needs --out=DIR for its results')
  counts: Counter[str] = Counter()
  failed: list[str] = []  # the first ones: memory stays flat
  with contextlib.closing(_records(options)) as records:
    for record in records:
      counts[record['verdict']] += 1
      is_error = record['verdict'] == folder.ERROR
      if is_error and len(failed) < faults.MAX_TOLD:
        failed.append(
          f'row {record["row"]} ({record["name"]}): {record["error"]}'
        )
      if options.json:
        told = {
          key: record[key] for key in (_ERROR_KEYS if is_error else _KEYS)
        }
        print(json.dumps(told, allow_nan=False), flush=True)
  _sum_up(options, counts, failed)
  if counts[folder.ERROR]:
    return 2
  return 1 if counts[result.DIFFERENT] else 0


def _records(options: argparse.Namespace) -> Generator[dict[str, Any]]:
  """The records of the rows done before, then of each as it is done."""
  out = Path(options.out)
  pairs = pair_list.read_pair_list(options.manifest)
  ignore = options.ignore and areas.load_ignore_mask(
    options.ignore, max_megapixels=options.max_megapixels
  )
  detector = Detector.load(
    options.weights,
    threshold=options.threshold,
    max_megapixels=options.max_megapixels,
    kinds=options.kinds,
  )

  def inspect(pair: ListedPair) -> result.Inspection:
    return detector.inspect(
      pair.reference_path,
      pair.test_path,
      name=pair.name,
      roi=options.roi,
      ignore=ignore,
    )

  this_run = settings.of_run(
    weights=options.weights,
    threshold=detector.threshold,
    roi=options.roi,
    ignore=options.ignore,
    manifest=options.manifest,
    rows=len(pairs),
    kinds=options.kinds,
  )
  by_row = {pair.row: pair for pair in pairs}

  def keep(record: dict[str, Any]) -> bool:
    pair = by_row.get(record['row'])
    return pair is not None and listed.still_holds(record, pair)

  with folder.lock_folder(out):
    done = folder.begin(out, this_run, keep=keep)
    yield from folder.records(out)
    left = [pair for pair in pairs if pair.row not in done]
    with (
      row_progress(total=len(pairs), done=len(done)) as advance,
      contextlib.closing(listed.inspect_listed(inspect, left, out)) as records,
    ):
      for record in records:
        advance()
        yield record


def _sum_up(
  options: argparse.Namespace, counts: Counter[str], failed: list[str]
) -> None:
  """Says how many there were of each verdict, and which failed."""
  for line in failed:
    print(f'error: {printable(line)}', file=sys.stderr)
  more = counts[folder.ERROR] - len(failed)
  if more:
    print(f'error: and {more} more rows', file=sys.stderr)
  summary = (
    f'{counts.total()} pairs: {counts[result.SAME]} same, '
    f'{counts[result.DIFFERENT]} different, {counts[folder.ERROR]} could not '
    f'be inspected; results: {Path(options.out) / folder.RESULTS}'
  )
  print(summary, file=sys.stderr if options.json else sys.stdout)
