"""Runs a table of ablations, row by row; run the same command to go on.

  python -m launch.ablate --config=configs/ablations.py --workdir=DIR \
      --config.root=PCBDATA --config.bank=backgrounds.npz [--config.only=base]

Each training and each evaluation is a command of its own. Below ``--workdir``
lie ``trainings/``, ``rows/ROW/seedN/VIEW/``, the ``logs/`` of all commands, and
``table.md`` and ``table.json``, written anew after each evaluation. What is
finished is not repeated. Where settings have changed since, it is: an
evaluation is run again, a training begins in a folder of its own. The table
shows all rows of the config, whatever ``only`` says.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from absl import flags, logging
from ml_collections import config_flags

from launch import (
  ablation_plan,
  ablation_records,
  ablation_report,
  command,
  provenance,
)
from launch.ablation_report import Failure, Fault

ROOT = Path(__file__).resolve().parents[1]

# Runs a module: (module and its flags, log) -> exit status.
Run = Callable[[Sequence[str], Path], int]


def main(argv: Sequence[str]) -> None:
  """Plans, runs what is missing, and ends with what failed."""
  del argv
  command.show_log_lines()
  signal.signal(signal.SIGTERM, signal.default_int_handler)
  config, workdir = flags.FLAGS.config, Path(flags.FLAGS.workdir)
  plan = ablation_plan.build_plan(config, workdir=workdir)
  path = config_flags.get_config_filename(flags.FLAGS['config'])
  header = ablation_report.describe(config, plan, path=path)
  try:
    failures = ablate(plan, workdir=workdir, header=header, run=run_module)
  except KeyboardInterrupt:
    _leave(130, 'stopped; the same command goes on from here')
  if failures:
    lines = ['these failed:', *map(ablation_report.tell, failures)]
    _leave(1, '\n'.join(lines))
  print(f'no failures; the table is {workdir / "table.md"}')


def ablate(
  plan: ablation_plan.Plan,
  *,
  workdir: Path,
  header: Mapping[str, Any],
  run: Run,
) -> list[Failure]:
  """Runs what is missing of the wanted rows, and keeps the table up to date.

  Args:
    plan: what there is to run.
    workdir: folder of the ablation.
    header: of ``ablation_report.describe``.
    run: runs a command.

  Returns:
    What failed; the rest was run all the same.
  """
  logs, commit = workdir / 'logs', provenance.label(header)
  failures: list[Failure] = []
  broken: dict[Path, Fault] = {}  # trainings that failed, and are not retried
  ablation_report.write(plan, failures, workdir=workdir, header=header)
  for row in plan.rows:
    for evaluation in row.evaluations if row.wanted else ():
      if ablation_records.find_result(evaluation):
        continue
      training, fault = evaluation.training, None
      if training:
        fault = broken.get(training.folder) or train(
          training, logs=logs, commit=commit, run=run
        )
        if fault:
          broken[training.folder] = fault
      if fault is None:
        fault = evaluate(evaluation, logs=logs, commit=commit, run=run)
      if fault:
        failures.append(Failure(evaluation, fault))
        logging.warning('%s', ablation_report.tell(failures[-1]))
      ablation_report.write(plan, failures, workdir=workdir, header=header)
  return failures


def train(
  training: ablation_plan.Training, *, logs: Path, commit: str, run: Run
) -> Fault | None:
  """Trains, or goes on training, unless it is done.

  The seconds of a run that was stopped count too.
  """
  before = ablation_records.read_training(training)
  if before.get('done'):
    return None
  done, start = False, time.monotonic()
  try:
    log = logs / f'{training.folder.name}.log'
    fault = _attempt(training.command, log, run)
    done = fault is None
  finally:
    seconds = before.get('seconds', 0.0) + time.monotonic() - start
    ablation_records.note_training(
      training, done=done, seconds=seconds, commit=commit
    )
  return fault


def evaluate(
  evaluation: ablation_plan.Evaluation, *, logs: Path, commit: str, run: Run
) -> Fault | None:
  """Evaluates, in place of any figures of other settings."""
  ablation_records.forget_result(evaluation)
  name = f'{evaluation.row}-seed{evaluation.seed}-{evaluation.view}'
  log = logs / f'{name}.log'
  fault = _attempt(evaluation.command, log, run)
  metrics = ablation_records.metrics_file(evaluation)
  if fault is None and not metrics.is_file():
    fault = Fault(f'it ended well but wrote no {metrics}', log)
  if fault is None:
    ablation_records.note_result(evaluation, commit=commit)
  return fault


def run_module(words: Sequence[str], log: Path) -> int:
  """Runs a module, which dies with us; what it writes is added to a log."""
  cache = {
    'JAX_COMPILATION_CACHE_DIR': str(ROOT / '.cache' / 'jax'),
    'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0.5',
  }
  with (
    log.open('a', encoding='utf-8') as file,
    subprocess.Popen(
      [sys.executable, '-m', *words],
      stdin=subprocess.DEVNULL,
      stdout=file,
      stderr=subprocess.STDOUT,
      env={**cache, **os.environ},
    ) as process,
  ):
    try:
      return process.wait()
    except BaseException:
      process.kill()
      process.wait()
      raise


def _attempt(words: Sequence[str], log: Path, run: Run) -> Fault | None:
  """Runs a command; what it wrote last, where it failed."""
  logging.info('%s', ablation_report.as_typed(words))
  log.parent.mkdir(parents=True, exist_ok=True)
  with log.open('a', encoding='utf-8') as file:
    file.write(f'$ {ablation_report.as_typed(words)}\n')
  size, start = log.stat().st_size, time.monotonic()
  status = run(words, log)
  logging.info('%.0f s; log: %s', time.monotonic() - start, log)
  if status == 0:
    return None
  if status < 0:
    return Fault(f'killed by signal {-status}', log)
  text = log.read_bytes()[size:].decode('utf-8', 'replace')
  lines = [line.strip() for line in text.splitlines() if line.strip()]
  return Fault(lines[-1] if lines else f'exit status {status}', log)


def _leave(status: int, message: str) -> NoReturn:
  print(message, file=sys.stderr)
  sys.exit(status)


if __name__ == '__main__':
  command.define_config_flag()
  flags.DEFINE_string('workdir', None, 'Folder of it all.', required=True)
  command.run(main)
