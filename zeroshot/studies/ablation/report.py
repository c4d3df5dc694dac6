"""Writes the table of an ablation from what is on disk.

header = ablation_report.describe(config, plan, path='configs/ablations.py')
ablation_report.write(plan, workdir=workdir, header=header)
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import ml_collections

from zeroshot.runtime import atomic_files, locks, provenance
from zeroshot.studies.ablation import records, table
from zeroshot.studies.ablation.plan import Evaluation, Plan, Row
from zeroshot.studies.ablation.records import Fault


class Failure(NamedTuple):
  """An evaluation that could not be had."""

  evaluation: Evaluation
  fault: Fault


def tell(failure: Failure) -> str:
  """A failure in one line."""
  evaluation, fault = failure
  return f'{name(evaluation)}: {fault.message} (log: {fault.log})'


def name(evaluation: Evaluation) -> str:
  """Row, seed and view."""
  return f'{evaluation.row}, seed {evaluation.seed}, {evaluation.view}'


def as_typed(words: Sequence[str]) -> str:
  """A module and its flags as one types them."""
  return f'python -m {shlex.join(words)}'


def describe(
  config: ml_collections.ConfigDict, plan: Plan, *, path: str
) -> dict[str, Any]:
  """What the table is of.

  Args:
    config: of the ablation.
    plan: made from it.
    path: of its file.

  Returns:
    The head of ``table.json``: ``config``, ``settings``, ``num_pairs``,
    ``commit``, ``dirty``, ``hardware`` and the ``caption``.
  """
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


def write(plan: Plan, *, workdir: Path, header: Mapping[str, Any]) -> None:
  """Writes ``table.json`` and ``table.md``.

  One process at a time looks and writes, lest what one saw earlier replace what
  another saw later.

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
    text = table.to_markdown(
      rows,
      title=f'Ablations: {header["config"]}',
      caption=signed['caption'],
    )
    atomic_files.write_text(workdir / 'table.md', text)


def _caption(config: ml_collections.ConfigDict, plan: Plan) -> str:
  """How the figures were made."""
  training, evaluation = plan.base['train'], plan.base['eval']
  views = (
    f'{name}: {", ".join(lines) or "as they are"}'
    for name, lines in plan.views.items()
  )
  return (
    f'Each training: {training["steps"]} steps of {training["batch_size"]} '
    'pairs, unless a row says otherwise. Each evaluation: '
    f'{plan.num_pairs} real pairs, list {config.split}, '
    f'{config.groups.replace(",", ", ") or "all groups"}, one in '
    f'{config.every}; {"; ".join(views)}. AP is the official one, IoU > '
    f'{evaluation["iou_threshold"]}; ± is the standard deviation over seeds. '
    f'Synthetic pixel AP: {evaluation["synthetic_pairs"]} pairs made as those '
    'of the base config are, whatever the row was trained on. Minutes: wall '
    'time of a training, with compilation where no cache held it.'
  )


def _build_row(row: Row, plan: Plan) -> dict[str, Any]:
  """A row of the table."""
  results: dict[str, list[dict[str, Any]]] = {view: [] for view in plan.views}
  minutes: dict[int, float] = {}
  commits: list[str] = []
  failures: list[dict[str, Any]] = []
  for evaluation in row.evaluations:
    result = records.find_result(evaluation)
    if result:
      results[evaluation.view].append(result.metrics)
      commits += result.commits
      if result.minutes is not None:
        minutes[evaluation.seed] = result.minutes
    elif fault := records.why_not(evaluation):
      failures.append(_as_plain(Failure(evaluation, fault)))
  first = row.evaluations[0]
  commands = {'train': first.training.command} if first.training else {}
  commands['evaluate'] = first.command
  return table.build_row(
    row.name,
    about=row.about,
    seeds=row.seeds,
    commands={name: as_typed(words) for name, words in commands.items()},
    results=results,
    failures=failures,
    train_minutes=list(minutes.values()),
    commits=commits,
  )


def _as_plain(failure: Failure) -> dict[str, Any]:
  """A failure as ``table.json`` holds it."""
  evaluation, fault = failure
  return dict(
    seed=evaluation.seed,
    view=evaluation.view,
    message=fault.message,
    log=str(fault.log),
  )
