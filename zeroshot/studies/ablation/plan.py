"""What an ablation runs: the rows of its config as commands.

plan = build_plan(config, workdir=Path('runs/ablations'))
for row in plan.rows:
  for evaluation in row.evaluations: ...

All faults of the config are reported here, before anything is run. *Lines* and
*settings* are defined in ``zeroshot/run_config/overrides.py``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import ml_collections

from zeroshot.data import deeppcb, manifest, readable
from zeroshot.run_config import compatibility, overrides
from zeroshot.studies.ablation import bank
from zeroshot.types import PlainConfig

_T = TypeVar('_T', int, str)

# Each command is a run of one process, even under a launcher of several.
_ALONE = '--distributed=off'
_DATA = ('root', 'split', 'groups', 'every')


class Training(NamedTuple):
  """A network to train; rows with the same settings share it.

  Attributes:
    folder: its workdir, named by the first row that uses it, its seed, and a
      hash of all settings that decide its parameters.
    command: what follows ``python -m``.
    settings: of the training.
  """

  folder: Path
  command: tuple[str, ...]
  settings: PlainConfig


class Evaluation(NamedTuple):
  """A network, or a baseline without one, evaluated under one view.

  Attributes:
    row: name of the row.
    seed: of the training.
    view: name of the view.
    training: what is evaluated; None where weights are given by name.
    source: name of the training's folder, or of the weights.
    folder: of the results.
    command: what follows ``python -m``.
    settings: of the evaluation.
  """

  row: str
  seed: int
  view: str
  training: Training | None
  source: str
  folder: Path
  command: tuple[str, ...]
  settings: PlainConfig


class Row(NamedTuple):
  """A row of the table.

  Attributes:
    name: unique.
    about: what it asks.
    seeds: of its trainings.
    selected: whether it is run now.
    evaluations: one for each seed and view, seed by seed.
  """

  name: str
  about: str
  seeds: tuple[int, ...]
  selected: bool
  evaluations: tuple[Evaluation, ...]


class Plan(NamedTuple):
  """The plan: everything to run.

  Attributes:
    rows: every row of the config, in its order.
    views: lines of each view by name, in order.
    num_pairs: real pairs of an evaluation.
    base: settings of the base config with the lines of every row.
  """

  rows: tuple[Row, ...]
  views: dict[str, tuple[str, ...]]
  num_pairs: int
  base: PlainConfig


def build_plan(config: ml_collections.ConfigDict, *, workdir: Path) -> Plan:
  """Builds every command.

  Args:
    config: see ``configs/ablations.py``.
    workdir: folder of the whole ablation.

  Returns:
    The plan.

  Raises:
    ValueError: a setting is missing, unknown or repeated.
  """
  selected, base = _select_rows(config), _resolve_shared(config)
  num_pairs = _count_pairs(config)
  trainings: dict[str, Training] = {}
  rows = []
  for name, row in config.rows.items():
    _check_row(name, row)
    evaluations = []
    for seed in row.seeds:
      training = _plan_training(config, name, seed, workdir=workdir)
      if training:
        digest = training.folder.name.rpartition('-')[2]
        training = trainings.setdefault(digest, training)
      evaluations += [
        _plan_evaluation(config, name, seed, view, training, workdir=workdir)
        for view in config.views
      ]
    rows.append(
      Row(name, row.about, row.seeds, name in selected, tuple(evaluations))
    )
  firsts = {
    row.name: row.evaluations[0].training for row in rows if row.selected
  }
  bank.check_banks({n: first.settings for n, first in firsts.items() if first})
  return Plan(
    rows=tuple(rows),
    views=dict(config.views.items()),
    num_pairs=num_pairs,
    base=base,
  )


def _select_rows(config: ml_collections.ConfigDict) -> set[str]:
  """The names of the rows to run."""
  rows = list(config.rows)
  names = [name.strip() for name in config.only.split(',') if name.strip()]
  if unknown := sorted(set(names) - set(rows)):
    raise ValueError(
      f'only: there is no row {", ".join(unknown)}; the rows are '
      f'{", ".join(rows)}'
    )
  if twice := _find_repeated(names):
    raise ValueError(f'only: {twice[0]} is named twice; name it once')
  return set(names or rows)


def _resolve_shared(config: ml_collections.ConfigDict) -> PlainConfig:
  """The base config with the lines of all rows.

  Each field is resolved on its own first, so that an error names it.
  """
  if not config.views:
    raise ValueError('views is empty; give one, as aligned=()')
  shared = dict(base=(), train=_common(config), evaluate=config.evaluate)
  shared |= {f'views.{name}': lines for name, lines in config.views.items()}
  for field, lines in shared.items():
    merged = overrides.merge(lines, field=field)
    overrides.resolve(config.base, merged, field=field)
  lines = overrides.merge(_common(config), config.evaluate, field='evaluate')
  return overrides.resolve(config.base, lines, field='base')


def _check_row(name: str, row: ml_collections.ConfigDict) -> None:
  """Refuses a name that is no folder name, and unusable seeds."""
  if not re.fullmatch(r'\w+', name):
    raise ValueError(f'rows: {name!r} is no name; take letters, digits and _')
  if not row.seeds or not all(type(seed) is int for seed in row.seeds):
    raise ValueError(
      f'rows.{name}.seeds is {row.seeds}; give integers, as (0,)'
    )
  if twice := _find_repeated(row.seeds):
    raise ValueError(
      f'rows.{name}.seeds: {twice[0]} is there twice; give each seed once'
    )
  if row.weights and (row.train or len(row.seeds) > 1):
    raise ValueError(
      f'rows.{name}: weights={row.weights!r} is not trained; leave out train '
      'and all seeds but one'
    )


def _find_repeated(values: Sequence[_T]) -> list[_T]:
  """Those that are there more than once."""
  return sorted({value for value in values if values.count(value) > 1})


def _common(config: ml_collections.ConfigDict) -> tuple[str, ...]:
  """Lines of every training; it saves at its last step alone."""
  steps = config.steps
  budget = [f'train.steps={steps}', f'train.checkpoint_every={steps}']
  return overrides.merge(budget, config.train, field='train')


def _plan_training(
  config: ml_collections.ConfigDict, name: str, seed: int, *, workdir: Path
) -> Training | None:
  """The training of a row and seed; None where weights are given by name."""
  row, field = config.rows[name], f'rows.{name}.train'
  if row.weights:
    return None
  path = row.config or config.base
  seeds = [f'seed={seed}']
  lines = overrides.merge(_common(config), row.train, seeds, field=field)
  settings: PlainConfig = overrides.resolve(path, lines, field=field)
  lines, settings = bank.add_bank(config, path, lines, settings)
  decisive = json.dumps(compatibility.decisive_fields(settings), sort_keys=True)
  digest = hashlib.sha256(decisive.encode()).hexdigest()[:8]
  folder = workdir / 'trainings' / f'{name}-seed{seed}-{digest}'
  words = ('launch.train', f'--config={path}', f'--workdir={folder}', _ALONE)
  return Training(folder, words + overrides.as_flags(lines), settings)


def _plan_evaluation(
  config: ml_collections.ConfigDict,
  name: str,
  seed: int,
  view: str,
  training: Training | None,
  *,
  workdir: Path,
) -> Evaluation:
  """The evaluation of a row's network under a view."""
  row, field = config.rows[name], f'rows.{name}.evaluate'
  path = row.config or config.base
  lines = _evaluation_lines(config, row, view, field=field)
  settings: PlainConfig = overrides.resolve(path, lines, field=field)
  if settings['eval']['synthetic_pairs']:
    lines, settings = bank.add_bank(config, path, lines, settings)
  folder = workdir / 'rows' / name / f'seed{seed}' / view
  network = (
    f'--workdir={training.folder}' if training else f'--weights={row.weights}'
  )
  words = (
    'launch.evaluate',
    f'--config={path}',
    network,
    f'--out={folder}',
    _ALONE,
  )
  return Evaluation(
    row=name,
    seed=seed,
    view=view,
    training=training,
    source=training.folder.name if training else row.weights,
    folder=folder,
    command=words + overrides.as_flags(lines),
    settings=settings,
  )


def _evaluation_lines(
  config: ml_collections.ConfigDict,
  row: ml_collections.ConfigDict,
  view: str,
  *,
  field: str,
) -> tuple[str, ...]:
  """Its training's lines, those of ``synthesis`` excepted, and its own."""
  return overrides.merge(
    _common(config),
    [line for line in row.train if not line.startswith('synthesis.')],
    [f'eval.{name}={config[name]}' for name in _DATA],
    config.evaluate,
    row.evaluate,
    config.views[view],
    field=field,
  )


def _count_pairs(config: ml_collections.ConfigDict) -> int:
  """Counts the pairs of an evaluation; refuses unreadable ones."""
  if not config.root:
    raise ValueError(
      'root is empty; give --config.root=PCBDATA, the folder that holds the '
      'split lists'
    )
  entries = deeppcb.list_pairs(
    config.root, config.split, groups=config.groups, every=config.every
  )
  readable.check_pairs(manifest.labelled_pairs(entries))
  return len(entries)
