"""Learns a recipe from pictures of good parts of one product.

  zeroshot teach good/*.png --out=part.recipe
  zeroshot teach good --out=part.recipe --min_size=0.3mm --mm_per_px=0.02

The first picture is the frame: the others are registered to it, and --roi and
--ignore are given in its pixels. Pictures that do not fit are named and left
out. Each good part is then left out in turn, which tells how far good parts are
from each other at each place, and how many false boxes are to be expected.

Exit statuses: 0 taught, 2 could not do it.
"""

from __future__ import annotations

import argparse

from zeroshot.commands import arguments
from zeroshot.commands.terminal import printable

SUMMARY = 'learn a recipe from pictures of good parts'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  add = parser.add_argument
  add(
    'good',
    nargs='+',
    metavar='GOOD',
    help='pictures of good parts, folders of them, or patterns',
  )
  add(
    '--out',
    required=True,
    metavar='RECIPE',
    help='folder to write, named part.recipe for example; or a .zip',
  )
  add('--name', help="of the product (default: the recipe's name)")
  add(
    '--weights',
    default='default',
    help='name of weights that ship, or a file (default: %(default)s)',
  )
  add(
    '--threshold',
    type=float,
    metavar='T',
    help='least confidence that counts, 0 to 1 (default: the calibrated one, '
    'and 0.6 of it where several good parts are taught)',
  )
  add(
    '--false_boxes',
    type=float,
    default=0.1,
    metavar='N',
    help='false boxes for each good part, at most (default: %(default)g)',
  )
  _add_regions(parser)
  _add_answers(parser)


def _add_answers(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that say what is made of differences and misfits."""
  add = parser.add_argument
  add('--kinds', choices=('topology', 'none'), help='see zeroshot inspect')
  add(
    '--on_alignment_failure',
    choices=('refuse', 'different'),
    default='refuse',
    help='what a part is that cannot be aligned: an error, or different '
    '(default: %(default)s)',
  )
  add(
    '--force',
    action='store_true',
    help='take pictures that do not fit, and replace a recipe of this name',
  )


def _add_regions(parser: argparse.ArgumentParser) -> None:
  """Adds the arguments that say where and from which size on."""
  add = parser.add_argument
  add(
    '--roi',
    action='append',
    default=[],
    type=arguments.parse_region,
    metavar='X1,Y1,X2,Y2',
    help='inspect this part of the first picture alone; may be repeated',
  )
  add(
    '--ignore',
    action='append',
    default=[],
    metavar='X1,Y1,X2,Y2|MASK.png',
    help='do not inspect this part of it, or where this picture of its size is '
    'not black; may be repeated',
  )
  add(
    '--min_size',
    metavar='SIZE',
    help='report no smaller difference: 24 or 24px, or 0.3mm with --mm_per_px',
  )
  add(
    '--mm_per_px',
    type=float,
    metavar='MM',
    help='side of a pixel on the part, in millimetres',
  )


def run(options: argparse.Namespace) -> int:
  """Teaches; returns the exit status."""
  from zeroshot.recipe import pictures, store, teaching

  store.check_free(options.out, replace=options.force)
  regions, masks = _split(options.ignore)
  outcome = teaching.teach(
    pictures.expand(options.good),
    teaching.TeachRequest(
      name=options.name or teaching.name_of(options.out),
      weights=options.weights,
      threshold=options.threshold,
      roi=options.roi,
      ignore=regions,
      ignore_mask=masks[0] if masks else None,
      min_size=options.min_size,
      mm_per_px=options.mm_per_px,
      kinds=options.kinds,
      on_alignment_failure=options.on_alignment_failure,
      false_boxes=options.false_boxes,
      force=options.force,
    ),
  )
  store.write(options.out, outcome.taught)
  for left_out in outcome.left_out:
    print(printable(f'left out: {left_out.picture}: {left_out.reason}'))
  recipe = outcome.taught.recipe
  print(printable(f'{options.out}: {recipe.verdict}'))
  print(printable(recipe.certainty))
  return 0


def _split(
  ignored: list[str],
) -> tuple[list[tuple[float, ...]], list[str]]:
  """The regions and the masks among what is ignored."""
  regions, masks = [], []
  for text in ignored:
    if text.count(',') == 3:
      regions.append(arguments.parse_region(text))
    else:
      masks.append(text)
  if len(masks) > 1:
    raise ValueError('--ignore: give one mask at most; regions may be several')
  return regions, masks
