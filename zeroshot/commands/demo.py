"""Inspects two pairs of pictures that ship with zeroshot.

  zeroshot demo
  zeroshot demo --out=DIR

Both are drawn. A connector under two lamps: in the test picture a pin is
missing, and a wire, a fibre, a flake of plastic and a ball of solder lie on it.
A circuit board: the reference is turned and shifted by a few pixels, the test
picture has defects. It takes seconds, and no data.

Exit statuses: 0 inspected, 2 could not be.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from zeroshot.commands import report
from zeroshot.inspection.options import InspectOptions

if TYPE_CHECKING:
  from zeroshot.types import JsonObject

SUMMARY = 'inspect two pairs of pictures that ship, as an example'
PAIRS = Path(__file__).parent / 'demo_pair' / 'pairs.csv'
_FORMER = ('reference.png', 'test.png')  # of the one pair of older versions


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  parser.add_argument(
    '--out',
    default='zeroshot-demo',
    metavar='DIR',
    help='folder for results and pictures (default: ./%(default)s)',
  )


def run(options: argparse.Namespace) -> int:
  """Prints a ``zeroshot inspect`` command and runs it, with more to read."""
  # They import what the other commands need not wait for.
  from zeroshot.commands import inspect_list, inspect_pair
  from zeroshot.data.pair_list import ListedPair
  from zeroshot.inspection import result_records
  from zeroshot.inspection.result import Inspection

  out = Path(options.out)
  _remove_older(out)
  print(f'zeroshot inspect --manifest={PAIRS} --out={out}')
  job = inspect_list.prepare(InspectOptions(manifest=str(PAIRS), out=str(out)))
  texts: dict[int, str] = {}

  def inspect(pair: ListedPair) -> Inspection:
    inspection = job.inspect(pair)
    texts[pair.row] = inspect_pair.summarize(inspection)
    return inspection

  status = inspect_list.report(job._replace(inspect=inspect), is_json=False)
  for record in result_records.read_records(out):
    if record['row'] in texts:  # else it was an error, and is told
      print(f'\n{texts[record["row"]]}')
      print(f'the differences: {out / record["pictures"] / "overlay.png"}')
  return 2 if status == 2 else 0


def _remove_older(out: Path) -> None:
  """Removes the results of an earlier demo, of any version."""
  from zeroshot.inspection import folder, result_records

  try:
    settings = json.loads((out / folder.RUN).read_text('utf-8'))
    is_demo = _is_demo(settings)
  except (OSError, ValueError, KeyError, TypeError):
    return
  if is_demo:
    for name in (result_records.RESULTS, report.PAGE, folder.RUN):
      (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / folder.PAIRS, ignore_errors=True)


def _is_demo(settings: JsonObject) -> bool:
  """Whether a folder's settings are those of a demo."""
  manifest = settings['manifest']
  if manifest is not None:
    return Path(manifest).parts[-2:] == PAIRS.parts[-2:]
  return [Path(path).parts[-2:] for path in settings['pair']] == [
    (PAIRS.parent.name, name) for name in _FORMER
  ]
