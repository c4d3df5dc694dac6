"""The table of groups left out: before transfer, after it, and the mean.

row = leave_one_out_table.build_row('group50600', record, record_before)
text = leave_one_out_table.to_markdown([row], weighted_mean([row]), caption=...)

A *side* is ``transferred`` or ``untrained``: weights trained on the other
groups, or the weights before that training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ml_collections
import numpy as np

from zeroshot.report.markdown_table import markdown_table
from zeroshot.run_config import compatibility
from zeroshot.runtime import provenance
from zeroshot.studies import few_shot_table, summary
from zeroshot.studies.runs import Record
from zeroshot.types import JsonObject

MOVED = 'moved_official_6_ap'
TITLES = {**few_shot_table.TITLES, MOVED: 'official-6 AP, moved'}


class GroupRow(NamedTuple):
  """A group in the table.

  Attributes:
    group: its name.
    num_pairs: reported on; 0 where nothing is finished.
    transferred: metrics by name; None where they are not finished.
    untrained: likewise.
  """

  group: str
  num_pairs: int
  transferred: dict[str, float] | None
  untrained: dict[str, float] | None


class MeanRow(NamedTuple):
  """The mean over groups.

  Attributes:
    num_groups: that have both sides.
    num_pairs: of these groups.
    transferred: metrics by name; None where there is no such group.
    untrained: likewise.
  """

  num_groups: int
  num_pairs: int
  transferred: dict[str, float] | None
  untrained: dict[str, float] | None


def describe(
  config: ml_collections.ConfigDict, records: Sequence[Record]
) -> JsonObject:
  """Describes what the table shows.

  Args:
    config: the whole config.
    records: of the finished runs.

  Returns:
    The head of ``leave_one_out.json``: ``settings``, ``commits``, ``hardware``,
    ``date`` and ``caption``.
  """
  settings, moved = config.leave_one_out, config.leave_one_out.moved
  commits = sorted({record.commit for record in records})
  weights = config.train.init_weights
  stop = (
    f'{settings.stop_group} ({settings.stop_group_else or "nothing"} where the '
    'former is reported on) of them decided when to stop'
    if settings.stop_group
    else f'each training took {config.train.steps} steps'
  )
  caption = (
    f'Each cell: after transfer from `{weights}` to all other groups / '
    f'`{weights}` as it is, on the same pairs, one in {settings.every} of the '
    f'group; {stop}. Official AP counts one class, '
    f'official-6 the kinds, at IoU > {config.eval.iou_threshold}; AP at other '
    f'IoUs is of one class. Moved: references turned by {moved.rotation_deg} '
    f'degrees, scaled by {moved.scale} and shifted by {moved.shift_px} px. The '
    'mean is weighted by pictures.'
  )
  return dict(
    settings=compatibility.plain_config(config),
    commits=commits,
    hardware=provenance.hardware(),
    **provenance.sign(caption, commits, otherwise='none yet'),
  )


def build_row(
  group: str, transferred: Record | None, untrained: Record | None
) -> GroupRow:
  """Builds a row of the table.

  Args:
    group: reported on.
    transferred: record of the weights trained on the other groups, None where
      it is not finished.
    untrained: record of the weights before that training; likewise.

  Returns:
    The row.
  """
  records = [record for record in (transferred, untrained) if record]
  counts = {record.num_pairs for record in records}
  assert len(counts) < 2, (group, counts)
  return GroupRow(
    group,
    max(counts, default=0),
    transferred and read_metrics(transferred),
    untrained and read_metrics(untrained),
  )


def read_metrics(record: Record) -> dict[str, float]:
  """The metrics of a record, in the order of ``TITLES``; undefined is NaN."""
  views = {
    view: summary.read_metrics(metrics, few_shot_table.METRICS)
    for view, metrics in record.metrics.items()
  }
  return {**views['as_is'], MOVED: views['moved']['official_6_ap']}


def weighted_mean(rows: Sequence[GroupRow]) -> MeanRow:
  """The mean over groups, each weighted by its number of pictures.

  Args:
    rows: of ``build_row``.

  Returns:
    The mean over the groups that have both sides, so that these are compared on
    the same pictures. One undefined metric leaves its mean undefined.
  """
  done = [row for row in rows if row.transferred and row.untrained]
  weights = [row.num_pairs for row in done]
  return MeanRow(
    len(done),
    sum(weights),
    _average([row.transferred for row in done if row.transferred], weights),
    _average([row.untrained for row in done if row.untrained], weights),
  )


def _average(
  metrics: Sequence[Mapping[str, float]], weights: Sequence[int]
) -> dict[str, float] | None:
  """The weighted mean of each metric; None of nothing."""
  if not metrics:
    return None
  return {
    name: float(np.average([one[name] for one in metrics], weights=weights))
    for name in TITLES
  }


def to_markdown(
  rows: Sequence[GroupRow], mean: MeanRow, *, caption: str
) -> str:
  """The text of ``leave_one_out.md``.

  Args:
    rows: of ``build_row``.
    mean: of ``weighted_mean``.
    caption: a paragraph below the table.

  Returns:
    Title, table and caption.
  """
  finished = mean.num_groups
  part = '' if finished == len(rows) else f' of {finished} of {len(rows)}'
  cells = [_format_row(row.group, row) for row in rows]
  cells.append(_format_row(f'mean{part}', mean))
  head = ['group', 'pairs', *TITLES.values()]
  table = markdown_table(head, cells, num_left=1)
  return f'# Groups left out\n\n{table}\n\n{caption}\n'


def _format_row(name: str, row: GroupRow | MeanRow) -> list[str]:
  """The cells of a row, in the order of the columns."""
  sides = (row.transferred, row.untrained)
  return [
    name,
    str(row.num_pairs or 'pending'),
    *(' / '.join(_format(side, metric) for side in sides) for metric in TITLES),
  ]


def _format(metrics: Mapping[str, float] | None, name: str) -> str:
  if metrics is None:
    return 'pending'
  return '-' if math.isnan(metrics[name]) else f'{metrics[name]:.4f}'
