"""The tab where a recipe is taught from several good parts, and tried.

with gr.Blocks(), gr.Tab('Several good parts'):
  recipe_tab.add('default')
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from zeroshot.data.pictures import SUFFIXES
from zeroshot.inspection import result
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.ui import components, outcome, recipes
from zeroshot.ui.recipes import Asked, Opened

_NOTHING = '## Teach or upload a recipe, and give a picture'
_UNTAUGHT = 'Give pictures of good parts; five or more tell how they differ.'
_KEPT_S = 3600.0  # a recipe that is not used


class Fields(NamedTuple):
  """What is asked for a recipe; see ``recipes.Asked``."""

  pictures: gr.File
  name: gr.Textbox
  roi: gr.Textbox
  ignore: gr.Textbox
  min_size: gr.Textbox
  mm_per_px: gr.Number


class Shown(NamedTuple):
  """What shows a recipe."""

  words: gr.Markdown
  goods: gr.Gallery
  variation: gr.Image
  download: gr.DownloadButton
  threshold: gr.Slider
  min_size: gr.Slider


def add(weights: str) -> None:
  """Adds the tab's content to the page that is being built.

  Args:
    weights: that recipes are taught with, see ``Detector.load``.
  """
  recipe = gr.State(None, time_to_live=_KEPT_S)
  inspection = gr.State(None, time_to_live=_KEPT_S)
  gr.Markdown('### 1. Teach')
  fields, button = _add_fields()
  words, goods, drawn, download = _add_recipe()
  gr.Markdown('### 2. Try')
  uploaded, test, threshold, min_size, ask = _add_trial()
  shown, table, near = components.results('recipe-', _NOTHING)
  outputs = [inspection, *shown, near]
  learned = Shown(words, goods, drawn, download, threshold, min_size)
  button.click(
    functools.partial(_teach, weights, download),
    [*fields],
    [recipe, *learned, *outputs],
  )
  uploaded.upload(
    functools.partial(_open, weights),
    [uploaded],
    [recipe, *learned, *outputs],
  )
  ask.click(
    functools.partial(outcome.with_no_close_up, inspect),
    [recipe, test, threshold, min_size],
    outputs,
  )
  gr.on(
    [threshold.release, min_size.release],
    functools.partial(outcome.with_no_close_up, _refilter),
    [inspection, threshold, min_size],
    outputs,
  )
  test.change(_nothing, outputs=outputs, show_progress='hidden')
  table.select(outcome.show_close_up, [inspection], near)


def inspect(
  recipe: Opened | None,
  test: str | None,
  threshold: float,
  min_size_px: float = 0.0,
) -> tuple[result.Inspection | None, *outcome.Outputs]:
  """Inspects an uploaded picture with a recipe.

  Args:
    recipe: that was taught or uploaded; None is none yet.
    test: path of the file; None where none was dropped.
    threshold: least confidence of a box that counts.
    min_size_px: least size of a box that counts; see ``outcome.refilter``.

  Returns:
    See ``app.inspect``.

  Raises:
    gradio.Error: it cannot be inspected; the browser shows it.
  """
  if recipe is None or test is None:
    return None, *outcome.show(None, nothing=_NOTHING)
  try:
    found = recipe.detector.inspect(test, threshold=threshold)
  except CouldNotAlignError as error:
    return None, *outcome.show_refused(error)
  except ValueError as error:
    raise _error(error) from error
  return outcome.refilter(found, threshold, min_size_px)


def _add_fields() -> tuple[Fields, gr.Button]:
  """The fields of what is taught, and the button that teaches."""
  pictures = gr.File(
    label='Good parts: several pictures, the first one is the frame',
    file_count='multiple',
    file_types=list(SUFFIXES),
    elem_id='recipe-pictures',
    allow_reordering=True,
    height=180,
  )
  with gr.Row():
    name = gr.Textbox(
      label='Name of the product', placeholder='part', elem_id='recipe-name'
    )
    min_size = gr.Textbox(
      label='Least size of a difference',
      placeholder='24px, or 0.3mm',
      elem_id='recipe-least',
    )
    mm_per_px = gr.Number(
      value=None,
      minimum=0,
      label='mm per px, where it is known',
      elem_id='recipe-scale',
    )
  with gr.Row():
    roi, ignore = (
      gr.Textbox(
        label=f'{label}: x1,y1,x2,y2 in pixels of the frame, one a line',
        placeholder='95,0,262,288',
        lines=2,
        elem_id=f'recipe-{which}',
        min_width=240,
      )
      for which, label in (('roi', 'Inspect only'), ('ignore', 'Ignore'))
    )
  button = gr.Button('Teach', variant='primary', elem_id='recipe-teach')
  return Fields(pictures, name, roi, ignore, min_size, mm_per_px), button


def _add_recipe() -> tuple[
  gr.Markdown, gr.Gallery, gr.Image, gr.DownloadButton
]:
  """What shows a recipe, and gives it to the user."""
  words = gr.Markdown(_UNTAUGHT, elem_id='recipe-words')
  with gr.Row():
    goods = gr.Gallery(
      label='Good parts',
      elem_id='recipe-goods',
      columns=4,
      height=300,
      interactive=False,
      object_fit='contain',
      buttons=['fullscreen'],
    )
    drawn = components.shown_picture(
      'recipe-variation',
      'Variation: the brighter, the more good parts differ there',
    )
  download = gr.DownloadButton(
    'Download the recipe', visible=False, elem_id='recipe-download'
  )
  return words, goods, drawn, download


def _add_trial() -> tuple[gr.File, gr.Image, gr.Slider, gr.Slider, gr.Button]:
  """The fields of what is tried, and the button."""
  with gr.Row():
    uploaded = gr.File(
      label='An earlier recipe (.zip), in place of the one taught above',
      file_types=['.zip'],
      elem_id='recipe-file',
      height=180,
    )
    test = components.drop_zone('recipe-test', 'Test: the part to inspect')
  with gr.Row():
    threshold, min_size = components.filters(0.5, 0.0, 'recipe-')
  ask = gr.Button('Inspect', variant='primary', elem_id='recipe-inspect')
  return uploaded, test, threshold, min_size, ask


def _teach(
  weights: str,
  download: gr.DownloadButton,
  pictures: Sequence[str] | None,
  name: str,
  roi: str,
  ignore: str,
  min_size: str,
  mm_per_px: float | None,
) -> tuple[Any, ...]:
  """The recipe and all outputs of the tab; see ``Fields``."""
  asked = Asked(name, weights, roi, ignore, min_size, mm_per_px)
  try:
    with tempfile.TemporaryDirectory(prefix='zeroshot-') as folder:
      opened, file = recipes.teach(pictures or [], asked, Path(folder))
      # A copy of it is kept as long as uploads are.
      kept = download.move_resource_to_block_cache(file)
  except ValueError as error:
    raise _error(error) from error
  button = gr.DownloadButton(f'Download {file.name}', value=kept, visible=True)
  return _show(opened, button)


def _open(weights: str, path: str) -> tuple[Any, ...]:
  """The recipe that was uploaded, and all outputs of the tab."""
  try:
    opened = recipes.open_uploaded(path, weights=weights)
  except ValueError as error:
    raise _error(error) from error
  return _show(opened, gr.DownloadButton(visible=False))


def _show(opened: Opened, button: gr.DownloadButton) -> tuple[Any, ...]:
  """A recipe, the values of ``Shown``, and no inspection."""
  recipe = opened.detector.recipe
  return (
    opened,
    opened.words(),
    list(opened.goods),
    opened.variation,
    button,
    recipe.threshold,
    recipe.least_size.px,
    *_nothing(),
  )


def _refilter(
  inspection: result.Inspection | None, threshold: float, min_size_px: float
) -> tuple[result.Inspection | None, *outcome.Outputs]:
  if inspection is None:
    return None, *outcome.show(None, nothing=_NOTHING)
  return outcome.refilter(inspection, threshold, min_size_px)


def _nothing() -> tuple[Any, ...]:
  """No inspection: results of another picture must not stay."""
  return None, *outcome.show(None, nothing=_NOTHING), None


def _error(error: ValueError) -> gr.Error:
  return gr.Error(outcome.without_folder(str(error)), duration=None)
