"""Finds all that is wrong with a list of pairs, before any work.

  zeroshot check PAIRS.csv
  zeroshot check LABELLED.jsonl

Each row is looked at and each picture read to its end: wrong columns, names
given twice, boxes that are none, pictures that are missing or damaged, sizes of
labelled pairs that differ. Without labels a list is one to inspect, and sizes
may differ. Prints a line for each fault.

Exit statuses: 0 all is well, 2 something is wrong.
"""

from __future__ import annotations

import argparse

from zeroshot.commands.terminal import printable

SUMMARY = 'find all that is wrong with a list of pairs, before any work'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  parser.add_argument('manifest', metavar='PAIRS.csv', help='list of pairs')


def run(options: argparse.Namespace) -> int:
  """Checks the whole list."""
  from zeroshot.data import checks

  report = checks.check_manifest(options.manifest)
  for fault in report.faults:
    print(printable(' '.join(fault.split())))
  print(f'checked {report.checked}: {checks.count_faults(len(report.faults))}')
  return 2 if report.faults else 0
