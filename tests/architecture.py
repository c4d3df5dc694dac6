"""Draws ``docs/architecture.svg``: the rooms, their imports and two walks.

  python -m tests.architecture

Arrows come from the imports of the files, descriptions from the docstring of
``zeroshot``. ``docs/architecture.md`` explains the steps of the walks.
"""

from __future__ import annotations

import html
import itertools
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

from tests.codebase import ROOT
from tests.room_graph import FOLDERS, arrows, descriptions, reduced

PICTURE = ROOT / 'docs/architecture.svg'
# The row, from the top, and the column of each room and folder.
PLACES = {
  'launch': (0, 3.5),
  'configs': (0, 5),
  'data_tools': (0, 7),
  'commands': (1, 1),
  'studies': (1, 3),
  'profiling': (1, 4),
  'line': (1.8, 0),
  'ui': (2, 1.5),
  'page': (2, 2.5),
  'export': (2, 3.5),
  'cluster': (2, 4.5),
  'experiments': (2, 5.5),
  'recipe': (2.6, 0),
  'inspection': (3, 1),
  'report': (4, 2.5),
  'evaluate': (5, 2.5),
  'transfer': (5, 3.5),
  'detect': (6, 2),
  'losses': (6, 4.2),
  'train': (6, 5.2),
  'weights': (7.4, 0),
  'onnx_graph': (6.6, 0),
  'registration': (7, 1),
  'pcb': (7, 2),
  'synthesis': (7, 3),
  'model': (7, 4),
  'runs': (7, 6),
  'boards': (7, 7),
  'data': (8.3, 1.5),
  'bilinear': (8.3, 3),
  'rng': (8.3, 4),
  'run_config': (8.3, 5),
  'checkpoints': (8.3, 6),
  'runtime': (8.3, 7),
  'version': (9.3, 0),
  'types': (9.3, 4),
}
WIDE = {'types': 6, 'data': 1}  # columns beyond the first
# Points that a line passes on its way, where it would cross a room.
VIA = {
  ('profiling', 'boards'): [(1.85, 6.1)],
  ('data_tools', 'runtime'): [(7, 7.54)],
  ('experiments', 'synthesis'): [(5, 4.05), (6, 3.62)],
  ('evaluate', 'rng'): [(7.32, 2.5)],
  ('inspection', 'version'): [(7.32, 0.5)],
  ('train', 'data'): [(7.32, 4.55)],
  ('train', 'runtime'): [(6.65, 6.5)],
  ('train', 'checkpoints'): [(7.32, 5.5)],
}


class Walk(NamedTuple):
  """One way through the rooms, in the order of the calls."""

  title: str
  colour: str
  steps: tuple[tuple[str, str], ...]


WALKS = (
  Walk(
    'Training: config to checkpoint',
    '#d9730d',
    (
      ('configs', 'every setting'),
      ('experiments', 'builds the task from the config'),
      ('synthesis', 'makes pairs from random keys'),
      ('model', 'the network scores each pixel'),
      ('losses', 'compares scores and mask'),
      ('train', 'repeats the training step'),
      ('checkpoints', 'saves parameters and state'),
    ),
  ),
  Walk(
    'Inspection: reference picture to boxes',
    '#1769c2',
    (
      ('commands', 'the command zeroshot inspect'),
      ('inspection', 'reads and checks the pictures'),
      ('registration', 'aligns the reference picture'),
      ('detect', 'score map, threshold, boxes'),
      ('pcb', 'names the kind of each box'),
    ),
  ),
)

