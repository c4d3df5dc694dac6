"""Judges each picture that is dropped into a folder, exactly once.

  zeroshot watch part.recipe --in=pictures --out=results

A picture is left alone until it is whole. Then DIR of --out gets NAME.json, the
verdict, NAME.png, the picture with its boxes, and a line in results.csv; when
all are on the disk, the picture is moved to the folder done in DIR of --in, or
to failed if it has no verdict. Stopped or killed and started again, it goes on
where it stopped. Log lines on stderr are JSON.

Exit statuses: 0 stopped by Ctrl-C or SIGTERM, 2 could not go on.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from zeroshot.commands import arguments
from zeroshot.data import limits

SUMMARY = 'judge each picture that is dropped into a folder'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  add = parser.add_argument
  add('recipe', metavar='RECIPE', help='what to judge by')
  add(
    '--in',
    dest='folder',
    type=Path,
    required=True,
    metavar='DIR',
    help='folder into which pictures are dropped',
  )
  add(
    '--out',
    type=Path,
    required=True,
    metavar='DIR',
    help='folder for the results',
  )
  arguments.add_runtime(parser)
  _add_limits(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that decide which files are taken, and when."""
  add = parser.add_argument
  add(
    '--settle_s',
    type=float,
    default=0.5,
    metavar='S',
    help='read a file after this time without a change (default: %(default)g)',
  )
  add(
    '--patience_s',
    type=float,
    default=30,
    metavar='S',
    help='a file that is no whole picture after this time without a change has '
    'failed (default: %(default)g)',
  )
  add(
    '--max_megapixels',
    type=float,
    default=limits.MAX_MEGAPIXELS,
    metavar='N',
    help='refuse larger pictures (default: %(default)g)',
  )


def run(options: argparse.Namespace) -> int:
  """Watches until a signal comes.

  Raises:
    ValueError: the extra is not installed, or the recipe or a folder cannot be
      used.
    OSError: a result cannot be written.
  """
  if importlib.util.find_spec('watchfiles') is None:
    raise ValueError(
      'watching needs watchfiles: pip install '
      "'zeroshot-inspection[watch]', or in a clone '.[watch]'"
    )
  from zeroshot.line import start

  start.watch(
    options.recipe,
    options.folder,
    options.out,
    runtime=options.runtime,
    settle_s=options.settle_s,
    patience_s=options.patience_s,
    max_megapixels=options.max_megapixels,
  )
  return 0
