"""Processes that work on one small ablation, whose commands are substitutes.

``WORKDIR/runs`` gets a line for the begin and the end of each command.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from pathlib import Path

from tests.studies.ablation.ablation_parts import metrics
from zeroshot.runtime import atomic_files
from zeroshot.studies.ablation import jobs
from zeroshot.studies.ablation.plan import Evaluation, Plan, Row, Training

VIEWS = ('aligned', 'moved')
# The training of each row and seed; bb shares one of a's, d has none.
ROWS = dict(a=('t0', 't1'), bb=('t0',), c=('t2',), d=(None,), e=('t3', 't4'))
TRAININGS = ['t0', 't1', 't2', 't3', 't4']
EVALUATIONS = [
  f'{row}/seed{seed}/{view}'
  for row, names in ROWS.items()
  for seed in range(len(names))
  for view in VIEWS
]
EVERYTHING = sorted(TRAININGS + EVALUATIONS)
HEADER = dict(
  config='configs/x.py',
  settings=dict(columns=['ap_75']),
  caption='',
  commit=None,
  dirty=None,
)
LIMIT_S = 60.0


def build_plan(workdir, only=()):
  """The small ablation."""
  rows = []
  for row, names in ROWS.items():
    evaluations = [
      _evaluation(workdir, row, seed, view, name)
      for seed, name in enumerate(names)
      for view in VIEWS
    ]
    seeds, selected = tuple(range(len(names))), not only or row in only
    rows.append(Row(row, 'asks', seeds, selected, tuple(evaluations)))
  return Plan(tuple(rows), dict.fromkeys(VIEWS, ()), num_pairs=2, base={})


def _evaluation(workdir, row, seed, view, name):
  folder = workdir / 'trainings' / str(name)
  return Evaluation(
    row=row,
    seed=seed,
    view=view,
    training=Training(folder, ('train', name), {}) if name else None,
    source=name or 'classical',
    folder=workdir / 'rows' / row / f'seed{seed}' / view,
    command=('evaluate', f'{row}/seed{seed}/{view}'),
    settings={},
  )


def work(workdir, *, shard='all', only=(), failing='', holding='', seconds=0.0):
  """Runs the ablation.

  Args:
    workdir: its folder.
    shard: of ``--shard``.
    only: the selected rows; none selects all.
    failing: a training or evaluation that fails.
    holding: one that goes on until there is a file ``WORKDIR/go``.
    seconds: that each command takes.

  Returns:
    The names of the failed evaluations.
  """

  def run(words, log):
    module, name = words
    _append(workdir, f'{os.getpid()} begin {name}')
    if holding == name:
      wait_until((workdir / 'go').exists)
    time.sleep(seconds)
    if failing == name:
      with log.open('a') as file:
        file.write('error: it broke\n')
      return 1
    if module == 'evaluate':
      path = workdir / 'rows' / name / 'metrics.json'
      atomic_files.write_json(path, metrics(0.5))
    _append(workdir, f'{os.getpid()} end {name}')
    return 0

  study = jobs.Study(build_plan(workdir, only), workdir, HEADER, run)
  failures = jobs.run_jobs(study, jobs.parse_shard(shard))
  return ['/'.join(each.evaluation.command[1:]) for each in failures]


def _append(workdir, line):
  """Adds a line in one write, which no other process can interrupt."""
  flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY
  descriptor = os.open(workdir / 'runs', flags)
  os.write(descriptor, f'{line}\n'.encode())
  os.close(descriptor)


def wait_until(condition):
  deadline = time.monotonic() + LIMIT_S
  while not condition():
    assert time.monotonic() < deadline
    time.sleep(0.02)


def _work_and_send(connection, workdir, settings):
  connection.send(work(workdir, **settings))


class Crowd:
  """Processes in a folder, and what they did there."""

  def __init__(self, workdir: Path):
    self.workdir, self.started = workdir, []
    self.context = multiprocessing.get_context('forkserver')
    self.context.set_forkserver_preload([__name__])

  def start(self, **settings):
    """Starts a process with settings of ``work``."""
    receiver, sender = self.context.Pipe(duplex=False)
    words = (sender, self.workdir, settings)
    process = self.context.Process(target=_work_and_send, args=words)
    process.start()
    sender.close()
    self.started.append(process)
    process.failures = receiver
    return process

  def wait(self, process):
    """Waits for the end of a process; returns its failures."""
    process.join(LIMIT_S)
    assert process.exitcode == 0
    return process.failures.recv()

  def go(self, *settings):
    """Runs processes, all at once, to their ends; returns their failures."""
    return [self.wait(p) for p in [self.start(**each) for each in settings]]

  def runs(self, word='begin'):
    """The names of what began or ended, sorted, and by which process."""
    file = self.workdir / 'runs'
    lines = file.read_text().splitlines() if file.exists() else []
    split = [line.split() for line in lines]
    return sorted((name, int(pid)) for pid, what, name in split if what == word)

  def names(self, word='begin'):
    return [name for name, _ in self.runs(word)]

  def pid(self, name):
    """The process that has begun a command, waited for if need be."""
    wait_until(lambda: name in self.names())
    return dict(self.runs())[name]

  def rows(self):
    table = json.loads((self.workdir / 'table.json').read_text())
    return {row['name']: row for row in table['rows']}

  def statuses(self):
    return {name: row['status'] for name, row in self.rows().items()}
