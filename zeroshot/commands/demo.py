"""Inspects a pair of pictures that ships with zeroshot.

  zeroshot demo
  zeroshot demo --out=DIR

The pair is drawn: a circuit board, the reference turned and shifted by a few
pixels, the test picture with defects. It takes seconds, and no data.

Exit statuses: 0 inspected, 2 could not be.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from zeroshot.commands import inspect, report

SUMMARY = 'inspect a pair of pictures that ships, as an example'
PAIR = Path(__file__).parent / 'demo_pair'
_NAMES = ('reference.png', 'test.png')


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  parser.add_argument(
    '--out',
    default='zeroshot-demo',
    metavar='DIR',
    help='folder for results and pictures (default: ./%(default)s)',
  )


def run(options: argparse.Namespace) -> int:
  """Prints a ``zeroshot inspect`` command and runs it."""
  arguments = [
    *(str(PAIR / name) for name in _NAMES),
    '--name=demo',
    f'--out={options.out}',
  ]
  _remove_older(Path(options.out))
  print('zeroshot inspect', *arguments)
  parser = argparse.ArgumentParser()
  inspect.add_arguments(parser)
  inspect.run(parser.parse_args(arguments))
  print(f'the differences: {Path(options.out) / "pairs/0001-demo/overlay.png"}')
  return 0


def _remove_older(out: Path) -> None:
  """Removes the results of an earlier demo, of any version."""
  from zeroshot.inspection import folder, result_records

  run = out / folder.RUN
  try:
    pair = json.loads(run.read_text('utf-8'))['pair']
  except (OSError, ValueError, KeyError, TypeError):
    return
  if [Path(path).parts[-2:] for path in pair] == [
    (PAIR.name, name) for name in _NAMES
  ]:
    for name in (result_records.RESULTS, report.PAGE, folder.RUN):
      (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / folder.PAIRS, ignore_errors=True)
