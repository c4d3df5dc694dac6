"""The page with two drop zones: pictures in, boxes and a verdict out.

  app.serve(app.build(detector), host='127.0.0.1', port=7860)

Gradio is an optional extra: ``pip install 'zeroshot[ui]'``.
"""

from __future__ import annotations

import functools
import json
import os

os.environ.setdefault('GRADIO_ANALYTICS_ENABLED', 'False')

import gradio as gr

from zeroshot.inspection import result
from zeroshot.inspection.detector import Detector
from zeroshot.types import HostArray

_VERDICTS = {
  result.SAME: '## No difference',
  result.DIFFERENT: '## Different',
}
_NOTHING = '## Give two pictures'
_COLUMNS = ['kind', 'confidence', 'x1', 'y1', 'x2', 'y2']
_FONTS = ['system-ui', 'sans-serif']  # none that a browser would have to fetch

_KEPT_S = (3600, 3600)  # every so often, uploads older than that are deleted

_Shown = tuple[str, HostArray | None, list[list[object]], str]


def build(detector: Detector) -> gr.Blocks:
  """The page.

  Args:
    detector: inspects what is dropped; its threshold is the slider's start.
  """
  with gr.Blocks(title='zeroshot', delete_cache=_KEPT_S) as page:
    found = gr.State(None)
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
    shown = [found, *_results()]
    button.click(
      functools.partial(inspect, detector), [reference, test, threshold], shown
    )
    threshold.release(refilter, [found, threshold], shown)
    # Else the slider would show what was found in other pictures than these.
    gr.on(
      [reference.change, test.change],
      lambda: (None, *_show(None)),
      outputs=shown,
      show_progress='hidden',
    )
  return page


def inspect(
  detector: Detector, reference: str | None, test: str | None, threshold: float
) -> tuple[result.Inspection | None, *_Shown]:
  """Inspects two uploaded files.

  Args:
    detector: inspects them.
    reference: path of a file, None where none was dropped.
    test: likewise.
    threshold: least confidence of a box that counts.

  Returns:
    What was found, for ``refilter``, and what the page shows of it.

  Raises:
    gradio.Error: they cannot be inspected; the browser shows it.
  """
  if reference is None or test is None:
    return None, *_show(None)
  try:
    found = detector.inspect(reference, test, threshold=threshold)
  except ValueError as error:
    raise gr.Error(_without_folder(str(error)), duration=None) from error
  return found, *_show(found)


def refilter(
  found: result.Inspection | None, threshold: float
) -> tuple[result.Inspection | None, *_Shown]:
  """Shows what was found at another threshold; see ``inspect``."""
  if found is not None:
    found = found.at(threshold)
  return found, *_show(found)


def serve(
  page: gr.Blocks, *, host: str, port: int | None, max_megabytes: int
) -> str:
  """Serves the page in the background.

  Args:
    page: of ``build``.
    host: address to listen on; ``'127.0.0.1'`` is this machine alone.
    port: to listen on; None takes the first free one from 7860 on.
    max_megabytes: the largest file that it takes.

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
  """Hands the file on as it came: nothing is decoded or turned before."""
  return gr.Image(
    label=label,
    elem_id=name,
    type='filepath',
    image_mode=None,
    sources=['upload', 'clipboard'],
  )


def _results() -> list[gr.components.Component]:
  """Where the page shows what ``_show`` gives."""
  return [
    gr.Markdown(_NOTHING, elem_id='verdict'),
    gr.Image(
      label='Differences',
      elem_id='differences',
      format='png',
      interactive=False,
      buttons=['fullscreen'],
    ),
    gr.Dataframe(headers=_COLUMNS, interactive=False, label='Boxes'),
    gr.Code(language='json', label='JSON', interactive=False, max_lines=12),
  ]


def _show(found: result.Inspection | None) -> _Shown:
  if found is None:
    return _NOTHING, None, [], ''
  told = found.to_dict()
  rows: list[list[object]] = [
    [box[name] for name in _COLUMNS] for box in told['boxes']
  ]
  count = f': {len(rows)}' if rows else ''
  return (
    _VERDICTS[found.verdict] + count,
    found.overlay(),
    rows,
    json.dumps(told, indent=2),
  )


def _without_folder(message: str) -> str:
  """A message with the name of an uploaded file in place of its path."""
  return ' '.join(
    word.rpartition(os.sep)[2] if word.startswith(os.sep) else word
    for word in message.split()
  )
