"""Writes the table of an ablation from what is on disk.

header = report.describe(config, plan, path='configs/ablations.py')
report.write(plan, workdir=workdir, header=header)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ml_collections

from zeroshot.data import pictures
from zeroshot.report import row_plot
from zeroshot.runtime import atomic_files, locks, provenance
from zeroshot.studies.ablation import child, records, table
from zeroshot.studies.ablation.plan import Plan, Row
from zeroshot.studies.ablation.records import Result
from zeroshot.studies.ablation.table import Column, FailureEntry, TableRow
from zeroshot.types import JsonObject


def describe(
  config: ml_collections.ConfigDict, plan: Plan, *, path: str
) -> JsonObject:
  """Describes what the table shows.

  Args:
    config: of the ablation.
    plan: made from it.
    path: of its file.

  Returns:
    The head of ``table.json``: ``config``, ``settings``, ``num_pairs``,
    ``commit``, ``dirty``, ``hardware`` and the ``caption``.

  Raises:
    ValueError: ``columns`` names what is no metric.
  """
  table.columns_of(list(plan.views), config.columns)
  settings = config.to_dict()
  del settings['rows']
  machine = provenance.hardware()
  return {
    'config': path,
    'settings': settings,
    'num_pairs': plan.num_pairs,
    **provenance.commit(),
    'hardware': machine,
    'caption': _caption(config, plan)
    + f' Machine: {machine["processor"]}, {machine["cores"]} cores'
    + ''.join(f', {card}' for card in machine['graphics_cards'])
    + '.',
  }


def write(plan: Plan, *, workdir: Path, header: JsonObject) -> None:
  """Writes ``table.json``, ``table.md`` and ``table.png``.

  One process at a time reads results and writes, so that no older table
  replaces a newer one.

  Args:
    plan: all rows.
    workdir: folder of the ablation.
    header: of ``describe``.
  """
  with locks.hold(workdir / 'table.lock', wait=True):
    rows = [_build_row(row, plan) for row in plan.rows]
    signed = provenance.sign(
      header['caption'],
      sorted({commit for row in rows for commit in row['commits']}),
      otherwise=provenance.label(header),
    )
    content = dict(header, date=signed['date'], rows=rows)
    atomic_files.write_json(workdir / 'table.json', content)
    columns = table.columns_of(list(plan.views), header['settings']['columns'])
    text = table.to_markdown(
      rows,
      columns=columns,
      title=f'Ablations: {header["config"]}',
      caption=signed['caption'],
    )
    atomic_files.write_text(workdir / 'table.md', text)
    _draw(rows, columns, workdir / 'table.png')


def _draw(
  rows: Sequence[TableRow], columns: Sequence[Column], path: Path
) -> None:
  """The same figures as a picture."""
  series = {
    title: [row['views'][view][metric] for row in rows]
    for title, view, metric in columns
  }
  pictures.write_picture(
    path, row_plot.row_plot([row['name'] for row in rows], series)
  )


def _caption(config: ml_collections.ConfigDict, plan: Plan) -> str:
  """How the metrics were computed."""
  training, evaluation = plan.base['train'], plan.base['eval']
  views = (
    f'{name}: {", ".join(lines) or "as they are"}'
    for name, lines in plan.views.items()
  )
  synthetic = (
    f' Synthetic pixel AP: {evaluation["synthetic_pairs"]} pairs made as those '
    'of the base config are, whatever the row was trained on.'
    if 'synthetic_pixel_ap' in config.columns
    else ''
  )
  return (
    f'Each training: {training["steps"]} steps of {training["batch_size"]} '
    'pairs, unless a row says otherwise. Each evaluation: '
    f'{plan.num_pairs} real pairs, list {config.split}, '
    f'{config.groups.replace(",", ", ") or "all groups"}, one in '
    f'{config.every}; {"; ".join(views)}. AP is the official one, IoU > '
    f'{evaluation["iou_threshold"]}; ± is the standard deviation over seeds.'
    f'{synthetic} Minutes: wall time of a training, with compilation where no '
    'cache held it.'
  )


def _build_row(row: Row, plan: Plan) -> TableRow:
  """A row of the table, of the results on disk."""
  results: dict[str, dict[int, Result]] = {view: {} for view in plan.views}
  failures = []
  for evaluation in row.evaluations:
    seed, view = evaluation.seed, evaluation.view
    if result := records.find_result(evaluation):
      results[view][seed] = result
    elif fault := records.explain_missing(evaluation):
      message, log = fault.message, str(fault.log)
      failures.append(
        FailureEntry(seed=seed, view=view, message=message, log=log)
      )
  first = row.evaluations[0]
  commands = {'train': first.training.command} if first.training else {}
  commands['evaluate'] = first.command
  return table.build_row(
    row.name,
    about=row.about,
    seeds=row.seeds,
    commands={
      name: child.format_command(words) for name, words in commands.items()
    },
    results=results,
    failures=failures,
  )
