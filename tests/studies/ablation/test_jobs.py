"""Processes on one shared folder: each command is run once."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import pytest

from tests.studies.ablation import crowd as crowds
from tests.studies.ablation.ablation_parts import metrics
from tests.studies.ablation.crowd import EVERYTHING, build_plan
from zeroshot.runtime import atomic_files, locks
from zeroshot.studies.ablation import child, jobs, records, report
from zeroshot.studies.ablation.jobs import Shard

DONE = dict.fromkeys(crowds.ROWS, 'done')
JOB = dict(seconds=0.05)


@pytest.fixture
def crowd(tmp_path):
  crowd = crowds.Crowd(tmp_path / 'work')
  crowd.workdir.mkdir()
  yield crowd
  (crowd.workdir / 'go').touch()
  for process in crowd.started:
    process.join(crowds.LIMIT_S)
    assert not process.is_alive()


@pytest.mark.parametrize(
  ('text', 'shard'),
  [('all', (0, 1)), ('0/1', (0, 1)), ('0/8', (0, 8)), ('7/8', (7, 8))],
)
def test_a_shard_is_read(text, shard):
  assert jobs.parse_shard(text) == shard


@pytest.mark.parametrize(
  'text', ['', '/8', '8/8', '0/0', '-1/8', '1', '1/8/8', ' 0/8', '0.5/8', '٠/٨']
)
def test_an_invalid_shard_is_refused_by_name(text):
  with pytest.raises(ValueError, match='i/n with 0 <= i < n') as caught:
    jobs.parse_shard(text)
  assert str(caught.value).startswith(f'--shard={text}: ')


@pytest.mark.parametrize('num_parts', [1, 2, 3, 6, 9])
def test_the_shards_are_a_partition(num_parts):
  plan = build_plan(Path('work'))
  everything = jobs.list_jobs(plan, Shard())
  shards = [
    jobs.list_jobs(plan, Shard(part, num_parts)) for part in range(num_parts)
  ]
  dealt = [job for shard in shards for job in shard]
  assert sorted(job.folder for job in dealt) == sorted(
    {job.folder for job in everything}
  )
  evaluations = [e.folder for job in dealt for e in job.evaluations]
  assert len(set(evaluations)) == len(evaluations) == 14
  for job in dealt:
    assert all(e.training == job.training for e in job.evaluations)
  sizes = [len(shard) for shard in shards]
  assert max(sizes) - min(sizes) <= 1
  for shard in shards:
    assert shard == [job for job in everything if job in shard]  # in order


def test_rows_that_are_not_selected_are_not_dealt():
  plan = build_plan(Path('work'), ['bb', 'e'])
  shards = [jobs.list_jobs(plan, Shard(part, 3)) for part in range(3)]
  rows = [[e.row for job in shard for e in job.evaluations] for shard in shards]
  assert rows == [['bb', 'bb'], ['e', 'e'], ['e', 'e']]


def test_four_processes_run_everything_once(crowd):
  assert crowd.go(*[JOB] * 4) == [[]] * 4
  assert crowd.names('begin') == crowd.names('end') == EVERYTHING
  assert len({pid for _, pid in crowd.runs()}) > 1
  assert crowd.statuses() == DONE
  assert '| `e` | asks | 2 | 0.5000' in (crowd.workdir / 'table.md').read_text()


def test_shards_run_everything_once_and_each_training_in_one(crowd):
  assert crowd.go(*[dict(JOB, shard=f'{i}/3') for i in range(3)]) == [[]] * 3
  assert crowd.names() == EVERYTHING
  pids = dict(crowd.runs())
  assert pids['t0'] == pids['a/seed0/moved'] == pids['bb/seed0/aligned']
  assert len(set(pids.values())) == 3
  assert crowd.statuses() == DONE


def test_a_job_of_a_killed_process_is_taken_over(crowd):
  first = crowd.start(holding='t2')
  assert crowd.pid('t2') == first.pid
  second = crowd.start()  # does the rest, then waits for t2
  assert crowd.pid('e/seed1/moved') == second.pid
  time.sleep(0.2)
  assert second.is_alive()
  assert 'c/seed0/aligned' not in crowd.names()
  first.kill()
  assert crowd.wait(second) == []
  assert crowd.names() == sorted([*EVERYTHING, 't2'])
  assert crowd.names('end') == EVERYTHING
  assert crowd.statuses() == DONE


def test_after_a_kill_the_same_command_goes_on(crowd):
  first = crowd.start(holding='c/seed0/moved')
  assert crowd.pid('c/seed0/moved') == first.pid
  first.kill()
  first.join()
  assert crowd.rows()['c']['status'] == 'pending'
  assert crowd.go({}) == [[]]
  assert crowd.names() == sorted([*EVERYTHING, 'c/seed0/moved'])
  assert crowd.statuses() == DONE


def test_a_training_of_another_is_waited_for_where_rows_differ(crowd):
  crowd.start(only=['a'], holding='t0')
  crowd.pid('t0')
  second = crowd.start(only=['bb', 'd'])
  crowd.pid('d/seed0/moved')  # first what need not wait
  assert 'bb/seed0/aligned' not in crowd.names()
  (crowd.workdir / 'go').touch()
  assert crowd.wait(second) == []
  assert crowd.names().count('t0') == 1
  assert crowd.pid('bb/seed0/moved') == second.pid
  assert crowd.statuses()['bb'] == 'done'


def test_a_failure_is_in_the_table_of_others_until_it_is_run_again(crowd):
  lost = ['a/seed1/aligned', 'a/seed1/moved']
  assert crowd.go(dict(shard='1/2', failing='t1')) == [lost]
  assert crowd.go(dict(shard='0/2')) == [[]]  # none of its own
  assert crowd.statuses() == DONE | dict(a='failed')
  failure, _ = crowd.rows()['a']['failures']
  assert failure['message'] == 'error: it broke'
  assert Path(failure['log']) == crowd.workdir / 'logs' / 't1.log'
  text = (crowd.workdir / 'table.md').read_text()
  assert '- a, seed 1, moved: error: it broke' in text
  assert crowd.go({}) == [[]]
  assert crowd.statuses() == DONE
  assert not list(crowd.workdir.rglob('fault.json'))


def test_a_failure_counts_for_all_that_started_before_it(crowd):
  first = crowd.start(failing='t0', holding='t0')
  crowd.pid('t0')
  second = crowd.start(failing='t0', only=['a', 'c'])
  third = crowd.start(failing='t0', only=['bb', 'd'])
  crowd.pid('c/seed0/moved')
  crowd.pid('d/seed0/moved')
  (crowd.workdir / 'go').touch()
  of_a = ['a/seed0/aligned', 'a/seed0/moved']
  of_bb = ['bb/seed0/aligned', 'bb/seed0/moved']
  for process, lost in ((first, of_a + of_bb), (second, of_a), (third, of_bb)):
    assert crowd.wait(process) == lost
  assert crowd.names().count('t0') == 1
  assert not {*of_a, *of_bb} & set(crowd.names())
  crowd.go(dict(failing='t0'))  # a later command tries again
  assert crowd.names().count('t0') == 2


def test_the_locks_are_free_when_all_is_done(crowd):
  crowd.go({})
  files = list(crowd.workdir.rglob(jobs.LOCK))
  assert len(files) == 6
  for file in files:
    with locks.hold(file):
      pass


def test_a_training_that_was_told_to_stop_has_not_failed(tmp_path):
  plan = build_plan(tmp_path, ['c'])
  training = plan.rows[2].evaluations[0].training
  run = lambda *unused: os.EX_TEMPFAIL  # noqa: E731
  with pytest.raises(child.Stopped):
    jobs.run_jobs(jobs.Study(plan, tmp_path, crowds.HEADER, run), Shard())
  assert records.find_fault(training) is None
  assert records.read_training(training).done is False


def test_a_fault_of_other_settings_is_none(tmp_path):
  evaluation = build_plan(tmp_path).rows[0].evaluations[0]
  fault = records.Fault('m', tmp_path / 'log')
  records.write_fault(evaluation, fault)
  assert records.explain_missing(evaluation) == fault
  changed = evaluation._replace(settings=dict(detect='other'))
  assert records.explain_missing(changed) is None


def test_an_older_table_never_replaces_a_newer_one(tmp_path):
  plan = build_plan(tmp_path)
  writer = threading.Thread(
    target=report.write,
    args=(plan,),
    kwargs=dict(workdir=tmp_path, header=crowds.HEADER),
  )
  with locks.hold(tmp_path / 'table.lock'):
    writer.start()
    writer.join(0.3)
    assert writer.is_alive()
    assert not (tmp_path / 'table.json').exists()
    for evaluation in plan.rows[0].evaluations:
      path = records.metrics_file(evaluation)
      atomic_files.write_json(path, metrics(0.5))
      records.write_result(evaluation, commit='x')
  writer.join()
  rows = json.loads((tmp_path / 'table.json').read_text())['rows']
  assert [row['status'] for row in rows] == ['done'] + ['pending'] * 4
