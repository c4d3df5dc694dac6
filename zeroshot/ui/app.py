"""The page: two pictures, or a recipe of several good parts, and a verdict.

  page = app.build(detector)
  app.serve(page, host='127.0.0.1', port=7860, max_megabytes=200)

Gradio is an optional extra: ``pip install 'zeroshot-inspection[ui]'``.
"""

from __future__ import annotations

import functools

import gradio as gr

from zeroshot.inspection import least_size, result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.detector import Detector
from zeroshot.ui import components, outcome, recipe_tab

_FONTS = ['system-ui', 'sans-serif']  # no font is downloaded

_KEPT_S = (3600, 3600)  # period of the clean-up, and age of deleted uploads


def build(detector: Detector, *, weights: str = 'default') -> gr.Blocks:
  """Builds the page.

  Args:
    detector: inspects pairs; its threshold is the slider's start.
    weights: that recipes are taught with, see ``Detector.load``.
  """
  with gr.Blocks(title='zeroshot', delete_cache=_KEPT_S) as page, gr.Tabs():
    with gr.Tab('Two pictures'):
      _add_pair(detector)
    with gr.Tab('Several good parts'):
      recipe_tab.add(weights)
  return page


def _add_pair(detector: Detector) -> None:
  """Adds what inspects a pair."""
  state = gr.State(None)
  with gr.Row():
    reference = components.drop_zone('reference', 'Reference: a good part')
    test = components.drop_zone('test', 'Test: the part to inspect')
  threshold, min_size, scale = components.limits(detector)
  button = gr.Button('Inspect', variant='primary')
  shown, table, near = components.results()
  outputs = [state, *shown, near]
  button.click(
    functools.partial(outcome.with_no_close_up, inspect, detector),
    [reference, test, threshold, min_size, scale],
    outputs,
  )
  gr.on(
    [threshold.release, min_size.release],
    functools.partial(outcome.with_no_close_up, outcome.refilter),
    [state, threshold, min_size],
    outputs,
  )
  # Results of other pictures must not stay: the slider would show them.
  gr.on(
    [reference.change, test.change],
    lambda: (None, *outcome.show(None), None),
    outputs=outputs,
    show_progress='hidden',
  )
  table.select(outcome.show_close_up, [state], near)


def load_page(weights: str, *, threshold: float | None) -> gr.Blocks:
  """Builds the page for weights; see ``Detector.load``."""
  detector = Detector.load(weights, threshold=threshold)
  return build(detector, weights=weights)


def inspect(
  detector: Detector,
  reference: str | None,
  test: str | None,
  threshold: float,
  min_size_px: float = 0.0,
  mm_per_px: float | None = None,
) -> tuple[result.Inspection | None, *outcome.Outputs]:
  """Inspects two uploaded files.

  Args:
    detector: inspects them.
    reference: path of a file, None where none was dropped.
    test: like ``reference``.
    threshold: least confidence of a box that counts.
    min_size_px: least size of a difference, pixels of the test picture.
    mm_per_px: side of a pixel on the part; None or 0 where it is not known.

  Returns:
    The inspection, for ``outcome.refilter``, and the values of the outputs;
    None for a pair that could not be aligned, which shows both pictures laid
    over each other.

  Raises:
    gradio.Error: they cannot be inspected; the browser shows it.
  """
  if reference is None or test is None:
    return None, *outcome.show(None)
  try:
    least = least_size.of(min_size_px, mm_per_px or None)
    inspection = detector.inspect(
      reference, test, threshold=threshold, min_size=least
    )
  except CouldNotAlignError as error:
    return None, *outcome.show_refused(error)
  except ValueError as error:
    raise gr.Error(outcome.without_folder(str(error)), duration=None) from error
  return inspection, *outcome.show(inspection)


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
