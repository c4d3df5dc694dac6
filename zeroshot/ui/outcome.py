"""What the page shows of an inspection.

values = outcome.show(inspection)
outcome.without_folder('/tmp/a1b2/part.png: no picture')  # 'part.png: ...'
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable

import gradio as gr

from zeroshot.inspection import result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.types import HostArray
from zeroshot.ui import components

_VERDICTS = {
  result.SAME: '## No difference',
  result.DIFFERENT: '## Different',
}
_CANNOT = '## Could not align'

# Verdict, differences, alignment, lines of the table, JSON.
Outputs = tuple[
  str, HostArray | None, HostArray | None, list[list[object]], str
]


def refilter(
  inspection: result.Inspection | None,
  threshold: float,
  min_size_px: float = 0.0,
) -> tuple[result.Inspection | None, *Outputs]:
  """Shows an inspection at another threshold and least size.

  What is smaller than the least size that was inspected for is not known until
  the pair is inspected again, which the verdict then says.
  """
  if inspection is None:
    return None, *show(None)
  note = ''
  if min_size_px < inspection.least.px:
    note = (
      f'Inspected for {inspection.least.px:g} px and more; inspect again for '
      'smaller differences.'
    )
  shown = inspection.at(threshold, min_size_px)
  # What it was inspected for stays, for smaller ones to be shown again.
  kept = dataclasses.replace(shown, least=inspection.least)
  return kept, *show(shown, note)


def with_no_close_up(
  show: Callable[..., tuple[object, ...]], *arguments: object
) -> tuple[object, ...]:
  """What a function shows, and no close-up: the old one is of other boxes."""
  return *show(*arguments), None


def show_close_up(
  inspection: result.Inspection | None, chosen: gr.SelectData
) -> HostArray | None:
  """The close-up of the line of the table that was chosen."""
  if inspection is None:
    return None
  line = dict(zip(components.COLUMNS, chosen.row_value, strict=True))
  x1, y1, x2, y2 = (float(line[side]) for side in components.SIDES)
  return inspection.close_up((x1, y1, x2, y2))


def show(
  inspection: result.Inspection | None,
  note: str = '',
  *,
  nothing: str = components.NOTHING,
) -> Outputs:
  """The values of the page's outputs.

  Args:
    inspection: None is none.
    note: a sentence below the verdict.
    nothing: stands in the place of the verdict where there is none.
  """
  if inspection is None:
    return nothing, None, None, [], ''
  record = inspection.sorted_by('severity').to_dict()
  rows: list[list[object]] = [
    [box[name] for name in components.COLUMNS] for box in record['boxes']
  ]
  count = f': {len(rows)}' if rows else ''
  warnings = ''.join(
    f'\n\n{without_folder(words)}'
    for words in (*inspection.warnings, note)
    if words
  )
  return (
    _VERDICTS[inspection.verdict] + count + warnings,
    inspection.overlay(),
    inspection.laid_over(),
    rows,
    json.dumps(record, indent=2),
  )


def show_refused(error: CouldNotAlignError) -> Outputs:
  """The values of the outputs for pictures that cannot be aligned."""
  text = f'{_CANNOT}\n\n{without_folder(str(error))}'
  return text, None, error.picture, [], ''


def without_folder(message: str) -> str:
  """A message with file names in place of the paths of uploads."""
  return ' '.join(
    word.rpartition(os.sep)[2] if word.startswith(os.sep) else word
    for word in message.split()
  )
