"""Who runs what, where several processes work on one ablation.

  steps = ablation_claims.Steps(train=..., evaluate=..., report=...)
  outcome = ablation_claims.work(evaluations, steps)

Each training and each evaluation has a lock in its folder, its *claim*, which
is held while it runs. With the claim in hand one looks again at what is on
disk, so nothing is run by two processes, neither at the same time nor one after
the other. A failure counts as run by all processes that had begun before it;
the next command runs it again. (NFS may show a folder as it was some seconds
ago: there a thing can be run once more after another process, at worst.)

What another process has in hand is put off, and the rest done first. Where
nothing else is left, one waits for another's training: evaluations hang on it
that may be nobody else's (rows are chosen by ``only``, and shards may overlap),
and should its process die, the one that waits goes on with it at once. One does
not wait for another's evaluation: nothing comes after it. Whoever ends first
names those, and whoever ends last has written the table of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from absl import logging

from zeroshot.runtime import locks
from zeroshot.studies.ablation import records
from zeroshot.studies.ablation import report as ablation_report
from zeroshot.studies.ablation.plan import Evaluation, Training
from zeroshot.studies.ablation.records import Fault
from zeroshot.studies.ablation.report import Failure

CLAIM = 'claim.lock'


class Outcome(NamedTuple):
  """How it ended.

  Attributes:
    failures: what could not be had.
    running: what other processes still have in hand, and which processes.
  """

  failures: list[Failure]
  running: list[str]


class Steps(NamedTuple):
  """What to do, each of it once.

  Attributes:
    train: trains; given the descriptor of the claim, too.
    evaluate: evaluates; given the descriptor of the claim, too.
    report: called after each of these.
  """

  train: Callable[[Training, int], None]
  evaluate: Callable[[Evaluation, int], None]
  report: Callable[[], None]


def work(evaluations: Sequence[Evaluation], steps: Steps) -> Outcome:
  """Sees to it that evaluations are done, by this process or another.

  Args:
    evaluations: to do.
    steps: how.

  Returns:
    What failed, and what others are still at.
  """
  old = _faults(evaluations)
  left = [each for each in evaluations if not _is_settled(each, old)]
  while left:
    untrained: list[Evaluation] = []
    running: list[tuple[Evaluation, str]] = []
    for evaluation in left:
      try:
        _train(evaluation, old, steps)
      except locks.HeldError:
        untrained.append(evaluation)
        continue
      try:
        _evaluate(evaluation, old, steps)
      except locks.HeldError as error:
        running.append((evaluation, str(error)))
    if not untrained:
      told = [f'{ablation_report.name(each)}: {who}' for each, who in running]
      return Outcome(_failures(evaluations, old), told)
    if len(untrained) + len(running) == len(left):
      _wait(untrained[0], old, steps)
    left = untrained + [evaluation for evaluation, _ in running]
  return Outcome(_failures(evaluations, old), [])


def _wait(evaluation: Evaluation, old: set[Fault], steps: Steps) -> None:
  """Waits for a training that another process has in hand."""
  assert evaluation.training
  name = evaluation.training.folder.name
  logging.info('another process is at the training %s: waiting', name)
  _train(evaluation, old, steps, wait=True)


def _train(
  evaluation: Evaluation, old: set[Fault], steps: Steps, *, wait: bool = False
) -> None:
  """Trains what an evaluation needs, unless it is done or failed just now.

  Raises:
    HeldError: another process is at it, and ``wait`` is False.
  """
  training = evaluation.training
  if training is None or _is_trained(training, old):
    return
  if _is_settled(evaluation, old):
    return
  with locks.hold(training.folder / CLAIM, wait=wait) as claim:
    if _is_trained(training, old):  # while the claim was not ours
      return
    steps.train(training, claim)
  steps.report()


def _evaluate(evaluation: Evaluation, old: set[Fault], steps: Steps) -> None:
  """Evaluates, unless it is done, cannot be done or failed just now.

  Raises:
    HeldError: another process is at it.
  """
  if _is_settled(evaluation, old):
    return
  with locks.hold(evaluation.folder / CLAIM) as claim:
    if _is_settled(evaluation, old):  # while the claim was not ours
      return
    steps.evaluate(evaluation, claim)
  steps.report()


def _is_trained(training: Training, old: set[Fault]) -> bool:
  """Whether a training has come to its end, or to grief since we began."""
  done = records.read_training(training).get('done', False)
  return done or records.find_fault(training) not in {None, *old}


def _is_settled(evaluation: Evaluation, old: set[Fault]) -> bool:
  """Whether there are figures, or a failure since we began."""
  if records.find_result(evaluation):
    return True
  return records.why_not(evaluation) not in {None, *old}


def _faults(evaluations: Sequence[Evaluation]) -> set[Fault]:
  """The faults on disk, none of which is this command's.

  Told apart by what they say of their origin: clocks of machines differ.
  """
  found = set()
  for evaluation in evaluations:
    for thing in (evaluation, evaluation.training):
      fault = records.find_fault(thing) if thing else None
      if fault:
        found.add(fault)
  return found


def _failures(
  evaluations: Sequence[Evaluation], old: set[Fault]
) -> list[Failure]:
  """The evaluations that could not be had this time."""
  found = []
  for evaluation in evaluations:
    fault = records.why_not(evaluation)
    if fault and fault not in old:
      found.append(Failure(evaluation, fault))
  return found
