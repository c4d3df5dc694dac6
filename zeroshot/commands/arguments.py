"""Arguments that several subcommands take.

add_runtime(parser)
x1, y1, x2, y2 = parse_region('0,0,640,200')
"""

from __future__ import annotations

import argparse

from zeroshot.inspection.options import RUNTIMES
from zeroshot.inspection.regions import validate_region


def add_runtime(parser: argparse.ArgumentParser) -> None:
  """Adds ``--runtime``."""
  parser.add_argument(
    '--runtime',
    choices=RUNTIMES,
    default='auto',
    help='what runs the network (default: %(default)s)',
  )


def parse_region(text: str) -> tuple[float, ...]:
  """A region ``X1,Y1,X2,Y2``, in pixels.

  Raises:
    argparse.ArgumentTypeError: it is none.
  """
  try:
    return tuple(validate_region([float(side) for side in text.split(',')]))
  except ValueError as error:
    raise argparse.ArgumentTypeError(
      f'{text!r}: give X1,Y1,X2,Y2, in pixels ({error})'
    ) from error
