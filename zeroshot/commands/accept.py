"""Says that a part was good: it joins the good parts, and all is learned anew.

  zeroshot accept part.recipe part7.png
  zeroshot accept part.recipe results/pairs/0007-part7 --variant=red

RESULT is the picture that was inspected, or the folder of its results.

Exit statuses: 0 accepted, 2 could not do it.
"""

from __future__ import annotations

import argparse

from zeroshot.commands.terminal import printable

SUMMARY = 'say that a part was good, so that a recipe learns it'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  add = parser.add_argument
  add('recipe', metavar='RECIPE', help='what to add to')
  add(
    'result',
    metavar='RESULT',
    help='picture that was inspected, or the folder of its results',
  )
  add('--variant', default='', metavar='NAME', help='name of its variant')
  add(
    '--force',
    action='store_true',
    help='accept it even if it does not fit the first good part',
  )


def run(options: argparse.Namespace) -> int:
  """Accepts; returns the exit status."""
  from zeroshot.recipe import accepting

  taught = accepting.accept(
    options.recipe,
    options.result,
    variant=options.variant,
    force=options.force,
  )
  print(printable(f'{options.recipe}: {taught.recipe.verdict}'))
  print(printable(taught.recipe.certainty))
  return 0
