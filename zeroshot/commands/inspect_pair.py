"""``zeroshot inspect REFERENCE TEST``: one pair.

status = inspect_pair.run(InspectOptions(reference='a.png', test='b.png'))
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from zeroshot.commands.terminal import printable
from zeroshot.inspection import folder, settings
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.detector import Detector, load_detector
from zeroshot.inspection.options import InspectOptions
from zeroshot.inspection.result import Inspection

_Outcome = Inspection | CouldNotAlignError

_CANNOT = 2  # exit status
_OFFER = '; --out=DIR writes a picture of both laid over each other'


def run(options: InspectOptions) -> int:
  """Inspects the pair; returns the exit status."""
  detector = load_detector(options)
  with _open_folder(options, detector.threshold) as write:
    outcome = _inspect(detector, options)
    note = write(outcome)
  if isinstance(outcome, CouldNotAlignError):
    print(printable(str(outcome)) + note, file=sys.stderr)
    return _CANNOT
  for warning in outcome.warnings:
    print(f'warning: {printable(warning)}', file=sys.stderr)
  if options.json:
    print(json.dumps(outcome.to_dict(), allow_nan=False))
  else:
    print(summarize(outcome) + note)
  return 1 if outcome.boxes else 0


def _inspect(detector: Detector, options: InspectOptions) -> _Outcome:
  assert options.reference is not None
  assert options.test is not None
  try:
    return detector.inspect(
      options.reference,
      options.test,
      name=options.name,
      roi=options.roi,
      ignore=options.ignore,
      bits=options.bits,
    ).sorted_by(options.sort)
  except CouldNotAlignError as error:
    return error


@contextlib.contextmanager
def _open_folder(
  options: InspectOptions, threshold: float
) -> Iterator[Callable[[_Outcome], str]]:
  """Yields what writes the results, if asked for, and names their folder.

  Whether the folder may be used is checked before the pair is inspected.
  """
  if options.out is None:
    yield lambda outcome: '' if isinstance(outcome, Inspection) else _OFFER
    return
  out = Path(options.out)
  this_run = settings.describe_run(options, threshold=threshold, rows=1)

  def write(outcome: _Outcome) -> str:
    folder.begin(out, this_run, keep=lambda record: False)
    if isinstance(outcome, Inspection):
      record = folder.add(out, 1, outcome)
      return f'\npictures: {out / record["pictures"]}'
    name = options.name or Path(options.test or '').stem
    record = folder.add_error(out, 1, name, outcome)
    return f'; see {out / record["pictures"] / folder.ALIGNMENT}'

  with folder.lock_folder(out):
    folder.check(out, this_run)
    yield write


def summarize(inspection: Inspection) -> str:
  """The verdict, the boxes and the alignment as a text of several lines."""
  count, least = len(inspection.boxes), inspection.least.px
  lines = [
    f'{printable(inspection.name)}: {inspection.verdict}, {count} difference'
    f'{"s"[: count != 1]} of confidence {inspection.threshold:.2f} or more'
    + (f' and {least:.1f} px or more' if least else '')
  ]
  if inspection.boxes:
    head = ('x1', 'y1', 'x2', 'y2')
    lines.append(
      ' '.join(f'{side:>7}' for side in head)
      + '  sure     size  severity     sign  kind'
    )
  for box in inspection.boxes:
    sides = ' '.join(f'{side:7.1f}' for side in box[:4])
    size = f'{box.size_px:.0f} px'
    if box.size_mm is not None:
      size = f'{box.size_mm:.3g} mm'
    lines.append(
      f'{sides}  {box.confidence:.2f} {size:>8} {box.severity:9.2f}'
      f'  {box.sign:>7}  {box.kind}'
    )
  registration = inspection.registration
  residual = registration.residual_px
  lines.append(
    f'alignment: {registration.method}, {registration.shift_px:.2f} px, '
    f'{registration.rotation_deg:.2f} degrees, scale {registration.scale:.4f}; '
    'then '
    + (
      'too little texture to measure'
      if residual is None
      else f'{residual:.2f} px apart'
    )
  )
  return '\n'.join(lines)
