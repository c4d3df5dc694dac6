"""Writes the page of a folder of results: one HTML file that needs no network.

  zeroshot report results            # writes results/report.html
  zeroshot report results --out=page.html

DIR is a folder of ``zeroshot inspect --out``, of ``zeroshot watch --out`` or of
``launch.evaluate --out``.
The name of the page is printed.

Exit statuses: 0 written, 2 could not be.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from zeroshot.page import MAX_PICTURES

SUMMARY = 'write the page of a folder of results'
PAGE = 'report.html'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  parser.add_argument(
    'folder', type=Path, metavar='DIR', help='folder of results'
  )
  parser.add_argument(
    '--out',
    type=Path,
    metavar='FILE.html',
    help='the page; DIR/report.html where it is not given',
  )
  parser.add_argument(
    '--max_pictures',
    type=int,
    default=MAX_PICTURES,
    metavar='N',
    help='most pairs to show with pictures (%(default)s)',
  )


def run(options: argparse.Namespace) -> int:
  """Writes the page; returns 0.

  Raises:
    ValueError: see ``page.write.write``.
  """
  # OpenCV takes a moment that the other commands need not wait for.
  from zeroshot.page import write

  out = options.out or options.folder / PAGE
  for note in write.write(
    options.folder, out, max_pictures=options.max_pictures
  ):
    print(f'note: {note}', file=sys.stderr)
  print(out)
  return 0
