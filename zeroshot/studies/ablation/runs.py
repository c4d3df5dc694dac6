"""Runs one training or one evaluation, and notes what came of it.

  ablation_runs.train(training, claim, runner=Runner(logs, commit, run_module))

A command that fails leaves its fault in its folder until it is run again.

A command must not outlive its claim, or the next process would train in the
same folder beside it. So the child is given the descriptor of the claim, which
the operating system then frees when parent *and* child have ended: there is no
moment between, on any Unix and whatever the child is waiting for. And lest a
child without a parent go on for hours, ``zeroshot/studies/ablation/die_with_parent.py``
ends it with its parent, where that is possible.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from absl import logging

from zeroshot.studies.ablation import records, report
from zeroshot.studies.ablation.plan import Evaluation, Training
from zeroshot.studies.ablation.records import Fault

ROOT = Path(__file__).resolve().parents[3]
_GRACE_S = 60.0  # for a training to save when it is told to stop

# Runs a module: (module and its flags, log, descriptor of the claim, which is
# to be held until the module has ended) -> exit status.
Run = Callable[[Sequence[str], Path, int], int]


class Stopped(KeyboardInterrupt):
  """Somebody told us, or the command that we ran, to stop: nothing failed."""


class Runner(NamedTuple):
  """How commands are run.

  Attributes:
    logs: folder of what they write.
    commit: label of the code.
    run: runs one.
  """

  logs: Path
  commit: str
  run: Run


def train(training: Training, claim: int, *, runner: Runner) -> None:
  """Trains, or goes on training.

  The seconds of a run that was stopped count too.
  """
  records.forget_fault(training)
  before = records.read_training(training)
  done, start = False, time.monotonic()
  try:
    log = runner.logs / f'{training.folder.name}.log'
    fault = _attempt(training.command, log, claim, runner.run)
    done = fault is None
  finally:
    seconds = before.get('seconds', 0.0) + time.monotonic() - start
    records.note_training(
      training, done=done, seconds=seconds, commit=runner.commit
    )
  if fault:
    _note(training, fault)


def evaluate(evaluation: Evaluation, claim: int, *, runner: Runner) -> None:
  """Evaluates, in place of any figures of other settings."""
  records.forget_fault(evaluation)
  records.forget_result(evaluation)
  name = f'{evaluation.row}-seed{evaluation.seed}-{evaluation.view}'
  log = runner.logs / f'{name}.log'
  fault = _attempt(evaluation.command, log, claim, runner.run)
  metrics = records.metrics_file(evaluation)
  if fault is None and not metrics.is_file():
    fault = Fault(f'it ended well but wrote no {metrics}', log)
  if fault:
    _note(evaluation, fault)
  else:
    records.note_result(evaluation, commit=runner.commit)


def run_module(words: Sequence[str], log: Path, claim: int) -> int:
  """Runs a module, which ends with us; what it writes is added to a log.

  Args:
    words: the module and its flags.
    log: a file.
    claim: descriptor of a lock, held until the module has ended too.

  Returns:
    Its exit status; that of a signal is negative.
  """
  cache = {
    'JAX_COMPILATION_CACHE_DIR': str(ROOT / '.cache' / 'jax'),
    'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0.5',
  }
  leash = [sys.executable, '-IS', str(ROOT / 'launch' / 'leash.py')]
  with (
    log.open('a', encoding='utf-8') as file,
    subprocess.Popen(
      [*leash, str(os.getpid()), sys.executable, '-m', *words],
      stdin=subprocess.DEVNULL,
      stdout=file,
      stderr=subprocess.STDOUT,
      env={**cache, **os.environ},
      pass_fds=(claim,),
    ) as process,
  ):
    try:
      return process.wait()
    except BaseException:
      process.terminate()
      with contextlib.suppress(subprocess.TimeoutExpired):
        try:
          process.wait(_GRACE_S)
        finally:  # also when we are told to stop once more
          process.kill()
          process.wait()
      raise


def _attempt(
  words: Sequence[str], log: Path, claim: int, run: Run
) -> Fault | None:
  """Runs a command; what it wrote last, where it failed.

  Raises:
    Stopped: it was told to stop, and saved.
  """
  logging.info('%s', report.as_typed(words))
  log.parent.mkdir(parents=True, exist_ok=True)
  with log.open('a', encoding='utf-8') as file:
    file.write(f'$ {report.as_typed(words)}\n')
  size, start = log.stat().st_size, time.monotonic()
  status = run(words, log, claim)
  logging.info('%.0f s; log: %s', time.monotonic() - start, log)
  if status == 0:
    return None
  if status == os.EX_TEMPFAIL:
    raise Stopped
  if status < 0:
    return Fault(f'killed by signal {-status}', log)
  text = log.read_bytes()[size:].decode('utf-8', 'replace')
  lines = [line.strip() for line in text.splitlines() if line.strip()]
  return Fault(lines[-1] if lines else f'exit status {status}', log)


def _note(thing: Training | Evaluation, fault: Fault) -> None:
  records.note_fault(thing, fault)
  logging.warning('%s: %s (log: %s)', fault.log.stem, fault.message, fault.log)
