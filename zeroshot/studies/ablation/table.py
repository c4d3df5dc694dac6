"""The table of an ablation, as JSON and as Markdown.

row = table.build_row(name, about=..., seeds=(0, 1), commands=..., results=...)
text = table.to_markdown([row, ...], columns=..., title=..., caption=...)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypedDict

from zeroshot.report.markdown_table import markdown_table
from zeroshot.studies import summary
from zeroshot.studies.ablation.records import Result
from zeroshot.studies.summary import Summary

# Protocol and key of each metric in ``metrics.json``.
METRICS = {
  'ap': ('official', 'ap'),
  'ap_50': ('official', 'ap_50'),
  'ap_75': ('official', 'ap_75'),
  'precision': ('official', 'precision'),
  'recall': ('official', 'recall'),
  'official_6_ap': ('official-6', 'ap'),
  'shrunk_ap': ('shrunk', 'ap'),
  'as_published_ap': ('as-published', 'ap'),
  'synthetic_pixel_ap': ('synthetic', 'pixel_ap'),
}
_TITLES = {
  'ap_50': 'AP at IoU 0.50',
  'ap_75': 'AP at IoU 0.75',
  'official_6_ap': 'official-6 AP',
  'shrunk_ap': 'shrunk AP',
  'as_published_ap': 'as-published AP',
  'synthetic_pixel_ap': 'synthetic pixel AP',
}


class FailureEntry(TypedDict):
  """A failed evaluation in ``table.json``."""

  seed: int
  view: str
  message: str
  log: str


class TableRow(TypedDict):
  """A row of ``table.json``.

  Attributes:
    name: of the row.
    about: what it asks.
    status: ``'failed'`` if any evaluation did, ``'done'`` if all have results,
      else ``'pending'``.
    seeds: all that it is to have.
    num_finished: seeds that have results under every view.
    views: for each view the summary of each metric over finished seeds.
    train_minutes: mean of its finished trainings.
    commands: of its first seed and view: ``train`` and ``evaluate``.
    commits: that its metrics come from.
    failures: its failed evaluations.
  """

  name: str
  about: str
  status: Literal['failed', 'done', 'pending']
  seeds: list[int]
  num_finished: int
  views: dict[str, dict[str, Summary]]
  train_minutes: float
  commands: dict[str, str]
  commits: list[str]
  failures: list[FailureEntry]


def build_row(
  name: str,
  *,
  about: str,
  seeds: Sequence[int],
  commands: Mapping[str, str],
  results: Mapping[str, Mapping[int, Result]],
  failures: Sequence[FailureEntry] = (),
) -> TableRow:
  """Builds a row of ``table.json``.

  Args:
    name: of the row.
    about: what it asks.
    seeds: all that it is to have.
    commands: ``train`` and ``evaluate``, as typed.
    results: for each view, in order, the results of the finished seeds.
    failures: its failed evaluations.

  Returns:
    The row.
  """
  finished = min(map(len, results.values()))
  minutes: dict[int, float] = {}
  commits: set[str] = set()
  views = {}
  for view, by_seed in results.items():
    for seed, result in by_seed.items():
      commits.update(result.commits)
      if result.minutes is not None:
        minutes[seed] = result.minutes
    views[view] = _summarise_view(list(by_seed.values()))
  done: Literal['done', 'pending'] = (
    'done' if finished == len(seeds) else 'pending'
  )
  return TableRow(
    name=name,
    about=about,
    status='failed' if failures else done,
    seeds=list(seeds),
    num_finished=finished,
    views=views,
    train_minutes=summary.summarise(list(minutes.values()))['mean'],
    commands=dict(commands),
    commits=sorted(commits),
    failures=list(failures),
  )


def _summarise_view(results: Sequence[Result]) -> dict[str, Summary]:
  """Each metric over the finished seeds of a view."""
  metrics = [
    summary.read_metrics(result.metrics, METRICS) for result in results
  ]
  return {
    key: summary.summarise([values[key] for values in metrics])
    for key in METRICS
  }


class Column(NamedTuple):
  """A metric under a view, as the table and its picture show it."""

  title: str
  view: str
  metric: str


def columns_of(views: Sequence[str], metrics: Sequence[str]) -> list[Column]:
  """The AP under each view, then other metrics under the first.

  Args:
    views: names, at least one.
    metrics: of ``METRICS``, in order.

  Raises:
    ValueError: there is no such metric, or it is there twice.
  """
  known = sorted(METRICS.keys() - {'ap'})
  for metric in metrics:
    if metric not in known:
      raise ValueError(
        f'columns: there is no {metric}; the metrics are {", ".join(known)}'
      )
    if list(metrics).count(metric) > 1:
      raise ValueError(f'columns: {metric} is there twice; name it once')
  return [Column(f'AP {view}', view, 'ap') for view in views] + [
    Column(_TITLES.get(metric, metric), views[0], metric) for metric in metrics
  ]


def to_markdown(
  rows: Sequence[TableRow],
  *,
  columns: Sequence[Column],
  title: str,
  caption: str,
) -> str:
  """The text of ``table.md``.

  Args:
    rows: at least one, all with the same views.
    columns: to show, see ``columns_of``.
    title: a line above the table.
    caption: a paragraph below it.

  Returns:
    Title, table, caption and the list of what failed.
  """
  titles = [column.title for column in columns]
  head = ['row', 'what it asks', 'seeds', *titles, 'minutes']
  cells = [_format_row(row, columns) for row in rows]
  parts = [f'# {title}', markdown_table(head, cells, num_left=len(head))]
  parts.append(caption)
  failures = [
    f'- {row["name"]}, seed {failure["seed"]}, {failure["view"]}: '
    f'{failure["message"]} (log: {failure["log"]})'
    for row in rows
    for failure in row['failures']
  ]
  if failures:
    parts.append('Failed:\n\n' + '\n'.join(failures))
  return '\n\n'.join(parts) + '\n'


def _format_row(row: TableRow, columns: Sequence[Column]) -> list[str]:
  """The cells of a row, in the order of the columns."""
  total, finished = len(row['seeds']), row['num_finished']
  minutes = row['train_minutes']
  return [
    f'`{row["name"]}`',
    row['about'],
    str(total) if finished == total else f'{finished} of {total}',
    *(
      _format(
        row['views'][view][metric],
        missing=row['status'] if metric == 'ap' else '-',
      )
      for _, view, metric in columns
    ),
    '-' if math.isnan(minutes) else f'{minutes:.1f}',
  ]


def _format(metric: Summary, *, missing: str = '-') -> str:
  """``mean ± std``; no ``± std`` of one seed, ``'-'`` for NaN."""
  if not metric['values']:
    return missing
  if math.isnan(metric['mean']):
    return '-'
  text, std = f'{metric["mean"]:.4f}', metric['std']
  return text if math.isnan(std) else f'{text} ± {std:.4f}'
