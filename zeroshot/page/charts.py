"""Curves as SVG, coloured by the page's style sheet.

svg = charts.curve(recall, precision, x_label='recall', y_label='precision')

Every chart is 500 by 330 units, with axes from 0 to 1 where they are shares.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

_WIDTH, _HEIGHT = 500, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 14, 56


def curve(
  x: Sequence[float],
  y: Sequence[float],
  *,
  x_label: str,
  y_label: str,
  mark: tuple[float, float, str] | None = None,
) -> str:
  """A line through points of shares.

  Args:
    x: in [0, 1].
    y: in [0, 1], for each ``x``.
    x_label: under the chart.
    y_label: beside it.
    mark: a point with its text; None draws none.

  Returns:
    An ``<svg>`` element.
  """
  points = ' '.join(
    f'{_x(a):.1f},{_y(b):.1f}' for a, b in zip(x, y, strict=True)
  )
  parts = [
    _shares(x_label, y_label),
    f'<polyline class="line" points="{points}"/>',
  ]
  if mark is not None:
    at_x, at_y, text = mark
    parts.append(_dot(at_x, at_y, 'mark', 6))
    # Inside the chart, below the point and to its left.
    parts.append(
      _text(_x(at_x) - 10, _y(at_y) + 24, text, anchor='end', kind='label')
    )
  return _svg(f'{y_label} against {x_label}', parts)


def reliability(
  mean: Sequence[float | None],
  share: Sequence[float | None],
  low: Sequence[float | None],
  high: Sequence[float | None],
  count: Sequence[int],
) -> str:
  """How often boxes of each confidence are right, with 95 % intervals.

  Args:
    mean: confidence of each bin; None where it is empty.
    share: of its boxes that are right.
    low: lower end of the share's interval.
    high: upper end.
    count: boxes of each bin, drawn as bars from the bottom, the fullest a
      fifth of the height.

  Returns:
    An ``<svg>`` element.
  """
  parts = [_shares('mean confidence', 'share correct')]
  fullest = max([*count, 1])
  width = 1 / max(len(count), 1)
  for index, number in enumerate(count):
    bar = 0.2 * number / fullest
    parts.append(
      f'<rect class="bar" x="{_x(index * width) + 1:.1f}" y="{_y(bar):.1f}" '
      f'width="{_x(width) - _x(0) - 2:.1f}" height="{_y(0) - _y(bar):.1f}">'
      f'<title>{number} boxes</title></rect>'
    )
  parts.append(f'<path class="ideal" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>')
  for x, y, bottom, top in zip(mean, share, low, high, strict=True):
    if x is None or y is None or bottom is None or top is None:
      continue
    parts.append(
      f'<path class="range" d="M{_x(x):.1f} {_y(bottom):.1f}V{_y(top):.1f}"/>'
    )
    parts.append(_dot(x, y, 'dot', 4.5))
  return _svg('share correct against mean confidence', parts)


def steps(names: Sequence[str], y: Sequence[float | None], y_label: str) -> str:
  """A share at each of some steps, from left to right.

  Args:
    names: of the steps; a line break starts a second line.
    y: in [0, 1]; None is left out.
    y_label: beside the chart.

  Returns:
    An ``<svg>`` element.
  """
  parts = [_grid(y_label)]
  places = [(index + 0.5) / len(names) for index in range(len(names))]
  known = [(a, b) for a, b in zip(places, y, strict=True) if b is not None]
  line = ' '.join(f'{_x(a):.1f},{_y(b):.1f}' for a, b in known)
  parts.append(f'<polyline class="line" points="{line}"/>')
  for a, b in known:
    parts.append(_dot(a, b, 'dot', 4.5))
    under = b > 0.9
    parts.append(
      _text(_x(a), _y(b) + (22 if under else -12), f'{b:.3f}', kind='label')
    )
  for a, name in zip(places, names, strict=True):
    for row, word in enumerate(name.split('\n')):
      parts.append(_text(_x(a), _HEIGHT - _BOTTOM + 20 + 16 * row, word))
  return _svg(f'{y_label} at each step', parts)


def stacked(
  counts: Sequence[Sequence[int]], *, kinds: Sequence[str], y_label: str
) -> str:
  """Shares of some kinds in each bin, stacked from below.

  Args:
    counts: of each kind, for each bin, from left to right; none is empty.
    kinds: their names, which are classes of the style sheet.
    y_label: beside the chart.

  Returns:
    An ``<svg>`` element.
  """
  parts = [_grid(y_label)]
  width = 1 / len(counts)
  for index, bin_counts in enumerate(counts):
    total, below = sum(bin_counts), 0
    for kind, count in zip(kinds, bin_counts, strict=True):
      if count:
        low, high = _y(below / total), _y((below + count) / total)
        parts.append(
          f'<rect class="{kind}" x="{_x(index * width) + 1:.1f}" '
          f'y="{high:.1f}" width="{max(_x(width) - _x(0) - 2, 1):.1f}" '
          f'height="{low - high:.1f}"><title>{count} of {total}: '
          f'{html.escape(kind)}</title></rect>'
        )
      below += count
  return _svg(y_label, parts)


def _shares(x_label: str, y_label: str) -> str:
  """Axes of two shares."""
  parts = [_grid(y_label)]
  for tick in range(6):
    x = _x(tick / 5)
    parts.append(
      f'<path class="grid" d="M{x:.1f} {_y(0)}V{_y(1)}"/>'
      + _text(x, _HEIGHT - _BOTTOM + 18, f'{tick / 5:.1f}')
    )
  middle = _LEFT + (_WIDTH - _LEFT - _RIGHT) / 2
  parts.append(_text(middle, _HEIGHT - 10, x_label, kind='label'))
  return ''.join(parts)


def _grid(y_label: str) -> str:
  """The axis of a share, upwards."""
  parts = []
  for tick in range(6):
    y = _y(tick / 5)
    kind = 'grid' if tick else 'axis'
    parts.append(
      f'<path class="{kind}" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
      + _text(_LEFT - 8, y + 4, f'{tick / 5:.1f}', anchor='end')
    )
  middle = _TOP + (_HEIGHT - _TOP - _BOTTOM) / 2
  parts.append(
    '<text class="label" text-anchor="middle" '
    f'transform="translate(16 {middle}) rotate(-90)">{html.escape(y_label)}'
    '</text>'
  )
  return ''.join(parts)


def _x(share: float) -> float:
  return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
  return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def _dot(x: float, y: float, kind: str, radius: float) -> str:
  return (
    f'<circle class="{kind}" cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="{radius}">'
    f'<title>{x:.3f}, {y:.3f}</title></circle>'
  )


def _text(
  x: float, y: float, text: str, *, anchor: str = 'middle', kind: str = ''
) -> str:
  return (
    f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
    f'{html.escape(text)}</text>'
  )


def _svg(name: str, parts: Sequence[str]) -> str:
  return (
    f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
    f'aria-label="{html.escape(name)}">{"".join(parts)}</svg>'
  )
