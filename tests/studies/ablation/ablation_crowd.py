"""Processes that work on one small ablation, whose commands are made up.

  python -m tests.studies.ablation.ablation_crowd

Each line on stdin is a process to fork: JSON, the fields of ``Job``. Its number
is written to stdout. All are forks of one, since to import is what takes
longest. ``WORKDIR/runs`` gets a line for each begin and end of a run, and
``WORKDIR/outcomes/NUMBER.json`` tells how a process ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

from launch import ablate
from tests.studies.ablation.ablation_parts import metrics
from zeroshot.runtime import atomic_files
from zeroshot.studies.ablation import shards
from zeroshot.studies.ablation.plan import Evaluation, Plan, Row, Training

VIEWS = ('aligned', 'moved')
# Which training each row has by seed; bb shares one of a's, d has none.
ROWS = dict(a=('t0', 't1'), bb=('t0',), c=('t2',), d=(None,), e=('t3', 't4'))
TRAININGS = ['t0', 't1', 't2', 't3', 't4']
EVALUATIONS = [
  f'{row}/seed{seed}/{view}'
  for row, names in ROWS.items()
  for seed in range(len(names))
  for view in VIEWS
]
HEADER = dict(config='configs/x.py', caption='', commit=None, dirty=None)
_LIMIT_S = 60.0


class Job(NamedTuple):
  """One process.

  Attributes:
    workdir: folder of the ablation.
    shard: of ``--shard``.
    only: the rows that it wants; none of them stands for all.
    failing: a training or evaluation that fails.
    holding: one that goes on until there is a file ``WORKDIR/go``.
    seconds: that each run takes.
  """

  workdir: str
  shard: str = 'all'
  only: tuple[str, ...] = ()
  failing: str = ''
  holding: str = ''
  seconds: float = 0.0


def plan(workdir, only=()):
  """The small ablation."""
  rows = []
  for row, names in ROWS.items():
    evaluations = [
      evaluation(workdir, row, seed, view, name)
      for seed, name in enumerate(names)
      for view in VIEWS
    ]
    seeds, wanted = tuple(range(len(names))), not only or row in only
    rows.append(Row(row, 'asks', seeds, wanted, tuple(evaluations)))
  return Plan(tuple(rows), dict.fromkeys(VIEWS, ()), num_pairs=2, base={})


def evaluation(workdir, row, seed, view, name):
  folder = workdir / 'trainings' / str(name)
  training = Training(folder, ('train', name), {}) if name else None
  return Evaluation(
    row=row,
    seed=seed,
    view=view,
    training=training,
    source=name or 'classical',
    folder=workdir / 'rows' / row / f'seed{seed}' / view,
    command=('evaluate', f'{row}/seed{seed}/{view}'),
    settings={},
  )


def work(job):
  """What a process of ``launch.ablate`` does; returns its outcome."""
  workdir = Path(job.workdir)

  def run(words, log, claim):
    del claim
    module, name = words
    note(workdir, f'{os.getpid()} begin {name}')
    deadline = time.monotonic() + _LIMIT_S
    while job.holding == name and not (workdir / 'go').exists():
      assert time.monotonic() < deadline
      time.sleep(0.01)
    time.sleep(job.seconds)
    if job.failing == name:
      with log.open('a') as file:
        file.write('error: it broke\n')
      return 1
    if module == 'evaluate':
      path = workdir / 'rows' / name / 'metrics.json'
      atomic_files.write_json(path, metrics(0.5))
    note(workdir, f'{os.getpid()} end {name}')
    return 0

  shard = shards.parse(job.shard)
  return ablate.ablate(
    plan(workdir, job.only),
    workdir=workdir,
    header=HEADER,
    run=run,
    shard=shard,
  )


def note(workdir, line):
  """Adds a line; no other process can write into the midst of it."""
  flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY
  descriptor = os.open(workdir / 'runs', flags)
  os.write(descriptor, f'{line}\n'.encode())
  os.close(descriptor)


def main():
  """Forks a process for each line."""
  signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # none is waited for
  for line in sys.stdin:
    child = os.fork()
    if child == 0:
      try:
        job = Job(**json.loads(line))
        failures, running = work(job)
        names = ['/'.join(each.evaluation.command[1:]) for each in failures]
        content = dict(failures=names, running=running)
        path = Path(job.workdir) / 'outcomes' / f'{os.getpid()}.json'
        atomic_files.write_json(path, content)
      except BaseException:
        traceback.print_exc()
      finally:
        os._exit(0)
    print(child, flush=True)


if __name__ == '__main__':
  main()
