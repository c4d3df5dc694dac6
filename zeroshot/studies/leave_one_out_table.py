"""The table of groups left out: before transfer, after it, and the mean.

row = leave_one_out_table.build_row('group50600', record, record_before)
text = leave_one_out_table.to_markdown([row], weighted_mean([row]), caption=...)

A *side* is ``transferred`` or ``untrained``: weights that learned from the
other groups, or those that they started from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np

from zeroshot.report.markdown_table import markdown_table
from zeroshot.run_config import compatibility
from zeroshot.runtime import provenance
from zeroshot.studies import few_shot_table
from zeroshot.studies.ablation import table as ablation_table
from zeroshot.studies.runs import Record

SIDES = ('transferred', 'untrained')
MOVED = 'moved_official_6_ap'
HEADS = {**few_shot_table.HEADS, MOVED: 'official-6 AP, moved'}


def describe(
  config: ml_collections.ConfigDict, records: Sequence[Record]
) -> dict[str, Any]:
  """What the table is of.

  Args:
    config: the whole config.
    records: that there are.

  Returns:
    The head of ``leave_one_out.json``: ``settings``, ``commits``, ``hardware``,
    ``date`` and ``caption``.
  """
  settings, moved = config.leave_one_out, config.leave_one_out.moved
  commits = sorted({record['commit'] for record in records})
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
) -> dict[str, Any]:
  """A row of the table.

  Args:
    group: reported on.
    transferred: record of the weights that learned from the other groups, None
      where it is not finished.
    untrained: record of the weights that they started from; likewise.

  Returns:
    ``group``; ``num_pairs``, 0 where nothing is finished; and for each side its
    ``figures`` by name, None where it is not finished.
  """
  records = dict(zip(SIDES, (transferred, untrained), strict=True))
  counts = {record['num_pairs'] for record in records.values() if record}
  assert len(counts) < 2, (group, counts)
  return dict(
    group=group,
    num_pairs=max(counts, default=0),
    **{
      side: read_figures(record) if record else None
      for side, record in records.items()
    },
  )


def read_figures(record: Record) -> dict[str, float]:
  """The figures of a record, in the order of ``HEADS``; undefined is NaN."""
  views = {
    view: ablation_table.read_figures(metrics, few_shot_table.FIGURES)
    for view, metrics in record['metrics'].items()
  }
  return {**views['as_is'], MOVED: views['moved']['official_6_ap']}


def weighted_mean(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
  """The mean over groups, each weighted by its number of pictures.

  Args:
    rows: of ``build_row``.

  Returns:
    A row like them, without ``group`` but with ``num_groups``: of the groups
    that have both sides, so that these are compared on the same pictures. One
    undefined figure leaves its mean undefined.
  """
  done = [row for row in rows if all(row[side] for side in SIDES)]
  weights = [row['num_pairs'] for row in done]
  mean: dict[str, Any] = dict(num_groups=len(done), num_pairs=sum(weights))
  for side in SIDES:
    mean[side] = (
      {
        name: float(
          np.average([row[side][name] for row in done], weights=weights)
        )
        for name in HEADS
      }
      if done
      else None
    )
  return mean


def to_markdown(
  rows: Sequence[Mapping[str, Any]], mean: Mapping[str, Any], *, caption: str
) -> str:
  """The text of ``leave_one_out.md``.

  Args:
    rows: of ``build_row``.
    mean: of ``weighted_mean``.
    caption: a paragraph below the table.

  Returns:
    Title, table and caption.
  """
  head = ['group', 'pairs', *HEADS.values()]
  lines = [_cells(row['group'], row) for row in rows]
  finished = mean['num_groups']
  part = '' if finished == len(rows) else f' of {finished} of {len(rows)}'
  lines.append(_cells(f'mean{part}', mean))
  table = markdown_table(head, lines, num_left=1)
  return f'# Groups left out\n\n{table}\n\n{caption}\n'


def _cells(name: str, row: Mapping[str, Any]) -> list[str]:
  """A row's texts, in the order of the columns."""
  return [
    name,
    str(row['num_pairs'] or 'pending'),
    *(
      ' / '.join(_show(row[side], figure) for side in SIDES) for figure in HEADS
    ),
  ]


def _show(figures: Mapping[str, float] | None, name: str) -> str:
  if figures is None:
    return 'pending'
  return '-' if math.isnan(figures[name]) else f'{figures[name]:.4f}'
