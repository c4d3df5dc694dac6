"""Marks every true difference between a good picture and a test picture.

  zeroshot inspect good.png part7.png
  zeroshot inspect good.png part7.png --out=DIR --json
  zeroshot inspect --manifest=PAIRS.csv --out=DIR

PAIRS.csv has the columns reference,test[,name], its paths relative to its own
folder. Started again, a list goes on where it was stopped, and rows that could
not be inspected are tried again.

Exit statuses: 0 no difference, 1 differences, 2 something could not be
inspected.
"""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from zeroshot.commands.terminal import printable
from zeroshot.data import headers, records

if TYPE_CHECKING:
  from zeroshot.inspection.result import Inspection

SUMMARY = 'inspect one pair of pictures, or a list of pairs'


def add_arguments(parser: argparse.ArgumentParser) -> None:
  """Adds the command's arguments."""
  add = parser.add_argument
  add(
    'reference', nargs='?', metavar='REFERENCE', help='picture of a good part'
  )
  add('test', nargs='?', metavar='TEST', help='picture of the part under test')
  add('--manifest', metavar='PAIRS.csv', help='list of pairs, in place of one')
  add('--out', metavar='DIR', help='folder for results and pictures')
  add('--json', action='store_true', help='print results as JSON, one a line')
  add('--name', help="of the one pair (default: the test picture's)")
  add(
    '--weights',
    default='default',
    help='name of weights that ship, or a file (default: %(default)s)',
  )
  add(
    '--threshold',
    type=float,
    metavar='T',
    help='least confidence that counts, 0 to 1 (default: the calibrated one)',
  )
  add(
    '--kinds',
    choices=('topology', 'none'),
    help="what differences are called: 'topology' has the words of circuit "
    "boards, 'none' calls all 'difference' (default: as the weights say)",
  )
  add(
    '--max_megapixels',
    type=float,
    default=headers.MAX_MEGAPIXELS,
    metavar='N',
    help='refuse larger pictures (default: %(default)g)',
  )
  add(
    '--roi',
    action='append',
    default=[],
    type=_region,
    metavar='X1,Y1,X2,Y2',
    help='inspect this part of the test picture alone; may be repeated',
  )
  add(
    '--ignore',
    metavar='MASK.png',
    help="picture of the test picture's size; where it is not black is ignored",
  )


def run(options: argparse.Namespace) -> int:
  """Inspects what the options name."""
  if options.manifest is not None:
    from zeroshot.commands import inspect_list

    return inspect_list.run(options)
  if options.reference is None or options.test is None:
    listed = options.reference or ''
    if not listed.lower().endswith(records.TABLES + records.JSON_LINES):
      listed = 'PAIRS.csv'
    raise ValueError(f'give REFERENCE and TEST, or --manifest={listed}')
  from zeroshot.inspection.detector import Detector

  detector = Detector.load(
    options.weights,
    threshold=options.threshold,
    max_megapixels=options.max_megapixels,
    kinds=options.kinds,
  )
  with _folder(options, detector.threshold) as add:
    found = detector.inspect(
      options.reference,
      options.test,
      name=options.name,
      roi=options.roi,
      ignore=options.ignore,
    )
    written = add(found)
  if options.json:
    print(json.dumps(found.to_dict(), allow_nan=False))
  else:
    print(_summary(found) + written)
  return 1 if found.boxes else 0


def _region(text: str) -> tuple[float, ...]:
  from zeroshot.inspection import areas

  try:
    return tuple(
      areas.validate_region([float(side) for side in text.split(',')])
    )
  except ValueError as error:
    raise argparse.ArgumentTypeError(
      f'{text!r}: give X1,Y1,X2,Y2, in pixels ({error})'
    ) from error


@contextlib.contextmanager
def _folder(
  options: argparse.Namespace, threshold: float
) -> Iterator[Callable[[Inspection], str]]:
  """What writes into the folder, if there is to be one, and says where.

  Whether it may is asked before the pair is inspected.
  """
  if options.out is None:
    yield lambda found: ''
    return
  from zeroshot.inspection import folder, settings

  out = Path(options.out)
  this_run = settings.of_run(
    weights=options.weights,
    threshold=threshold,
    roi=options.roi,
    ignore=options.ignore,
    pair=(options.reference, options.test),
    kinds=options.kinds,
  )

  def add(found: Inspection) -> str:
    folder.begin(out, this_run, keep=lambda record: False)
    record = folder.add(out, 1, found)
    return f'\npictures: {out / record["pictures"]}'

  with folder.lock_folder(out):
    folder.check(out, this_run)
    yield add


def _summary(found: Inspection) -> str:
  """The verdict, the boxes and the alignment, for people."""
  count = len(found.boxes)
  lines = [
    f'{printable(found.name)}: {found.verdict}, {count} difference'
    f'{"s"[: count != 1]} of confidence {found.threshold:.2f} or more'
  ]
  if found.boxes:
    head = ('x1', 'y1', 'x2', 'y2')
    lines.append(' '.join(f'{side:>7}' for side in head) + '  sure  kind')
  for *sides, confidence, kind in found.boxes:
    lines.append(
      ' '.join(f'{side:7.1f}' for side in sides) + f'  {confidence:.2f}  {kind}'
    )
  moved = found.registration
  apart = moved.residual_px
  lines.append(
    f'alignment: {moved.method}, {moved.shift_px:.2f} px, '
    f'{moved.rotation_deg:.2f} degrees, scale {moved.scale:.4f}; then '
    + ('too little texture to measure' if apart is None else f'{apart:.2f} px')
    + ' apart'[: 6 * (apart is not None)]
  )
  return '\n'.join(lines)
