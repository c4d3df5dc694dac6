"""The few-shot curve as figures, as Markdown and as points to draw.

row = few_shot_table.build_row(10, {0: record, 1: None, 2: record})
text = few_shot_table.to_markdown({'10': row}, caption=...)

A *summary* of a figure over the finished seeds is that of
``zeroshot/studies/ablation/table.py`` and ``interval_95``, by Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import ml_collections

from zeroshot.evaluate import intervals
from zeroshot.report.few_shot_curve import Point
from zeroshot.report.markdown_table import markdown_table
from zeroshot.run_config import compatibility
from zeroshot.runtime import provenance
from zeroshot.studies.ablation import table as ablation_table
from zeroshot.studies.runs import Record

# Where each figure stands in the metrics of a record.
FIGURES = {
  'official_6_ap': ('official-6', 'ap'),
  'official_ap': ('official', 'ap'),
  'ap_50': ('official', 'ap_50'),
  'ap_75': ('official', 'ap_75'),
  'kind_accuracy': ('official-6', 'kind_accuracy'),
}
HEADS = {
  'official_6_ap': 'official-6 AP',
  'official_ap': 'official AP',
  'ap_50': 'AP at IoU 0.5',
  'ap_75': 'AP at IoU 0.75',
  'kind_accuracy': 'kind accuracy',
}


def describe(
  config: ml_collections.ConfigDict, records: Sequence[Record]
) -> dict[str, Any]:
  """What the table is of.

  Args:
    config: the whole config.
    records: that there are.

  Returns:
    The head of ``few_shot.json``: ``settings``, ``num_reported_pairs``,
    ``commits``, ``hardware``, ``date`` and ``caption``.
  """
  settings = config.few_shot
  commits = sorted({record['commit'] for record in records})
  reported = records[0]['num_pairs'] if records else 0
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


def build_row(
  num_pairs: int, records: Mapping[int, Record | None]
) -> dict[str, Any]:
  """A row of the table.

  Args:
    num_pairs: learned from.
    records: for each planned seed its record, None where it is not finished.

  Returns:
    ``num_pairs``, ``num_planned`` seeds, the finished ``seeds``, and a summary
    of each of ``FIGURES``, whose ``values`` are in the order of these seeds.
  """
  found = {seed: record for seed, record in records.items() if record}
  figures = [
    ablation_table.read_figures(record['metrics']['as_is'], FIGURES)
    for record in found.values()
  ]
  row: dict[str, Any] = dict(
    num_pairs=num_pairs, num_planned=len(records), seeds=list(found)
  )
  for name in FIGURES:
    values = [one[name] for one in figures]
    row[name] = {
      **ablation_table.summarise(values),
      'interval_95': list(intervals.student_mean(values)),
    }
  return row


def to_markdown(rows: Mapping[str, Mapping[str, Any]], *, caption: str) -> str:
  """The text of ``few_shot.md``.

  Args:
    rows: of ``build_row``, by the labels of their sizes.
    caption: a paragraph below the table.

  Returns:
    Title, table and caption.
  """
  head = ['labelled pairs', 'seeds', *HEADS.values()]
  lines = []
  for label, row in rows.items():
    count, planned = len(row['seeds']), row['num_planned']
    same = label == str(row['num_pairs'])
    lines.append(
      [
        label if same else f'{label} ({row["num_pairs"]})',
        str(count) if count == planned else f'{count} of {planned}',
        *(show(row[name]) for name in FIGURES),
      ]
    )
  table = markdown_table(head, lines, num_left=0)
  return f'# Few-shot curve\n\n{table}\n\n{caption}\n'


def show(summary: Mapping[str, Any]) -> str:
  """A summary as ``mean [low, high]``; no interval of a single seed."""
  if not summary['values']:
    return 'pending'
  mean, (low, high) = summary['mean'], summary['interval_95']
  if math.isnan(mean):
    return '-'
  interval = '' if math.isnan(low) else f' [{low:.4f}, {high:.4f}]'
  return f'{mean:.4f}{interval}'


def to_points(rows: Mapping[str, Mapping[str, Any]]) -> list[Point]:
  """What is drawn: official-6 AP of the sizes that have any finished seed."""
  return [
    Point(
      row['num_pairs'],
      row['official_6_ap']['mean'],
      *row['official_6_ap']['interval_95'],
    )
    for row in rows.values()
    if not math.isnan(row['official_6_ap']['mean'])
  ]
