"""Inspects a pair of pictures that ships with zeroshot.

  zeroshot demo
  zeroshot demo --out=DIR

The pair is drawn: a circuit board, the reference turned and shifted by a few
pixels, the test picture with defects. It takes seconds, and no data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zeroshot.commands import inspect

SUMMARY = 'inspect a pair of pictures that ships, as an example'
PAIR = Path(__file__).parent / 'demo_pair'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  parser.add_argument(
    '--out',
    default='zeroshot-demo',
    metavar='DIR',
    help='folder for results and pictures (default: ./%(default)s)',
  )


def run(options: argparse.Namespace) -> int:
  """Does what the ``zeroshot inspect`` that it prints would do."""
  arguments = [
    str(PAIR / 'reference.png'),
    str(PAIR / 'test.png'),
    '--name=demo',
    f'--out={options.out}',
  ]
  print('zeroshot inspect', *arguments)
  parser = argparse.ArgumentParser()
  inspect.add_arguments(parser)
  inspect.run(parser.parse_args(arguments))
  print(f'the differences: {Path(options.out) / "pairs/0001-demo/overlay.png"}')
  return 0
