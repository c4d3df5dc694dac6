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
from zeroshot.inspection.detector import Detector
from zeroshot.inspection.options import InspectOptions
from zeroshot.inspection.result import Inspection


def run(options: InspectOptions) -> int:
  """Inspects the pair; returns the exit status."""
  assert options.reference is not None
  assert options.test is not None
  detector = Detector.load(
    options.weights,
    threshold=options.threshold,
    max_megapixels=options.max_megapixels,
    kinds=options.kinds,
  )
  with _open_folder(options, detector.threshold) as write:
    inspection = detector.inspect(
      options.reference,
      options.test,
      name=options.name,
      roi=options.roi,
      ignore=options.ignore,
    )
    note = write(inspection)
  for warning in inspection.warnings:
    print(f'warning: {printable(warning)}', file=sys.stderr)
  if options.json:
    print(json.dumps(inspection.to_dict(), allow_nan=False))
  else:
    print(_summarize(inspection) + note)
  return 1 if inspection.boxes else 0


@contextlib.contextmanager
def _open_folder(
  options: InspectOptions, threshold: float
) -> Iterator[Callable[[Inspection], str]]:
  """Yields what writes the results, if asked for, and names their folder.

  Whether the folder may be used is checked before the pair is inspected.
  """
  if options.out is None:
    yield lambda inspection: ''
    return
  out = Path(options.out)
  this_run = settings.describe_run(options, threshold=threshold, rows=1)

  def write(inspection: Inspection) -> str:
    folder.begin(out, this_run, keep=lambda record: False)
    record = folder.add(out, 1, inspection)
    return f'\npictures: {out / record["pictures"]}'

  with folder.lock_folder(out):
    folder.check(out, this_run)
    yield write


def _summarize(inspection: Inspection) -> str:
  """The verdict, the boxes and the alignment as a text of several lines."""
  count = len(inspection.boxes)
  lines = [
    f'{printable(inspection.name)}: {inspection.verdict}, {count} difference'
    f'{"s"[: count != 1]} of confidence {inspection.threshold:.2f} or more'
  ]
  if inspection.boxes:
    head = ('x1', 'y1', 'x2', 'y2')
    lines.append(' '.join(f'{side:>7}' for side in head) + '  sure  kind')
  for *sides, confidence, kind in inspection.boxes:
    lines.append(
      ' '.join(f'{side:7.1f}' for side in sides) + f'  {confidence:.2f}  {kind}'
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
