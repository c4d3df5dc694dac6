"""The table of an ablation: figures of evaluations, as JSON and as Markdown.

row = ablation_table.build_row(name, about=..., seeds=(0, 1), results=..., ...)
text = ablation_table.to_markdown([row, ...], title=..., caption=...)

A *summary* of a figure over the finished seeds is ``mean``, ``std`` (by n - 1),
``min``, ``max`` and ``values``. Undefined is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zeroshot.report.markdown_table import markdown_table

# Where each figure stands in the metrics of an evaluation.
FIGURES = {
  'ap': ('official', 'ap'),
  'ap_50': ('official', 'ap_50'),
  'ap_75': ('official', 'ap_75'),
  'precision': ('official', 'precision'),
  'recall': ('official', 'recall'),
  'shrunk_ap': ('shrunk', 'ap'),
  'synthetic_pixel_ap': ('synthetic', 'pixel_ap'),
}
_NAN = math.nan


def read_figures(
  metrics: Mapping[str, Any],
  places: Mapping[str, tuple[str, str]] = FIGURES,
) -> dict[str, float]:
  """The figures of one evaluation.

  Args:
    metrics: the content of ``metrics.json``.
    places: where each figure stands in it: protocol and key.

  Returns:
    A value for each of ``places``; NaN for what was not measured or is
    undefined.
  """
  found = {}
  for name, (protocol, figure) in places.items():
    value = metrics.get(protocol, {}).get(figure)
    found[name] = _NAN if value is None else float(value)
  return found


def summarise(values: Sequence[float]) -> dict[str, Any]:
  """The summary of some values; one NaN among them makes it NaN."""
  if not values:
    return dict(mean=_NAN, std=_NAN, min=_NAN, max=_NAN, values=[])
  return dict(
    mean=float(np.mean(values)),
    std=float(np.std(values, ddof=1)) if len(values) > 1 else _NAN,
    min=float(np.min(values)),
    max=float(np.max(values)),
    values=list(values),
  )


def build_row(
  name: str,
  *,
  about: str,
  seeds: Sequence[int],
  commands: Mapping[str, str],
  results: Mapping[str, Sequence[Mapping[str, Any]]],
  failures: Sequence[Mapping[str, Any]] = (),
  train_minutes: Sequence[float] = (),
  commits: Sequence[str] = (),
) -> dict[str, Any]:
  """A row of ``table.json``.

  Args:
    name: of the row.
    about: what it asks.
    seeds: all that it is to have.
    commands: of its first seed and view: ``train`` and ``evaluate``.
    results: for each view, in order, the metrics of the finished seeds.
    failures: what went wrong, each with ``seed``, ``view``, ``message`` and
      ``log``.
    train_minutes: of its finished trainings.
    commits: that its figures come from.

  Returns:
    The same, with a summary of each figure under each view, the mean of the
    minutes, ``num_finished`` seeds and a ``status``: ``'failed'`` where
    anything did, ``'done'`` where all is there, else ``'pending'``.
  """
  finished = min(len(found) for found in results.values())
  done = 'done' if finished == len(seeds) else 'pending'
  views = {}
  for view, found in results.items():
    figures = [read_figures(metrics) for metrics in found]
    views[view] = {
      figure: summarise([values[figure] for values in figures])
      for figure in FIGURES
    }
  return dict(
    name=name,
    about=about,
    status='failed' if failures else done,
    seeds=list(seeds),
    num_finished=finished,
    views=views,
    train_minutes=summarise(train_minutes)['mean'],
    commands=dict(commands),
    commits=sorted(set(commits)),
    failures=[dict(failure) for failure in failures],
  )


def to_markdown(
  rows: Sequence[Mapping[str, Any]], *, title: str, caption: str
) -> str:
  """The text of ``table.md``.

  AP stands under each view; the other figures under the first one.

  Args:
    rows: of ``build_row``, at least one, all with the same views.
    title: a line above the table.
    caption: a paragraph below it.

  Returns:
    Title, table, caption and the list of what failed.
  """
  views = list(rows[0]['views'])
  head = ['row', 'what it asks', 'seeds', *(f'AP {view}' for view in views)]
  head += ['AP at IoU 0.75', 'synthetic pixel AP', 'minutes']
  cells = [_cells(row, views) for row in rows]
  table = markdown_table(head, cells, num_left=len(head))
  failures = [
    f'- {row["name"]}, seed {failure["seed"]}, {failure["view"]}: '
    f'{failure["message"]} (log: {failure["log"]})'
    for row in rows
    for failure in row['failures']
  ]
  parts = [f'# {title}', table, caption]
  if failures:
    parts.append('Failed:\n\n' + '\n'.join(failures))
  return '\n\n'.join(parts) + '\n'


def _cells(row: Mapping[str, Any], views: Sequence[str]) -> list[str]:
  """A row's texts, in the order of the columns."""
  total, finished = len(row['seeds']), row['num_finished']
  first = row['views'][views[0]]
  minutes = row['train_minutes']
  return [
    f'`{row["name"]}`',
    row['about'],
    str(total) if finished == total else f'{finished} of {total}',
    *(show(row['views'][view]['ap'], missing=row['status']) for view in views),
    show(first['ap_75']),
    show(first['synthetic_pixel_ap']),
    '-' if math.isnan(minutes) else f'{minutes:.1f}',
  ]


def show(summary: Mapping[str, Any], *, missing: str = '-') -> str:
  """A summary as ``mean ± std``.

  Args:
    summary: see ``summarise``.
    missing: stands for no value at all.

  Returns:
    Four places; no ``± std`` of a single seed; ``'-'`` for NaN.
  """
  if not summary['values']:
    return missing
  if math.isnan(summary['mean']):
    return '-'
  text = f'{summary["mean"]:.4f}'
  return (
    text if math.isnan(summary['std']) else f'{text} ± {summary["std"]:.4f}'
  )
