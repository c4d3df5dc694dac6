"""The few-shot curve as JSON, as Markdown and as points to draw.

row = few_shot_table.build_row(10, {0: record, 1: None, 2: record})
text = few_shot_table.to_markdown({'10': row}, caption=...)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ml_collections

from zeroshot.evaluate import intervals
from zeroshot.report.few_shot_curve import Point
from zeroshot.report.markdown_table import markdown_table
from zeroshot.run_config import compatibility
from zeroshot.runtime import provenance
from zeroshot.studies import summary
from zeroshot.studies.runs import Record
from zeroshot.studies.summary import Summary
from zeroshot.types import JsonObject

# Protocol and key of each metric in a record.
METRICS = {
  'official_6_ap': ('official-6', 'ap'),
  'official_ap': ('official', 'ap'),
  'ap_50': ('official', 'ap_50'),
  'ap_75': ('official', 'ap_75'),
  'kind_accuracy': ('official-6', 'kind_accuracy'),
}
TITLES = {
  'official_6_ap': 'official-6 AP',
  'official_ap': 'official AP',
  'ap_50': 'AP at IoU 0.5',
  'ap_75': 'AP at IoU 0.75',
  'kind_accuracy': 'kind accuracy',
}


class Interval(Summary):
  """A summary with ``interval_95``, low and high by Student's t."""

  interval_95: list[float]


class Row(NamedTuple):
  """A row of the table.

  Attributes:
    num_pairs: learned from.
    num_planned: seeds that it is to have.
    seeds: that are finished.
    metrics: of each of ``METRICS`` the summary, in the order of ``seeds``.
  """

  num_pairs: int
  num_planned: int
  seeds: list[int]
  metrics: dict[str, Interval]

  def to_json(self) -> JsonObject:
    """The row as ``few_shot.json`` holds it."""
    return dict(
      num_pairs=self.num_pairs,
      num_planned=self.num_planned,
      seeds=self.seeds,
      **self.metrics,
    )


def describe(
  config: ml_collections.ConfigDict, records: Sequence[Record]
) -> JsonObject:
  """Describes what the table shows.

  Args:
    config: the whole config.
    records: of the finished runs.

  Returns:
    The head of ``few_shot.json``: ``settings``, ``num_reported_pairs``,
    ``commits``, ``hardware``, ``date`` and ``caption``.
  """
  settings = config.few_shot
  commits = sorted({record.commit for record in records})
  reported = records[0].num_pairs if records else 0
  caption = (
    f'Reported on {reported or "no"} labelled pairs of '
    f'{settings.held_out.replace(",", ", ")}, one in {settings.every}, which '
    f'no training saw. Each training: '
    f'{settings.steps or config.train.steps} steps from '
    f'`{config.train.init_weights}`; 0 pairs: these weights as they are. Mean '
    "over seeds and its 95 % interval by Student's t. Official AP counts one "
    f'class, official-6 the kinds, at IoU > {config.eval.iou_threshold}; AP at '
    'other IoUs is of one class.'
  )
  return dict(
    settings=compatibility.plain_config(config),
    num_reported_pairs=reported,
    commits=commits,
    hardware=provenance.hardware(),
    **provenance.sign(caption, commits, otherwise='none yet'),
  )


def build_row(num_pairs: int, records: Mapping[int, Record | None]) -> Row:
  """Builds a row of the table.

  Args:
    num_pairs: learned from.
    records: for each planned seed its record, None where it is not finished.

  Returns:
    The row.
  """
  finished = {seed: record for seed, record in records.items() if record}
  metrics = [
    summary.read_metrics(record.metrics['as_is'], METRICS)
    for record in finished.values()
  ]
  intervals_by_name = {}
  for name in METRICS:
    values = [one[name] for one in metrics]
    intervals_by_name[name] = Interval(
      **summary.summarise(values),
      interval_95=list(intervals.student_mean(values)),
    )
  return Row(num_pairs, len(records), list(finished), intervals_by_name)


def to_markdown(rows: Mapping[str, Row], *, caption: str) -> str:
  """The text of ``few_shot.md``.

  Args:
    rows: of ``build_row``, by the labels of their sizes.
    caption: a paragraph below the table.

  Returns:
    Title, table and caption.
  """
  head = ['labelled pairs', 'seeds', *TITLES.values()]
  cells = [
    [
      label if label == str(row.num_pairs) else f'{label} ({row.num_pairs})',
      str(row.num_planned)
      if len(row.seeds) == row.num_planned
      else f'{len(row.seeds)} of {row.num_planned}',
      *map(_format, row.metrics.values()),
    ]
    for label, row in rows.items()
  ]
  table = markdown_table(head, cells, num_left=0)
  return f'# Few-shot curve\n\n{table}\n\n{caption}\n'


def to_points(rows: Mapping[str, Row]) -> list[Point]:
  """The points to draw: official-6 AP of the sizes with a finished seed."""
  aps = [(row.num_pairs, row.metrics['official_6_ap']) for row in rows.values()]
  return [
    Point(num_pairs, ap['mean'], *ap['interval_95'])
    for num_pairs, ap in aps
    if not math.isnan(ap['mean'])
  ]


def _format(metric: Interval) -> str:
  """``mean [low, high]``; no interval of a single seed."""
  if not metric['values']:
    return 'pending'
  mean, (low, high) = metric['mean'], metric['interval_95']
  if math.isnan(mean):
    return '-'
  interval = '' if math.isnan(low) else f' [{low:.4f}, {high:.4f}]'
  return f'{mean:.4f}{interval}'
