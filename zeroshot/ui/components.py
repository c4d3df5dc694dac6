"""The parts of the page: drop zones, sliders, and what shows an outcome.

with gr.Blocks() as page:
  reference = drop_zone('reference', 'Reference: a good part')
  threshold, min_size, scale = limits(detector)
  shown, table, near = results()
"""

from __future__ import annotations

import gradio as gr

from zeroshot.inspection.detector import Detector

NOTHING = '## Give two pictures'
SIDES = ['x1', 'y1', 'x2', 'y2']
COLUMNS = [
  *('kind', 'confidence', 'size_px', 'size_mm', 'severity', 'sign'),
  *SIDES,
]
_MOST_SIZE_PX = 200  # of the slider
_WRAPPED_PX = 240  # two of them are below each other on a phone


def drop_zone(name: str, label: str) -> gr.Image:
  """An upload field that passes the file on without decoding it."""
  return gr.Image(
    label=label,
    elem_id=name,
    type='filepath',
    image_mode=None,
    sources=['upload', 'clipboard'],
  )


def filters(
  threshold: float, least_px: float, prefix: str = ''
) -> tuple[gr.Slider, gr.Slider]:
  """Sliders for the threshold and the least size; the ids have a prefix."""
  return (
    gr.Slider(
      0,
      1,
      value=threshold,
      step=0.01,
      label='Threshold: least confidence of a difference',
      elem_id=f'{prefix}threshold',
      min_width=_WRAPPED_PX,
    ),
    gr.Slider(
      0,
      _MOST_SIZE_PX,
      value=least_px,
      step=1,
      label='Least size of a difference, px',
      elem_id=f'{prefix}min-size',
      min_width=_WRAPPED_PX,
    ),
  )


def limits(detector: Detector) -> tuple[gr.Slider, gr.Slider, gr.Number]:
  """What counts: the threshold, the least size, and the scale."""
  with gr.Row():
    threshold, min_size = filters(detector.threshold, detector.least.px)
    scale = gr.Number(
      value=detector.least.mm_per_px,
      minimum=0,
      label='mm per px, where it is known',
      elem_id='scale',
    )
  return threshold, min_size, scale


def results(
  prefix: str = '', nothing: str = NOTHING
) -> tuple[list[gr.components.Component], gr.Dataframe, gr.Image]:
  """The components that show the values of ``outcome.show``.

  Args:
    prefix: of their identifiers.
    nothing: stands in the place of the verdict at first.

  Returns:
    All of them, the table among them, and the close-up.
  """
  above: list[gr.components.Component] = [
    gr.Markdown(nothing, elem_id=f'{prefix}verdict'),
    shown_picture(f'{prefix}differences', 'Differences'),
    shown_picture(
      f'{prefix}alignment',
      'Alignment: reference red, test cyan, grey where both agree',
    ),
  ]
  table = gr.Dataframe(
    headers=COLUMNS,
    interactive=False,
    label='Boxes, the most severe first; choose one for a close-up',
    max_height=380,
    elem_id=f'{prefix}boxes',
  )
  near = shown_picture(f'{prefix}close-up', 'Close-up: reference, test')
  text = gr.Code(language='json', label='JSON', interactive=False, max_lines=12)
  return [*above, table, text], table, near


def shown_picture(name: str, label: str) -> gr.Image:
  """A picture of the outcome."""
  return gr.Image(
    label=label,
    elem_id=name,
    format='png',
    interactive=False,
    buttons=['fullscreen'],
  )
