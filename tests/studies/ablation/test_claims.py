"""Real processes on one shared folder: each thing is run once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.studies.ablation import ablation_crowd
from tests.studies.ablation.ablation_crowd import EVALUATIONS, TRAININGS
from zeroshot.runtime import locks
from zeroshot.studies.ablation import claims as ablation_claims
from zeroshot.studies.ablation import records

ROOT = Path(__file__).resolve().parents[2]


class Crowd:
  """Processes in a folder, and what they did there."""

  def __init__(self, server, workdir):
    self.server, self.workdir = server, workdir
    self.started = []

  def start(self, **job):
    """Starts a process: fields of ``ablation_crowd.Job``; gives its number."""
    line = json.dumps(dict(job, workdir=str(self.workdir)))
    self.server.stdin.write(f'{line}\n')
    self.server.stdin.flush()
    self.started.append(int(self.server.stdout.readline()))
    return self.started[-1]

  def wait(self, pid):
    """Waits for its end; gives its outcome, nothing where it was killed."""
    deadline = time.monotonic() + 60
    while is_alive(pid):
      assert time.monotonic() < deadline
      time.sleep(0.02)
    path = self.workdir / 'outcomes' / f'{pid}.json'
    return json.loads(path.read_text()) if path.exists() else None

  def go(self, *jobs):
    """Runs the jobs, all at once, to their ends; gives their outcomes."""
    return [self.wait(pid) for pid in [self.start(**job) for job in jobs]]

  def runs(self, what='begin'):
    """The names of what was begun or ended, sorted, and by which process."""
    file = self.workdir / 'runs'
    lines = file.read_text().splitlines() if file.exists() else []
    split = [line.split() for line in lines]
    return sorted((name, pid) for pid, word, name in split if word == what)

  def names(self, what='begin'):
    return [name for name, _ in self.runs(what)]

  def pid(self, name):
    """The process that has begun something, waited for if need be."""
    deadline = time.monotonic() + 60
    while name not in self.names():
      assert time.monotonic() < deadline
      time.sleep(0.02)
    return int(dict(self.runs())[name])

  def rows(self):
    table = json.loads((self.workdir / 'table.json').read_text())
    return {row['name']: row for row in table['rows']}

  def statuses(self):
    return {name: row['status'] for name, row in self.rows().items()}


def is_alive(pid):
  try:
    os.kill(pid, 0)
  except ProcessLookupError:
    return False
  return True


@pytest.fixture(scope='module')
def server():
  """The process that all others are forks of."""
  with subprocess.Popen(
    [sys.executable, '-m', 'tests.studies.ablation.ablation_crowd'],
    cwd=ROOT,
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
  ) as process:
    yield process


@pytest.fixture
def crowd(server, tmp_path):
  crowd = Crowd(server, tmp_path / 'work')
  crowd.workdir.mkdir()
  yield crowd
  (crowd.workdir / 'go').touch()
  for pid in crowd.started:
    crowd.wait(pid)


EVERYTHING = sorted(TRAININGS + EVALUATIONS)
DONE = dict.fromkeys(ablation_crowd.ROWS, 'done')
JOB = dict(seconds=0.05)
NOTHING = dict(failures=[], running=[])


def test_four_processes_run_everything_once(crowd):
  outcomes = crowd.go(*[JOB] * 4)
  assert crowd.names('begin') == crowd.names('end') == EVERYTHING
  assert len({pid for _, pid in crowd.runs()}) > 1  # one is not all
  assert crowd.statuses() == DONE  # whoever was last
  assert [outcome['failures'] for outcome in outcomes] == [[]] * 4
  assert '| `e` | asks | 2 | 0.5000' in (crowd.workdir / 'table.md').read_text()


def test_shards_run_everything_once_and_each_training_in_one(crowd):
  outcomes = crowd.go(*[dict(JOB, shard=f'{i}/3') for i in range(3)])
  assert outcomes == [NOTHING] * 3
  assert crowd.names() == EVERYTHING
  pids = dict(crowd.runs())
  assert pids['t0'] == pids['a/seed0/moved'] == pids['bb/seed0/aligned']
  assert len(set(pids.values())) == 3
  assert crowd.statuses() == DONE


def test_what_a_killed_process_had_in_hand_is_taken_over(crowd):
  first = crowd.start(holding='t2')
  assert crowd.pid('t2') == first
  second = crowd.start()  # does the rest, then waits for t2
  assert crowd.pid('e/seed1/moved') == second
  time.sleep(0.2)
  assert is_alive(second)
  assert 'c/seed0/aligned' not in crowd.names()
  os.kill(first, signal.SIGKILL)
  assert crowd.wait(second) == NOTHING
  assert crowd.names() == sorted([*EVERYTHING, 't2'])
  assert crowd.names('end') == EVERYTHING
  assert crowd.statuses() == DONE


def test_after_a_kill_the_same_command_goes_on(crowd):
  first = crowd.start(holding='bb/seed0/moved')
  os.kill(crowd.pid('bb/seed0/moved'), signal.SIGKILL)
  assert crowd.wait(first) is None
  assert crowd.rows()['bb']['status'] == 'pending'
  assert crowd.go({}) == [NOTHING]
  assert crowd.names() == sorted([*EVERYTHING, 'bb/seed0/moved'])
  assert crowd.statuses() == DONE


def test_a_training_of_another_is_waited_for_where_rows_differ(crowd):
  crowd.start(only=['a'], holding='t0')
  crowd.pid('t0')
  second = crowd.start(only=['bb', 'd'])
  crowd.pid('d/seed0/moved')  # first what need not wait
  assert 'bb/seed0/aligned' not in crowd.names()
  (crowd.workdir / 'go').touch()
  assert crowd.wait(second) == NOTHING
  assert crowd.names().count('t0') == 1
  assert crowd.pid('bb/seed0/moved') == second
  assert crowd.statuses()['bb'] == 'done'


def test_the_first_to_end_names_what_others_are_at(crowd):
  first = crowd.start(holding='a/seed0/moved')
  crowd.pid('a/seed0/moved')
  (outcome,) = crowd.go({})
  assert outcome['failures'] == []
  (told,) = outcome['running']
  assert told.startswith('a, seed 0, moved: ')
  assert f'held by process {first} on ' in told
  assert crowd.statuses() == DONE | dict(a='pending')
  (crowd.workdir / 'go').touch()
  assert crowd.wait(first) == NOTHING
  assert crowd.statuses() == DONE
  assert crowd.names() == EVERYTHING


def test_a_failure_is_in_the_table_of_others_until_it_is_run_again(crowd):
  (outcome,) = crowd.go(dict(shard='1/2', failing='t1'))
  assert outcome['failures'] == ['a/seed1/aligned', 'a/seed1/moved']
  (other,) = crowd.go(dict(shard='0/2'))
  assert other['failures'] == []  # of its own there are none
  assert crowd.statuses() == DONE | dict(a='failed')
  failure, _ = crowd.rows()['a']['failures']
  assert failure['message'] == 'error: it broke'
  assert Path(failure['log']) == crowd.workdir / 'logs' / 't1.log'
  text = (crowd.workdir / 'table.md').read_text()
  assert '- a, seed 1, moved: error: it broke' in text
  assert crowd.go({}) == [NOTHING]
  assert crowd.statuses() == DONE
  assert not list(crowd.workdir.rglob('fault.json'))


def test_what_fails_is_run_once_by_those_who_saw_it_fail(crowd):
  first = crowd.start(failing='t0', holding='t0')
  crowd.pid('t0')
  second = crowd.start(failing='t0', only=['a', 'c'])
  third = crowd.start(failing='t0', only=['bb', 'd'])
  crowd.pid('c/seed0/moved')
  crowd.pid('d/seed0/moved')
  (crowd.workdir / 'go').touch()
  of_a = ['a/seed0/aligned', 'a/seed0/moved']
  of_bb = ['bb/seed0/aligned', 'bb/seed0/moved']
  for pid, lost in ((first, of_a + of_bb), (second, of_a), (third, of_bb)):
    assert crowd.wait(pid) == dict(failures=lost, running=[])
  assert crowd.names().count('t0') == 1
  assert not {*of_a, *of_bb} & set(crowd.names())
  crowd.go(dict(failing='t0'))  # a later command tries again
  assert crowd.names().count('t0') == 2


def test_what_another_did_before_the_claim_was_ours_is_not_repeated(
  tmp_path, monkeypatch
):
  job, hold = ablation_crowd.Job(str(tmp_path)), locks.hold

  def hold_late(file, *, wait=False):
    if file.name == ablation_claims.CLAIM:
      monkeypatch.setattr(locks, 'hold', hold)
      ablation_crowd.work(job)  # another's turn, whole
    return hold(file, wait=wait)

  for only in ((), ('c',)):  # before a training; before an evaluation
    if only:
      evaluation = ablation_crowd.plan(tmp_path).rows[2].evaluations[0]
      records.forget_result(evaluation)
    before = (tmp_path / 'runs').read_text() if only else ''
    monkeypatch.setattr(locks, 'hold', hold_late)
    assert ablation_crowd.work(job._replace(only=only)) == ([], [])
    begun = (tmp_path / 'runs').read_text()[len(before) :].count('begin')
    assert begun == (1 if only else len(EVERYTHING))


def test_the_claim_is_free_when_all_is_done(crowd):
  crowd.go({})
  claims = list(crowd.workdir.rglob(ablation_claims.CLAIM))
  assert len(claims) == len(EVERYTHING)
  for claim in claims:
    with locks.hold(claim):
      pass
