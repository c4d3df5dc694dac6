"""The page with two drop zones: pictures in, boxes and a verdict out.

  page = app.build(detector)
  app.serve(page, host='127.0.0.1', port=7860, max_megabytes=200)

Gradio is an optional extra: ``pip install 'zeroshot-inspection[ui]'``.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Callable

import gradio as gr

from zeroshot.inspection import least_size, result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.detector import Detector
from zeroshot.types import HostArray
from zeroshot.ui import components

_VERDICTS = {
  result.SAME: '## No difference',
  result.DIFFERENT: '## Different',
}
_CANNOT = '## Could not align'
_FONTS = ['system-ui', 'sans-serif']  # no font is downloaded

_KEPT_S = (3600, 3600)  # period of the clean-up, and age of deleted uploads

_Outputs = tuple[
  str, HostArray | None, HostArray | None, list[list[object]], str
]


def build(detector: Detector) -> gr.Blocks:
  """Builds the page.

  Args:
    detector: inspects the pictures; its threshold is the slider's start.
  """
  with gr.Blocks(title='zeroshot', delete_cache=_KEPT_S) as page:
    state = gr.State(None)
    with gr.Row():
      reference = components.drop_zone('reference', 'Reference: a good part')
      test = components.drop_zone('test', 'Test: the part to inspect')
    threshold, min_size, scale = components.limits(detector)
    button = gr.Button('Inspect', variant='primary')
    shown, table, near = components.results()
    outputs = [state, *shown, near]
    button.click(
      functools.partial(_with_no_close_up, inspect, detector),
      [reference, test, threshold, min_size, scale],
      outputs,
    )
    gr.on(
      [threshold.release, min_size.release],
      functools.partial(_with_no_close_up, refilter),
      [state, threshold, min_size],
      outputs,
    )
    # Results of other pictures must not stay: the slider would show them.
    gr.on(
      [reference.change, test.change],
      lambda: (None, *_show(None), None),
      outputs=outputs,
      show_progress='hidden',
    )
    table.select(_show_close_up, [state], near)
  return page


def load_page(weights: str, *, threshold: float | None) -> gr.Blocks:
  """Builds the page for weights; see ``Detector.load``."""
  return build(Detector.load(weights, threshold=threshold))


def inspect(
  detector: Detector,
  reference: str | None,
  test: str | None,
  threshold: float,
  min_size_px: float = 0.0,
  mm_per_px: float | None = None,
) -> tuple[result.Inspection | None, *_Outputs]:
  """Inspects two uploaded files.

  Args:
    detector: inspects them.
    reference: path of a file, None where none was dropped.
    test: like ``reference``.
    threshold: least confidence of a box that counts.
    min_size_px: least size of a difference, pixels of the test picture.
    mm_per_px: side of a pixel on the part; None or 0 where it is not known.

  Returns:
    The inspection, for ``refilter``, and the values of the page's outputs;
    None for a pair that could not be aligned, which shows both pictures laid
    over each other.

  Raises:
    gradio.Error: they cannot be inspected; the browser shows it.
  """
  if reference is None or test is None:
    return None, *_show(None)
  try:
    least = least_size.of(min_size_px, mm_per_px or None)
    inspection = detector.inspect(
      reference, test, threshold=threshold, min_size=least
    )
  except CouldNotAlignError as error:
    text = f'{_CANNOT}\n\n{_without_folder(str(error))}'
    return None, text, None, error.picture, [], ''
  except ValueError as error:
    raise gr.Error(_without_folder(str(error)), duration=None) from error
  return inspection, *_show(inspection)


def refilter(
  inspection: result.Inspection | None,
  threshold: float,
  min_size_px: float = 0.0,
) -> tuple[result.Inspection | None, *_Outputs]:
  """Shows an inspection at another threshold and least size; see ``inspect``.

  What is smaller than the least size that was inspected for is not known until
  the pair is inspected again, which the verdict then says.
  """
  if inspection is None:
    return None, *_show(None)
  note = ''
  if min_size_px < inspection.least.px:
    note = (
      f'Inspected for {inspection.least.px:g} px and more; inspect again for '
      'smaller differences.'
    )
  shown = inspection.at(threshold, min_size_px)
  # What it was inspected for stays, for smaller ones to be shown again.
  kept = dataclasses.replace(shown, least=inspection.least)
  return kept, *_show(shown, note)


def serve(
  page: gr.Blocks, *, host: str, port: int | None, max_megabytes: int
) -> str:
  """Serves the page in the background.

  Args:
    page: of ``build``.
    host: address to listen on; ``'127.0.0.1'`` is this machine alone.
    port: to listen on; None takes the first free one from 7860 on.
    max_megabytes: largest file that is accepted.

  Returns:
    The address to open.

  Raises:
    OSError: the port is taken, or the address is not this machine's.
  """
  _, address, _ = page.queue(default_concurrency_limit=1, max_size=32).launch(
    server_name=host,
    server_port=port,
    max_file_size=max_megabytes * 2**20,
    share=False,
    quiet=True,
    prevent_thread_lock=True,
    footer_links=[],
    theme=gr.themes.Default(font=_FONTS, font_mono=['monospace']),
  )
  return str(address)


def _with_no_close_up(
  show: Callable[..., tuple[object, ...]], *arguments: object
) -> tuple[object, ...]:
  """What a function shows, and no close-up: the old one is of other boxes."""
  return *show(*arguments), None


def _show_close_up(
  inspection: result.Inspection | None, chosen: gr.SelectData
) -> HostArray | None:
  """The close-up of the line of the table that was chosen."""
  if inspection is None:
    return None
  line = dict(zip(components.COLUMNS, chosen.row_value, strict=True))
  x1, y1, x2, y2 = (float(line[side]) for side in components.SIDES)
  return inspection.close_up((x1, y1, x2, y2))


def _show(inspection: result.Inspection | None, note: str = '') -> _Outputs:
  """The values of the page's outputs; a note goes below the verdict."""
  if inspection is None:
    return components.NOTHING, None, None, [], ''
  record = inspection.sorted_by('severity').to_dict()
  rows: list[list[object]] = [
    [box[name] for name in components.COLUMNS] for box in record['boxes']
  ]
  count = f': {len(rows)}' if rows else ''
  warnings = ''.join(
    f'\n\n{_without_folder(words)}'
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


def _without_folder(message: str) -> str:
  """A message with file names in place of the paths of uploads."""
  return ' '.join(
    word.rpartition(os.sep)[2] if word.startswith(os.sep) else word
    for word in message.split()
  )
