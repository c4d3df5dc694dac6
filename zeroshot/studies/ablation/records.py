"""What an ablation has on disk, and whether it is what is wanted now.

Beside the figures of an evaluation, ``metrics.json``, stands ``command.json``:
the command that made them, its network and all its settings. In the folder of
a training, ``ablation.json`` says whether it is done and how long it took.
Either folder holds a ``fault.json`` where the last run failed.
"""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from zeroshot.runtime import atomic_files
from zeroshot.studies.ablation.plan import Evaluation, Training


class Result(NamedTuple):
  """A finished evaluation.

  Attributes:
    metrics: the content of ``metrics.json``.
    minutes: that its training took; None where there was none.
    commits: of its training and its evaluation.
  """

  metrics: dict[str, Any]
  minutes: float | None
  commits: tuple[str, ...]


class Fault(NamedTuple):
  """Why a command failed.

  Attributes:
    message: the last line it wrote.
    log: where the rest is.
    origin: when and in which process; that of no other is the same. Empty
      until it is noted.
  """

  message: str
  log: Path
  origin: str = ''


def find_result(evaluation: Evaluation) -> Result | None:
  """The figures of an evaluation; None where other settings or none gave them.

  Args:
    evaluation: as planned now.

  Returns:
    The result.
  """
  record = _read(_command_file(evaluation))
  wanted = _decisive(evaluation)
  same = {name: record.get(name) for name in wanted} == wanted
  figures = _read(metrics_file(evaluation)) if same else {}
  if not figures:
    return None
  trained = read_training(evaluation.training) if evaluation.training else {}
  minutes = trained['seconds'] / 60 if 'seconds' in trained else None
  commits = [kept['commit'] for kept in (trained, record) if 'commit' in kept]
  return Result(figures, minutes, tuple(commits))


def metrics_file(evaluation: Evaluation) -> Path:
  """Where ``launch.evaluate`` writes the figures."""
  return evaluation.folder / 'metrics.json'


def forget_result(evaluation: Evaluation) -> None:
  """Removes figures; their record first, lest it stand beside others."""
  _command_file(evaluation).unlink(missing_ok=True)
  metrics_file(evaluation).unlink(missing_ok=True)


def note_result(evaluation: Evaluation, *, commit: str) -> None:
  """Records that the figures of an evaluation are there."""
  command = ['python', '-m', *evaluation.command]
  record = dict(_decisive(evaluation), command=command, commit=commit)
  atomic_files.write_json(_command_file(evaluation), record)


def read_training(training: Training) -> dict[str, Any]:
  """``done``, ``seconds`` and ``commit`` of a training; empty before it."""
  return _read(_training_file(training))


def note_training(
  training: Training, *, done: bool, seconds: float, commit: str
) -> None:
  """Records how far a training is.

  Args:
    training: as planned.
    done: whether it has come to its end.
    seconds: that all its runs took.
    commit: of the code.
  """
  record = dict(done=done, seconds=seconds, commit=commit)
  atomic_files.write_json(_training_file(training), record)


def find_fault(thing: Training | Evaluation) -> Fault | None:
  """Why the last run failed; None where it did not, or had other settings."""
  record = _read(_fault_file(thing))
  if not record or record['of'] != _identity(thing):
    return None
  return Fault(record['message'], Path(record['log']), record['origin'])


def why_not(evaluation: Evaluation) -> Fault | None:
  """Why there are no figures: a fault of the training, or of its own."""
  if find_result(evaluation):
    return None
  training = evaluation.training
  fault = find_fault(training) if training else None
  return fault or find_fault(evaluation)


def forget_fault(thing: Training | Evaluation) -> None:
  """Removes a fault, before what failed is run again."""
  _fault_file(thing).unlink(missing_ok=True)


def note_fault(thing: Training | Evaluation, fault: Fault) -> None:
  """Records that a command failed, for whoever writes the table."""
  now = datetime.now(UTC).isoformat(timespec='microseconds')
  record = dict(
    message=fault.message,
    log=str(fault.log),
    origin=f'{now} in process {os.getpid()} on {socket.gethostname()}',
    of=_identity(thing),
  )
  atomic_files.write_json(_fault_file(thing), record)


def _command_file(evaluation: Evaluation) -> Path:
  return evaluation.folder / 'command.json'


def _training_file(training: Training) -> Path:
  return training.folder / 'ablation.json'


def _fault_file(thing: Training | Evaluation) -> Path:
  return thing.folder / 'fault.json'


def _identity(thing: Training | Evaluation) -> dict[str, Any]:
  """What a fault is of; a training is told by its folder."""
  return _decisive(thing) if isinstance(thing, Evaluation) else {}


def _decisive(evaluation: Evaluation) -> dict[str, Any]:
  """What makes it another evaluation where it changes.

  Not the command: it tells of folders, which may be moved.
  """
  return dict(source=evaluation.source, settings=evaluation.settings)


def _read(path: Path) -> dict[str, Any]:
  """The content of a JSON file; nothing where it is missing."""
  try:
    text = path.read_text('utf-8')
  except FileNotFoundError:  # not asked before: others may remove it
    return {}
  content: dict[str, Any] = json.loads(text)
  return content
