"""Trainings on labelled pairs, each with its evaluation, run once and kept.

  planned = [runs.Run('n10_seed1', 'n10_seed1', config, views), ...]
  runs.run_all(planned, only='', workdir=workdir, report=report)

``WORKDIR/runs/NAME/`` is the folder of a run's training, which goes on where it
was killed. ``WORKDIR/records/NAME.json`` is written last: a run that has one is
finished, and is not repeated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import ml_collections
from absl import logging
from flax import traverse_util

from zeroshot import runs
from zeroshot.data import manifest, readable
from zeroshot.data.manifest import LabelledPair
from zeroshot.experiments import early_stopping, labelled_sets, setup
from zeroshot.experiments.labelled_metrics import STILL, evaluate
from zeroshot.run_config import compatibility
from zeroshot.runtime import atomic_files, provenance
from zeroshot.train import loop
from zeroshot.types import JsonObject
from zeroshot.weights import files

STILL_VIEW: Mapping[str, Mapping[str, float]] = {'as_is': STILL}
# What decides the metrics of a run: sections of its config, fields of eval.
_SECTIONS = (
  'seed',
  'synthesis',
  'model',
  'loss',
  'labelled',
  'train',
  'detect',
)
_EVAL = ('groups', 'every', 'iou_threshold', 'box_margin_px')


class Record(NamedTuple):
  """What is kept of a finished run.

  Attributes:
    settings: dotted names -> values of all that decided the metrics.
    num_pairs: labelled pairs that were reported on.
    metrics: for each view, what ``protocols.evaluate_detections`` returns.
    step: of the parameters.
    commit: of the code.
  """

  settings: JsonObject
  num_pairs: int
  metrics: dict[str, JsonObject]
  step: int
  commit: str


class Run(NamedTuple):
  """One set of weights, and the pairs that it is evaluated on.

  Attributes:
    name: unique; of its folder and its record.
    part: what ``--only`` calls it; runs may share one.
    config: of the training; ``eval.groups`` and ``eval.every`` say which of the
      labelled pairs are reported on.
    views: by name, how the reference of each pair is moved, see
      ``pairs.evaluate_pair``.
    trained: whether it is trained; else ``train.init_weights`` are evaluated.
  """

  name: str
  part: str
  config: ml_collections.ConfigDict
  views: Mapping[str, Mapping[str, float]] = STILL_VIEW
  trained: bool = True


def untrained_config(
  config: ml_collections.ConfigDict,
  default_config: ml_collections.ConfigDict,
) -> ml_collections.ConfigDict:
  """The config of the weights to start from, as they are.

  They have no pair head, and detect with the settings of configs/default.py,
  which were chosen for them.
  """
  copy, plain = config.copy_and_resolve_references(), default_config
  copy.model.update(kinds=(), predicts_sides=False)
  copy.loss.update(kinds=0.0, sides=0.0)
  copy.detect.update(plain.detect)
  copy.eval.box_margin_px.update(plain.eval.box_margin_px)
  return copy


def run_all(
  runs: Sequence[Run],
  *,
  only: str,
  workdir: Path,
  report: Callable[[Mapping[str, Record]], None],
) -> None:
  """Makes the missing runs of the selected parts, and reports after each.

  Args:
    runs: all of them.
    only: comma-separated parts to run now; ``''`` takes all.
    workdir: folder of the study.
    report: called with the records of finished runs, by their names.

  Raises:
    ValueError: a part is unknown, a record is of another config, or pairs of
      any run cannot be read (all such are named).
  """
  names = [run.name for run in runs]
  assert len(set(names)) == len(names), names
  selected = _select_parts(runs, only)
  report(_find_all(runs, workdir))
  missing = [
    run for run in runs if run.part in selected and find(run, workdir) is None
  ]
  check_readable(missing)
  for run in missing:
    logging.info('next: %s', run.name)
    make(run, workdir)
    report(_find_all(runs, workdir))


def check_readable(runs: Sequence[Run]) -> None:
  """Refuses unreadable pairs of any run before the first one begins.

  Otherwise the last of many trainings could fail on them, days later.

  Raises:
    ValueError: naming them, see ``readable.check_pairs``.
  """
  used: dict[str, LabelledPair] = {}
  for run in runs:
    chosen = reported_pairs(run.config)
    if run.trained:
      split = labelled_sets.read_split(run.config)
      chosen += [*split.train, *split.stopping]
    used.update((pair.name, pair) for pair in chosen)
  readable.check_pairs(list(used.values()))


def make(run: Run, workdir: Path) -> None:
  """Trains, or goes on training; evaluates and writes the record."""
  config = run.config
  if run.trained:
    try:
      weights = train(config, workdir / 'runs' / run.name)
    except FloatingPointError as error:
      sys.exit(f'{run.name}: training stopped: {error}')
  else:
    plain = compatibility.plain_config(config)
    weights = setup.load_initial(config.train.init_weights, plain)
    compatibility.check_same_model(weights.config, plain)
  chosen = reported_pairs(config)
  metrics = {
    view: evaluate(config, weights, chosen, moves=moves)
    for view, moves in run.views.items()
  }
  record = Record(
    settings=_settings(run),
    num_pairs=len(chosen),
    metrics=metrics,
    step=weights.step,
    commit=provenance.label(provenance.commit()),
  )
  atomic_files.write_json(_record_file(run, workdir), record._asdict())


def train(config: ml_collections.ConfigDict, folder: Path) -> files.Weights:
  """Trains, or goes on training.

  Args:
    config: of the training.
    folder: its workdir.

  Returns:
    The parameters of the last step; where held-out groups decide when to stop,
    those that were best on them.
  """
  split = labelled_sets.read_split(config)
  stopping = early_stopping.build(config, folder, split)
  task = setup.build_task(config, split.train)
  loop.train(
    config, task, workdir=folder, hooks=stopping.hooks, stop=stopping.stop
  )
  if stopping.hooks:
    return files.load(folder.expanduser() / early_stopping.BEST)
  weights = files.Weights(*runs.load_parameters(folder))
  return setup.with_calibration(weights)


def reported_pairs(config: ml_collections.ConfigDict) -> list[LabelledPair]:
  """The labelled pairs that a run is evaluated on."""
  settings = config.eval
  pairs = manifest.in_groups(
    labelled_sets.every_pair(config), settings.groups, field='eval.groups'
  )
  return pairs[:: settings.every]


def find(run: Run, workdir: Path) -> Record | None:
  """The record of a run; None where it is not finished.

  Raises:
    ValueError: it was made with another config, naming what differs.
  """
  path = _record_file(run, workdir)
  if not path.is_file():
    return None
  record = Record(**json.loads(path.read_text('utf-8')))
  differing = compatibility.differences(record.settings, _settings(run))
  if differing:
    raise ValueError(
      f'{path} was made with another config: {"; ".join(differing)}. Take a '
      'new --workdir, or the old config'
    )
  return record


def _select_parts(runs: Sequence[Run], only: str) -> set[str]:
  """The parts to run now."""
  known = list(dict.fromkeys(run.part for run in runs))
  selected = manifest.split_names(only)
  if unknown := sorted(set(selected) - set(known)):
    raise ValueError(
      f'--only: there is no {", ".join(unknown)}; give some of '
      f'{", ".join(known)}'
    )
  return set(selected or known)


def _find_all(runs: Sequence[Run], workdir: Path) -> dict[str, Record]:
  """The records that there are."""
  records = {run.name: find(run, workdir) for run in runs}
  return {name: record for name, record in records.items() if record}


def _record_file(run: Run, workdir: Path) -> Path:
  return workdir / 'records' / f'{run.name}.json'


def _settings(run: Run) -> JsonObject:
  """Dotted names -> values of all that decides the metrics of a run."""
  plain = compatibility.plain_config(run.config)
  sections = {name: plain[name] for name in _SECTIONS}
  sections['eval'] = {name: plain['eval'][name] for name in _EVAL}
  sections['views'] = {view: dict(moves) for view, moves in run.views.items()}
  flat = traverse_util.flatten_dict(sections, sep='.')
  return {k: v for k, v in flat.items() if k not in compatibility.FREE}
