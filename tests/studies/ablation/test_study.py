"""An ablation from plan to table: what is run, run again, and what fails."""

from __future__ import annotations

import json

import ml_collections
import pytest

from configs import default
from tests.studies.ablation.ablation_parts import (
  Runner,
  config_of,
  make_data,
  row_of,
)
from zeroshot.studies.ablation import jobs, report
from zeroshot.studies.ablation import plan as plans


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  return make_data(tmp_path_factory.mktemp('data'))


TRAIN_A0, EVALUATE_A0 = 'a-seed0', ['a/seed0/aligned', 'a/seed0/moved']
TRAIN_A1, EVALUATE_A1 = 'a-seed1', ['a/seed1/aligned', 'a/seed1/moved']
EVALUATE_B = ['bb/seed0/aligned', 'bb/seed0/moved']
TRAIN_C, EVALUATE_C = 'c-seed0', ['c/seed0/aligned', 'c/seed0/moved']
EVALUATE_D = ['d/seed0/aligned', 'd/seed0/moved']
EVERYTHING = [
  TRAIN_A0,
  *EVALUATE_A0,
  *EVALUATE_B,
  TRAIN_A1,
  *EVALUATE_A1,
  TRAIN_C,
  *EVALUATE_C,
  *EVALUATE_D,
]


class Table:
  """Four rows, run by a ``Runner``."""

  def __init__(self, data, workdir):
    self.data, self.workdir, self.run = data, workdir, Runner()

  def config(self, **changed):
    config = config_of(self.data, **changed)
    rows = dict(
      a=row_of(seeds=(0, 1)),
      bb=row_of(evaluate=('detect.registration=none',)),
      c=row_of(train=('loss.contrast=0',)),
      d=row_of(weights='classical'),
    )
    with config.unlocked():
      config.rows = ml_collections.ConfigDict(rows, sort_keys=False)
    return config

  def ablate(self, config, run):
    """Runs; returns the failures."""
    plan = plans.build_plan(config, workdir=self.workdir)
    header = report.describe(config, plan, path='configs/x.py')
    study = jobs.Study(plan, self.workdir, header, run)
    return jobs.run_jobs(study, jobs.Shard())

  def go(self, config=None, **changed):
    """Runs; returns the commands that were run."""
    self.failures = self.ablate(config or self.config(**changed), self.run)
    return self.run.take()

  def json(self):
    return json.loads((self.workdir / 'table.json').read_text())

  def row(self, name):
    return {row['name']: row for row in self.json()['rows']}[name]

  def text(self):
    return (self.workdir / 'table.md').read_text()


@pytest.fixture
def table(data, tmp_path):
  return Table(data, tmp_path / 'work')


def test_everything_is_run_once_and_not_again(table):
  assert table.go() == EVERYTHING
  assert table.failures == []
  assert table.go() == []
  assert [row['status'] for row in table.json()['rows']] == ['done'] * 4


def test_the_files_hold_what_was_run(table):
  table.go()
  content = table.json()
  assert content['config'] == 'configs/x.py'
  assert content['num_pairs'] == 2
  assert content['settings']['every'] == 2
  assert content['hardware']['cores'] >= 1
  assert set(content) >= {'commit', 'dirty', 'date', 'caption'}
  row = table.row('a')
  assert row['seeds'] == [0, 1]
  assert row['about'] == 'asks'
  assert row['views']['moved']['ap']['values'] == [0.25, 0.25]
  assert table.row('bb')['views']['aligned']['ap']['mean'] == 0.5
  assert row['views']['aligned']['recall']['mean'] is None  # never NaN
  assert row['commands']['train'].startswith('python -m launch.train ')
  assert row['commands']['evaluate'].startswith('python -m launch.evaluate ')
  assert table.row('d')['train_minutes'] is None
  assert table.row('a')['train_minutes'] >= 0
  assert 'train' not in table.row('d')['commands']
  text = table.text()
  assert text.index('`a`') < text.index('`bb`') < text.index('`c`')
  batch_size = default.get_config().train.batch_size
  assert f'{table.config().steps} steps of {batch_size} pairs' in text
  assert '2 real pairs' in text
  assert list(table.workdir.rglob('*.partial')) == []


def test_only_some_rows_are_run_and_the_others_are_shown(table):
  assert table.go(only='bb') == [TRAIN_A0, *EVALUATE_B]
  assert table.row('a')['status'] == 'pending'
  assert table.row('bb')['status'] == 'done'
  assert '| `a` | asks | 0 of 2 | pending | pending |' in table.text()
  assert table.go(only='a') == [*EVALUATE_A0, TRAIN_A1, *EVALUATE_A1]
  assert table.row('bb')['status'] == 'done'


def test_an_interruption_loses_nothing(table):
  table.run.stopping = 'bb/seed0/moved'
  with pytest.raises(KeyboardInterrupt):
    table.go()
  assert table.run.take() == EVERYTHING[:5]
  assert table.row('a')['num_finished'] == 1
  assert table.row('bb')['num_finished'] == 0
  assert '`bb` | asks | 0 of 1 | 0.5000 | pending |' in table.text()
  table.run.stopping = ''
  assert table.go() == EVERYTHING[4:]


