"""Which process runs what, where several work on one ablation.

  study = jobs.Study(plan, workdir, header, child.run_module)
  failures = jobs.run_jobs(study, jobs.parse_shard('0/8'))

A *job* is a training and all evaluations of its network. Its lock is held while
any of them runs, and what is on disk is checked with the lock in hand, so that
nothing is run twice. Jobs that other processes hold are left for later and then
waited for: if their process dies, this one takes over. A failure counts for all
processes that started before it; a later command tries again. (NFS may show a
folder as it was seconds ago: there a command may be repeated, at worst.)
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from absl import logging

from zeroshot.runtime import locks, provenance
from zeroshot.studies.ablation import child, records, report
from zeroshot.studies.ablation.plan import Evaluation, Plan, Training
from zeroshot.studies.ablation.records import Failure, Fault, TrainingRecord
from zeroshot.types import JsonObject

LOCK = 'claim.lock'
ALL = 'all'
POLL_S = 1.0  # between two looks at jobs that others hold


class Job(NamedTuple):
  """What one process runs under one lock.

  Attributes:
    folder: of the lock.
    training: to run first; None where weights are given by name.
    evaluations: of its network, in the order of the plan.
  """

  folder: Path
  training: Training | None
  evaluations: tuple[Evaluation, ...]


class Shard(NamedTuple):
  """One of several parts, counted from 0."""

  part: int = 0
  num_parts: int = 1


class Study(NamedTuple):
  """An ablation and how its commands are run.

  Attributes:
    plan: of all rows.
    workdir: folder of the ablation.
    header: of ``report.describe``.
    run: runs one command.
  """

  plan: Plan
  workdir: Path
  header: JsonObject
  run: child.Run


def parse_shard(text: str) -> Shard:
  """Reads ``--shard``.

  Args:
    text: ``'i/n'`` with 0 <= i < n, or ``'all'``.

  Returns:
    The shard; for ``'all'`` the only one of one.

  Raises:
    ValueError: it is neither.
  """
  if text == ALL:
    return Shard()
  match = re.fullmatch(r'(\d+)/(\d+)', text, re.ASCII)
  if not match or int(match[1]) >= int(match[2]):
    raise ValueError(
      f'--shard={text}: give i/n with 0 <= i < n, as --shard=0/8 (job arrays '
      f'count from 0 too: --array=0-7), or {ALL}'
    )
  return Shard(int(match[1]), int(match[2]))


def list_jobs(plan: Plan, shard: Shard) -> list[Job]:
  """The jobs of a shard: selected rows alone, dealt in turn.

  What is done already counts too, so that all shards agree whenever they start.
  """
  groups: dict[Path, list[Evaluation]] = {}
  for row in plan.rows:
    for evaluation in row.evaluations if row.selected else ():
      training = evaluation.training
      folder = training.folder if training else evaluation.folder.parent
      groups.setdefault(folder, []).append(evaluation)
  jobs = [
    Job(folder, evaluations[0].training, tuple(evaluations))
    for folder, evaluations in groups.items()
  ]
  return jobs[shard.part :: shard.num_parts]


def run_jobs(study: Study, shard: Shard) -> list[Failure]:
  """Runs what is missing of a shard and keeps the table up to date.

  Args:
    study: the ablation.
    shard: the part to run here.

  Returns:
    The evaluations that failed; all others of the shard are done.
  """
  jobs = list_jobs(study.plan, shard)
  logging.info(
    'shard %d of %d: %d trainings or named weights', *shard, len(jobs)
  )
  for job in jobs:
    _forget_faults(job)
  _report(study)
  failures, remaining = [], jobs
  waiting: set[Path] = set()
  while remaining:
    held = []
    for job in remaining:
      try:
        failures += _run_job(job, study)
      except locks.HeldError as error:
        if job.folder not in waiting:
          logging.info('left for later: %s', error)
        waiting.add(job.folder)
        held.append(job)
    if len(held) == len(remaining):
      time.sleep(POLL_S)
    remaining = held
  return failures


def _forget_faults(job: Job) -> None:
  """Forgets the failures of earlier commands, unless another runs the job."""
  steps = [step for step in (job.training, *job.evaluations) if step]
  if any(map(records.find_fault, steps)):
    with (
      contextlib.suppress(locks.HeldError),
      locks.hold(job.folder / LOCK),
    ):
      for step in steps:
        records.remove_fault(step)


def _run_job(job: Job, study: Study) -> list[Failure]:
  """Runs what is missing of a job.

  Raises:
    HeldError: another process runs it, and ``wait`` is False.
  """
  if all(map(records.is_settled, job.evaluations)):
    return _list_failures(job.evaluations)
  with locks.hold(job.folder / LOCK):
    for evaluation in job.evaluations:
      if job.training and not records.is_settled(evaluation):
        _train(job.training, study)
      if not records.is_settled(evaluation):
        _evaluate(evaluation, study)
    return _list_failures(job.evaluations)


def _train(training: Training, study: Study) -> None:
  """Trains, or continues, unless it is done; counts stopped runs' time too."""
  before = records.read_training(training) or TrainingRecord()
  if before.done:
    return
  log = study.workdir / 'logs' / f'{training.folder.name}.log'
  done, start = False, time.monotonic()
  try:
    message = child.run_logged(training.command, log, study.run)
    done = message is None
  finally:
    seconds = before.seconds + time.monotonic() - start
    label = provenance.label(study.header)
    records.write_training(training, TrainingRecord(done, seconds, label))
  if message:
    _record_fault(training, Fault(message, log))
  _report(study)


def _evaluate(evaluation: Evaluation, study: Study) -> None:
  """Evaluates, in place of any result of other settings."""
  records.remove_fault(evaluation)
  records.remove_result(evaluation)
  name = f'{evaluation.row}-seed{evaluation.seed}-{evaluation.view}'
  log = study.workdir / 'logs' / f'{name}.log'
  message = child.run_logged(evaluation.command, log, study.run)
  metrics = records.metrics_file(evaluation)
  if message is None and not metrics.is_file():
    message = f'it ended well but wrote no {metrics}'
  if message:
    _record_fault(evaluation, Fault(message, log))
  else:
    label = provenance.label(study.header)
    records.write_result(evaluation, commit=label)
  _report(study)


def _record_fault(step: Training | Evaluation, fault: Fault) -> None:
  records.write_fault(step, fault)
  logging.warning('%s: %s (log: %s)', fault.log.stem, fault.message, fault.log)


def _list_failures(evaluations: Iterable[Evaluation]) -> list[Failure]:
  return [
    Failure(evaluation, fault)
    for evaluation in evaluations
    if (fault := records.explain_missing(evaluation))
  ]


def _report(study: Study) -> None:
  report.write(study.plan, workdir=study.workdir, header=study.header)
