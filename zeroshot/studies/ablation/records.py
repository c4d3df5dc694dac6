"""What an ablation has on disk, and whether it belongs to the current plan.

  if not records.find_result(evaluation): ...

The folder of an evaluation holds ``metrics.json`` and ``command.json``: the
command that made it, its network and all its settings. The folder of a training
holds ``ablation.json``: whether it is done and how long it took. Either folder
holds a ``fault.json`` if its last command failed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from zeroshot.runtime import atomic_files
from zeroshot.studies.ablation.plan import Evaluation, Training
from zeroshot.types import JsonObject


class TrainingRecord(NamedTuple):
  """The content of ``ablation.json``.

  Attributes:
    done: whether the training has reached its last step.
    seconds: that all its runs took.
    commit: of the code.
  """

  done: bool = False
  seconds: float = 0.0
  commit: str = ''


class Result(NamedTuple):
  """A finished evaluation.

  Attributes:
    metrics: the content of ``metrics.json``.
    minutes: that its training took; None where there was none.
    commits: of its training and its evaluation.
  """

  metrics: JsonObject
  minutes: float | None
  commits: tuple[str, ...]


class Fault(NamedTuple):
  """Why a command failed.

  Attributes:
    message: the last line of its output.
    log: the file of all its output.
  """

  message: str
  log: Path


class Failure(NamedTuple):
  """An evaluation that has no result, and why."""

  evaluation: Evaluation
  fault: Fault

  def __str__(self) -> str:
    row, seed, view = self.evaluation[:3]
    message, log = self.fault
    return f'{row}, seed {seed}, {view}: {message} (log: {log})'


def find_result(evaluation: Evaluation) -> Result | None:
  """The result of an evaluation; None if there is none of these settings."""
  record = _read(evaluation.folder / 'command.json')
  if not _matches(record, evaluation):
    return None
  metrics = _read(metrics_file(evaluation))
  if not metrics:
    return None
  commits, minutes = [record['commit']], None
  if evaluation.training and (trained := read_training(evaluation.training)):
    commits.insert(0, trained.commit)
    minutes = trained.seconds / 60
  return Result(metrics, minutes, tuple(commits))


def metrics_file(evaluation: Evaluation) -> Path:
  """Where ``launch.evaluate`` writes the metrics."""
  return evaluation.folder / 'metrics.json'


def remove_result(evaluation: Evaluation) -> None:
  """Removes a result; the record first, lest it match other metrics."""
  (evaluation.folder / 'command.json').unlink(missing_ok=True)
  metrics_file(evaluation).unlink(missing_ok=True)


def write_result(evaluation: Evaluation, *, commit: str) -> None:
  """Records that the metrics of an evaluation are there."""
  command = ['python', '-m', *evaluation.command]
  record = dict(_identity(evaluation), command=command, commit=commit)
  atomic_files.write_json(evaluation.folder / 'command.json', record)


def read_training(training: Training) -> TrainingRecord | None:
  """The record of a training; None before its first run."""
  record = _read(training.folder / 'ablation.json')
  return TrainingRecord(**record) if record else None


def write_training(training: Training, record: TrainingRecord) -> None:
  """Records how far a training is."""
  atomic_files.write_json(training.folder / 'ablation.json', record._asdict())


def find_fault(step: Training | Evaluation) -> Fault | None:
  """Why its last run failed; None if it did not, or had other settings."""
  record = _read(step.folder / 'fault.json')
  if not record or not _matches(record['of'], step):
    return None
  return Fault(record['message'], Path(record['log']))


def remove_fault(step: Training | Evaluation) -> None:
  """Removes a fault, before what failed is run again."""
  (step.folder / 'fault.json').unlink(missing_ok=True)


def write_fault(step: Training | Evaluation, fault: Fault) -> None:
  """Records that a command failed."""
  record = dict(message=fault.message, log=str(fault.log), of=_identity(step))
  atomic_files.write_json(step.folder / 'fault.json', record)


def explain_missing(evaluation: Evaluation) -> Fault | None:
  """The fault of its training or its own, if it has no result."""
  if find_result(evaluation):
    return None
  training = evaluation.training
  return (training and find_fault(training)) or find_fault(evaluation)


def is_settled(evaluation: Evaluation) -> bool:
  """Whether there is a result or a fault."""
  return bool(find_result(evaluation) or explain_missing(evaluation))


def _identity(step: Training | Evaluation) -> JsonObject:
  """What makes it another evaluation if it changes.

  The folder's name tells trainings apart. The command does not count: it names
  folders, which may be moved.
  """
  if isinstance(step, Training):
    return {}
  return dict(source=step.source, settings=step.settings)


def _matches(record: JsonObject, step: Training | Evaluation) -> bool:
  identity = _identity(step)
  return {name: record.get(name) for name in identity} == identity


def _read(path: Path) -> JsonObject:
  """The content of a JSON file; empty if it is missing."""
  try:
    text = path.read_text('utf-8')
  except FileNotFoundError:  # no check beforehand: others may remove it
    return {}
  content: JsonObject = json.loads(text)
  return content