def test_a_training_that_was_stopped_goes_on_by_the_same_command(table):
  table.run.stopping = 'trainings/c-seed0'
  with pytest.raises(KeyboardInterrupt):
    table.go(only='c')
  (first,) = table.run.lines
  table.run.stopping, table.run.lines = '', []
  (record,) = (table.workdir / 'trainings').rglob('ablation.json')
  stopped = json.loads(record.read_text())
  assert stopped['done'] is False
  record.write_text(json.dumps(dict(stopped, seconds=600.0)))
  table.ablate(table.config(only='c'), table.run)
  assert table.run.lines[0] == first
  assert json.loads(record.read_text())['done'] is True
  assert 10 <= table.row('c')['train_minutes'] < 20  # both times count


def test_a_change_of_the_evaluation_repeats_it_alone(table):
  table.go()
  assert table.go(every=1) == [
    *EVALUATE_A0,
    *EVALUATE_B,
    *EVALUATE_A1,
    *EVALUATE_C,
    *EVALUATE_D,
  ]
  config = table.config(every=1)
  config.rows.bb.evaluate = ('detect.registration=none', 'detect.join_px=3.0')
  assert table.go(config) == EVALUATE_B


def test_a_change_of_the_training_repeats_both_elsewhere(table):
  table.go()
  config = table.config()
  config.rows.c.train = ('loss.contrast=0.2',)
  assert table.go(config) == [TRAIN_C, *EVALUATE_C]
  assert len(list((table.workdir / 'trainings').glob('c-seed0-*'))) == 2
  assert table.go() == EVALUATE_C  # back: the first training is still there


def test_a_change_of_the_config_file_counts_as_one(table, tmp_path):
  file = tmp_path / 'changing.py'
  text = 'from configs import smoke\n\ndef get_config():\n  c = smoke'
  file.write_text(f'{text}.get_config()\n  return c\n')
  assert table.go(base=str(file), only='c') == [TRAIN_C, *EVALUATE_C]
  assert table.go(base=str(file), only='c') == []
  file.write_text(f'{text}.get_config()\n  c.loss.dice = 0.125\n  return c\n')
  assert table.go(base=str(file), only='c') == [TRAIN_C, *EVALUATE_C]


def test_a_moved_folder_is_as_good(table):
  table.go()
  moved = table.workdir.with_name('moved')
  table.workdir.rename(moved)
  table.workdir = moved
  assert table.go() == []
  assert table.row('a')['status'] == 'done'


def test_metrics_without_a_record_are_ignored(table):
  table.go()
  folder = table.workdir / 'rows' / 'c' / 'seed0' / 'aligned'
  (folder / 'command.json').unlink()
  assert table.go() == EVALUATE_C[:1]
  (folder / 'metrics.json').unlink()
  assert table.go() == EVALUATE_C[:1]


def test_a_training_that_fails_does_not_stop_the_others(table):
  table.run.failing = '--workdir=' + str(table.workdir / 'trainings/a-seed0')
  assert table.go() == [
    TRAIN_A0,
    TRAIN_A1,
    *EVALUATE_A1,
    TRAIN_C,
    *EVALUATE_C,
    *EVALUATE_D,
  ]
  lines = list(map(str, table.failures))
  assert [line.split(':')[0] for line in lines] == [
    f'{row}, seed 0, {view}'
    for row in ('a', 'bb')
    for view in ('aligned', 'moved')
  ]
  (log,) = (table.workdir / 'logs').glob('a-seed0-*.log')
  assert lines[0] == f'a, seed 0, aligned: error: it broke (log: {log})'
  assert log.read_text().startswith('$ python -m launch.train ')
  statuses = [row['status'] for row in table.json()['rows']]
  assert statuses == ['failed', 'failed', 'done', 'done']
  assert table.row('a')['failures'][0]['message'] == 'error: it broke'
  assert '- bb, seed 0, moved: error: it broke' in table.text()
  table.run.failing = ''
  assert table.go() == [TRAIN_A0, *EVALUATE_A0, *EVALUATE_B]
  assert table.row('a')['status'] == 'done'
  assert 'Failed' not in table.text()


def test_an_evaluation_that_fails_keeps_no_older_metrics(table):
  table.go()
  table.run.failing = 'rows/c/seed0/moved'
  assert table.go(every=1, only='c') == EVALUATE_C
  (failure,) = table.failures
  assert failure.fault.message == 'error: it broke'
  assert table.row('c')['views']['moved']['ap']['values'] == []
  assert table.row('c')['views']['aligned']['ap']['values'] == [0.25]
  assert not (table.workdir / 'rows/c/seed0/moved/metrics.json').exists()


@pytest.mark.parametrize(
  ('status', 'message'),
  [
    (3, 'exit status 3'),
    (-9, 'killed by signal 9'),
    (0, 'it ended well but wrote no '),
  ],
)
def test_a_failure_without_output_is_explained(table, status, message):
  config = table.config(only='d')
  failures = table.ablate(config, lambda *unused: status)
  assert [failure.evaluation.view for failure in failures] == [
    'aligned',
    'moved',
  ]
  assert failures[0].fault.message.startswith(message)
  assert table.row('d')['status'] == 'failed'