Point = tuple[float, float]  # x and y, px
WIDTH, HEIGHT = 1310, 1270
BOX_WIDTH, BOX_HEIGHT = 146, 66
COLUMN, ROW = 160, 104
LEFT, TOP = 90, 76
HEAD = f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" \
viewBox="0 0 {WIDTH} {HEIGHT}" role="img" \
font-family="Helvetica, Arial, sans-serif">
<title>The rooms of zeroshot and their imports</title>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" \
markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#7b8794"/>\
</marker></defs>
<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"""


def _point(row: float, column: float) -> Point:
  return LEFT + column * COLUMN, TOP + row * ROW


def _centre(name: str) -> Point:
  return _point(*PLACES[name])


def _curve(points: Sequence[Point]) -> str:
  """A path that is vertical in every point."""
  path = f'M{points[0][0]:g} {points[0][1]:g}'
  for (x1, y1), (x2, y2) in itertools.pairwise(points):
    y = (y1 + y2) / 2
    path += f'C{x1:g} {y:g} {x2:g} {y:g} {x2:g} {y2:g}'
  return path


def _via(source: str, target: str) -> list[Point]:
  return [_point(*place) for place in VIA.get((source, target), [])]


def _arrow(source: str, target: str) -> str:
  (x1, y1), (x2, y2) = _centre(source), _centre(target)
  via = _via(source, target)
  points = [
    (_towards(source, (via or [(x2, y2)])[0][0]), y1 + BOX_HEIGHT / 2),
    *via,
    (_towards(target, (via or [(x1, y1)])[-1][0]), y2 - BOX_HEIGHT / 2 - 1),
  ]
  return (
    f'<path d="{_curve(points)}" fill="none" stroke="#7b8794" '
    'stroke-width="1.3" marker-end="url(#arrow)"/>'
  )


def _towards(name: str, x: float) -> float:
  """Where on its edge a box is left for, or reached from, ``x``."""
  centre = _centre(name)[0]
  if name in WIDE:
    half = _width(name) / 2 - 20
    return max(centre - half, min(centre + half, x))
  half = BOX_WIDTH / 2 - 14
  return centre + max(-half, min(half, 0.25 * (x - centre)))


def _width(name: str) -> float:
  return BOX_WIDTH + WIDE.get(name, 0) * COLUMN


def wrap(name: str, description: str) -> list[str]:
  """The lines of a description in its box."""
  return textwrap.wrap(description, int(_width(name) / 6.5))


def _walk_path(walk: Walk) -> str:
  rooms = [name for name, _ in walk.steps]
  points = [_centre(rooms[0])]
  for source, target in itertools.pairwise(rooms):
    points += [*_via(source, target), _centre(target)]
  return (
    f'<path d="{_curve(points)}" fill="none" stroke="{walk.colour}" '
    'stroke-width="7" stroke-opacity="0.45" stroke-linejoin="round"/>'
  )


def _text(x: float, y: float, text: str, style: str) -> str:
  return f'<text x="{x:g}" y="{y:g}" {style}>{html.escape(text)}</text>'


def _badge(x: float, y: float, number: int, colour: str) -> list[str]:
  style = 'font-size="12" font-weight="bold" fill="#fff" text-anchor="middle"'
  return [
    f'<circle cx="{x:g}" cy="{y:g}" r="10" fill="{colour}"/>',
    _text(x, y + 4.3, str(number), style),
  ]


def _box(name: str, description: str) -> list[str]:
  x, y = _centre(name)
  width = _width(name)
  left, top = x - width / 2, y - BOX_HEIGHT / 2
  stops = [
    (walk.colour, number)
    for walk in WALKS
    for number, (stop, _) in enumerate(walk.steps, 1)
    if stop == name
  ]
  stroke, thickness = (stops[0][0], 2) if stops else ('#52606d', 1)
  fill = '#eef1f4' if name in FOLDERS else '#fffdf5'
  lines = wrap(name, description)
  first = y - 6.5 * (len(lines) + 1) + 11
  style = 'font-size="11" fill="#3e4c59" text-anchor="middle"'
  bold = 'font-size="14" font-weight="bold" fill="#111" text-anchor="middle"'
  title = f'{name}/' if name in FOLDERS else name
  result = [
    f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{BOX_HEIGHT}" '
    f'rx="6" fill="{fill}" stroke="{stroke}" stroke-width="{thickness}"/>',
    _text(x, first, title, bold),
  ]
  for i, line in enumerate(lines, 1):
    result.append(_text(x, first + 2 + 13 * i, line, style))
  for i, (colour, number) in enumerate(stops):
    result += _badge(left + 2 + 24 * i, top + 2, number, colour)
  return result


def _legend(walk: Walk, x: float, y: float) -> list[str]:
  bold = f'font-size="14" font-weight="bold" fill="{walk.colour}"'
  result = [_text(x - 10, y, walk.title, bold)]
  for i, (name, what) in enumerate(walk.steps):
    column, row = divmod(i, 4)
    left, line = x + 310 * column, y + 24 + 25 * row
    result += _badge(left, line, i + 1, walk.colour)
    result.append(
      _text(left + 16, line + 4, f'{name}: {what}', 'font-size="12"')
    )
  return result


def draw() -> str:
  """The picture, as the text of an SVG file."""
  texts = FOLDERS | descriptions()
  graph = arrows()
  bottom = TOP + 9.3 * ROW + BOX_HEIGHT / 2 + 12
  frame = TOP + ROW / 2
  small = 'font-size="13" fill="#52606d"'
  parts = [
    HEAD,
    '<desc>',
    *(f'{name}: {", ".join(sorted(graph[name]))}' for name in graph),
    '</desc>',
    f'<rect x="4" y="{frame:g}" width="{WIDTH - 8}" '
    f'height="{bottom - frame:g}" rx="10" fill="#f6f3e8"/>',
    _text(14, frame + 20, 'zeroshot/', 'font-size="15" font-weight="bold"'),
    _text(
      14,
      24,
      'Grey arrows point to what is imported; those that follow from other '
      'arrows are left out. Coloured lines and numbers: the order of the '
      'steps below.',
      small,
    ),
  ]
  for source, targets in reduced(graph).items():
    parts += [_arrow(source, target) for target in sorted(targets)]
  parts += map(_walk_path, WALKS)
  for name in PLACES:
    parts += _box(name, texts[name])
  for walk, x in zip(WALKS, (30, 660), strict=True):
    parts += _legend(walk, x, bottom + 34)
  return '\n'.join([*parts, '</svg>', ''])


if __name__ == '__main__':
  PICTURE.write_text(draw())
