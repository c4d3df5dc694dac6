"""The page with two drop zones: pictures in, boxes and a verdict out.

  page = app.build(detector)
  app.serve(page, host='127.0.0.1', port=7860, max_megabytes=200)

Gradio is an optional extra: ``pip install 'zeroshot[ui]'``.
"""

from __future__ import annotations

import functools
import json
import os

os.environ.setdefault('GRADIO_ANALYTICS_ENABLED', 'False')

import gradio as gr

from zeroshot.inspection import result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.detector import Detector
from zeroshot.types import HostArray

_VERDICTS = {
  result.SAME: '## No difference',
  result.DIFFERENT: '## Different',
}
_NOTHING = '## Give two pictures'
_CANNOT = '## Could not align'
_COLUMNS = ['kind', 'confidence', 'x1', 'y1', 'x2', 'y2']
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
      reference = _drop_zone('reference', 'Reference: a good part')
      test = _drop_zone('test', 'Test: the part to inspect')
    threshold = gr.Slider(
      0,
      1,
      value=detector.threshold,
      step=0.01,
      label='Threshold: least confidence of a difference',
    )
    button = gr.Button('Inspect', variant='primary')
    outputs = [state, *_result_components()]
    button.click(
      functools.partial(inspect, detector),
      [reference, test, threshold],
      outputs,
    )
    threshold.release(refilter, [state, threshold], outputs)
    # Results of other pictures must not stay: the slider would show them.
    gr.on(
      [reference.change, test.change],
      lambda: (None, *_show(None)),
      outputs=outputs,
      show_progress='hidden',
    )
  return page


def load_page(weights: str, *, threshold: float | None) -> gr.Blocks:
  """Builds the page for weights; see ``Detector.load``."""
  return build(Detector.load(weights, threshold=threshold))


def inspect(
  detector: Detector, reference: str | None, test: str | None, threshold: float
) -> tuple[result.Inspection | None, *_Outputs]:
  """Inspects two uploaded files.

  Args:
    detector: inspects them.
    reference: path of a file, None where none was dropped.
    test: like ``reference``.
    threshold: least confidence of a box that counts.

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
    inspection = detector.inspect(reference, test, threshold=threshold)
  except CouldNotAlignError as error:
    text = f'{_CANNOT}\n\n{_without_folder(str(error))}'
    return None, text, None, error.picture, [], ''
  except ValueError as error:
    raise gr.Error(_without_folder(str(error)), duration=None) from error
  return inspection, *_show(inspection)


def refilter(
  inspection: result.Inspection | None, threshold: float
) -> tuple[result.Inspection | None, *_Outputs]:
  """Shows an inspection at another threshold; see ``inspect``."""
  if inspection is not None:
    inspection = inspection.at(threshold)
  return inspection, *_show(inspection)


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


def _drop_zone(name: str, label: str) -> gr.Image:
  """An upload field that passes the file on without decoding it."""
  return gr.Image(
    label=label,
    elem_id=name,
    type='filepath',
    image_mode=None,
    sources=['upload', 'clipboard'],
  )


def _result_components() -> list[gr.components.Component]:
  """The components that show the values of ``_show``."""
  return [
    gr.Markdown(_NOTHING, elem_id='verdict'),
    _shown_picture('differences', 'Differences'),
    _shown_picture(
      'alignment', 'Alignment: reference red, test cyan, grey where both agree'
    ),
    gr.Dataframe(headers=_COLUMNS, interactive=False, label='Boxes'),
    gr.Code(language='json', label='JSON', interactive=False, max_lines=12),
  ]


def _shown_picture(name: str, label: str) -> gr.Image:
  """A picture of the outcome."""
  return gr.Image(
    label=label,
    elem_id=name,
    format='png',
    interactive=False,
    buttons=['fullscreen'],
  )


def _show(inspection: result.Inspection | None) -> _Outputs:
  if inspection is None:
    return _NOTHING, None, None, [], ''
  record = inspection.to_dict()
  rows: list[list[object]] = [
    [box[name] for name in _COLUMNS] for box in record['boxes']
  ]
  count = f': {len(rows)}' if rows else ''
  warnings = ''.join(
    f'\n\n{_without_folder(warning)}' for warning in inspection.warnings
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
