"""Accuracy against the number of labelled pairs.

few_shot.run(config, default_config, workdir=workdir, only='n10_seed1')
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import ml_collections

from zeroshot.data import manifest, pictures
from zeroshot.data.manifest import LabelledPair
from zeroshot.experiments import labelled_sets
from zeroshot.report import few_shot_curve
from zeroshot.runtime import atomic_files
from zeroshot.studies import command, few_shot_table, runs
from zeroshot.studies.runs import Record, Run

ALL = 'all'


class Size(NamedTuple):
  """One number of labelled pairs.

  Attributes:
    num_pairs: that are learned from.
    runs: one for each seed; of 0 pairs there is but one.
  """

  num_pairs: int
  runs: tuple[Run, ...]


def run(
  config: ml_collections.ConfigDict,
  default_config: ml_collections.ConfigDict,
  *,
  workdir: Path,
  only: str = '',
) -> None:
  """Runs what is missing of the curve, and keeps its table up to date.

  Args:
    config: the whole config.
    default_config: of ``configs/default.py``, by which the weights before
      transfer are evaluated.
    workdir: folder of the study.
    only: comma-separated names of runs, as ``'n10_seed1,all_seed0'``; ``''``
      takes all.

  Raises:
    ValueError: invalid settings or files, or records of another
      config.
  """
  sizes = plan(config, default_config)
  runs.run_all(
    [run for size in sizes.values() for run in size.runs],
    only=only,
    workdir=workdir,
    report=functools.partial(write, config, sizes, workdir),
  )


def plan(
  config: ml_collections.ConfigDict,
  default_config: ml_collections.ConfigDict,
) -> dict[str, Size]:
  """The plan: everything to run.

  Args:
    config: the whole config.
    default_config: see ``run``.

  Returns:
    The sizes in order, by their labels: ``'0'``, ``'1'`` and so on, ``'all'``.

  Raises:
    ValueError: invalid settings or files.
  """
  settings = config.few_shot
  base = _exclude_held_out(config, command.check_labelled(config))
  num_max = len(labelled_sets.read_split(base).train)
  _check(settings, num_max)
  sizes = {}
  for num_pairs in sorted(settings.sizes):
    sizes[str(num_pairs)] = (
      _size(base, f'n{num_pairs}', num_pairs, settings.num_seeds)
      if num_pairs
      else _plan_untrained(base, default_config)
    )
  everything = _size(base, ALL, num_max, settings.num_seeds)
  return {**sizes, ALL: everything}


def write(
  config: ml_collections.ConfigDict,
  sizes: Mapping[str, Size],
  workdir: Path,
  records: Mapping[str, Record],
) -> None:
  """Writes table and plot of the records of finished runs."""
  rows = {
    label: few_shot_table.build_row(
      size.num_pairs,
      {run.config.seed: records.get(run.name) for run in size.runs},
    )
    for label, size in sizes.items()
  }
  content = few_shot_table.describe(config, list(records.values()))
  atomic_files.write_json(
    workdir / 'few_shot.json',
    {**content, 'sizes': {label: row.to_json() for label, row in rows.items()}},
  )
  atomic_files.write_text(
    workdir / 'few_shot.md',
    few_shot_table.to_markdown(rows, caption=content['caption']),
  )
  points = few_shot_table.to_points(rows)
  partial = workdir / f'few_shot.{os.getpid()}.partial.png'
  pictures.write_picture(partial, few_shot_curve.few_shot_curve(points))
  os.replace(partial, workdir / 'few_shot.png')


def _exclude_held_out(
  config: ml_collections.ConfigDict, pairs: Sequence[LabelledPair]
) -> ml_collections.ConfigDict:
  """A config that trains on all pairs but those reported on."""
  settings = config.few_shot
  reported = manifest.split_names(settings.held_out)
  if not reported:
    raise ValueError('few_shot.held_out is empty; name the groups to report on')
  manifest.in_groups(pairs, settings.held_out, field='few_shot.held_out')
  copy = labelled_sets.reporting_on(
    config, reported, every=settings.every, stop_groups=''
  )
  copy.labelled.num_pairs = 0
  copy.train.steps = settings.steps or config.train.steps
  return copy


def _plan_untrained(
  base: ml_collections.ConfigDict, default_config: ml_collections.ConfigDict
) -> Size:
  """The one run of no pairs: the initial weights as they are."""
  config = runs.untrained_config(base, default_config)
  return Size(0, (Run('n0', 'n0', config, trained=False),))


def _size(
  base: ml_collections.ConfigDict, label: str, num_pairs: int, num_seeds: int
) -> Size:
  """The runs of one size."""
  seeds = []
  for seed in range(num_seeds):
    copy = base.copy_and_resolve_references()
    copy.seed = seed
    copy.labelled.num_pairs = 0 if label == ALL else num_pairs
    name = f'{label}_seed{seed}'
    seeds.append(Run(name, name, copy))
  return Size(num_pairs, tuple(seeds))


def _check(settings: ml_collections.ConfigDict, num_max: int) -> None:
  """Refuses invalid sizes and counts."""
  sizes = settings.sizes
  possible = all(type(n) is int and 0 <= n <= num_max for n in sizes)
  if not possible or len(set(sizes)) < len(sizes):
    raise ValueError(
      f'few_shot.sizes is {sizes}; give whole numbers from 0 to {num_max}, the '
      'pairs that may be learned from, each once'
    )
  if settings.num_seeds < 1 or settings.steps < 0:
    raise ValueError(
      f'few_shot.num_seeds is {settings.num_seeds} and few_shot.steps is '
      f'{settings.steps}; give at least 1 seed, and 0 steps or more'
    )
  command.check_every(settings.every, 'few_shot.every')
