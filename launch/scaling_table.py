"""The figures of ``launch.scaling`` as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from launch.weak_scaling import LINKS


def to_markdown(figures: Mapping[str, Any]) -> str:
  """Every table, one after another.

  Args:
    figures: of ``launch.scaling.measure``.

  Returns:
    Markdown, ending in a newline.
  """
  tables = [_step(figures), _sent(figures), _memory(figures), _links()]
  for prediction in figures['weak_scaling']:
    tables.append(
      f'T(1) = {prediction["step_seconds"]:g} s:\n\n'
      + _weak_scaling(prediction['rows'])
    )
  return '\n\n'.join(tables) + '\n'


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
  """One table."""
  lines = [head, ['---'] * len(head), *rows]
  return '\n'.join('| ' + ' | '.join(map(str, line)) + ' |' for line in lines)


def _step(figures: Mapping[str, Any]) -> str:
  """What a step is, and what fits."""
  arithmetic, largest = figures['arithmetic'], figures['largest']
  total = sum(
    kind['bytes'] for kind in figures['communication']['kinds'].values()
  )
  room = f'{largest["memory_bytes"] / 1e9:g} GB'
  rows = [
    ('parameters', f'{figures["parameters"]:,}'),
    ('pairs per device and step', figures['pairs_per_device']),
    ('side of the pictures, px', figures['size_px']),
    ('bytes given to others per device and step', f'{total:,}'),
    ('GFLOP per pair', f'{arithmetic["gigaflop_per_pair"]:.3f}'),
    ('of which synthesis', f'{arithmetic["synthesis_share"]:.0%}'),
    (f'most pairs per device in {room}', f'{largest["batch_per_device"]:,}'),
    (
      f'largest picture to train on in {room}, one pair',
      f'{largest["training_size_px"]:,} px',
    ),
    (
      f'largest picture to score at once in {room}',
      f'{largest["scoring_size_px"]:,} px',
    ),
  ]
  return _table(('figure', 'value'), rows)


def _sent(figures: Mapping[str, Any]) -> str:
  """What devices exchange, by kind."""
  rows = [
    (
      kind,
      some['count'],
      some['arrays'],
      f'{some["bytes"]:,}',
      f'{some["largest_bytes"]:,}',
    )
    for kind, some in figures['communication']['kinds'].items()
  ]
  return _table(
    ('collective', 'a step', 'arrays', 'bytes', 'bytes of the largest'), rows
  )


def _memory(figures: Mapping[str, Any]) -> str:
  """What programs hold, and the line through it."""
  rows = []
  for what in ('training', 'scoring'):
    memory = figures[f'{what}_memory']
    model = memory['model']
    line = (
      f'{model["fixed"] / 1e6:.1f} MB + {model["per_pixel"]:,.0f} B a pixel, '
      f'off by {model["worst_error"]:.1%} at most'
    )
    for point in memory['points']:
      rows.append(
        (
          what,
          point['pairs'],
          point['size_px'],
          f'{point["bytes"] / 1e6:.1f}',
          line,
        )
      )
  return _table(('program', 'pairs', 'side, px', 'MB', 'line'), rows)


def _links() -> str:
  """The links that are priced."""
  rows = [
    (
      link.name,
      f'{link.bytes_per_second / 1e9:g}',
      f'{link.latency_s * 1e6:g}',
      link.source,
    )
    for link in LINKS
  ]
  return _table(('link', 'GB/s', 'latency, µs (assumed)', 'source'), rows)


def _weak_scaling(rows: Sequence[Mapping[str, Any]]) -> str:
  """Communication and efficiency of each link and number of devices."""
  return _table(
    ('link', 'devices', 'ring, ms', 'efficiency', 'tree, ms', 'efficiency'),
    [
      (
        row['link'],
        row['devices'],
        *(
          cell
          for way in ('ring', 'tree')
          for cell in (
            f'{1e3 * row[way]["communication_seconds"]:.3g}',
            f'{row[way]["efficiency"]:.1%}',
          )
        ),
      )
      for row in rows
    ],
  )
