"""The few-shot curve: runs are not repeated; its table."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from configs import default
from tests.studies import transfer_parts
from zeroshot.data import manifest, pictures
from zeroshot.experiments import labelled_sets
from zeroshot.studies import few_shot, few_shot_table, runs

COUNTS = {'a': 3, 'b': 1, 'c': 2}
ALL_RUNS = ['n1_seed0', 'n1_seed1', 'n3_seed0', 'n3_seed1']
ALL_RUNS += ['all_seed0', 'all_seed1']


@pytest.fixture(scope='module')
def pairs(tmp_path_factory):
  return transfer_parts.write_manifest(tmp_path_factory.mktemp('data'), COUNTS)


def config_of(pairs, **changed):
  settings = dict(sizes=(0, 3, 1), num_seeds=2, held_out='c', every=1, steps=0)
  named = {f'few_shot__{name}': value for name, value in settings.items()}
  return transfer_parts.config_of(pairs, **{**named, **changed})


def score(config, moved):
  """The more pairs the better; the second seed is 0.02 above the first."""
  assert not moved
  if not config.model.kinds:
    return 0.5
  return 0.6 + 0.05 * config.labelled.num_pairs + 0.02 * config.seed


class Curve:
  def __init__(self, pairs, workdir, monkeypatch):
    self.pairs, self.workdir = pairs, workdir
    self.stand = transfer_parts.Stand(monkeypatch, score)

  def go(self, only='', **changed):
    """Runs; gives the names of the trainings."""
    config = config_of(self.pairs, **changed)
    few_shot.run(config, default.get_config(), workdir=self.workdir, only=only)
    return self.stand.take()

  def json(self):
    return json.loads((self.workdir / 'few_shot.json').read_text())

  def text(self):
    return (self.workdir / 'few_shot.md').read_text()


@pytest.fixture
def curve(pairs, tmp_path, monkeypatch):
  return Curve(pairs, tmp_path / 'work', monkeypatch)


def test_everything_is_run_once_and_not_again(curve):
  assert curve.go() == ALL_RUNS
  assert len(curve.stand.evaluated) == 7  # and the untrained weights
  before = {f: f.read_bytes() for f in curve.workdir.glob('records/*')}
  assert curve.go() == []
  assert len(curve.stand.evaluated) == 7
  assert {f: f.read_bytes() for f in before} == before
  assert sorted(f.stem for f in before) == sorted([*ALL_RUNS, 'n0'])
  assert list(curve.workdir.rglob('*.partial*')) == []


def test_bad_pairs_of_any_run_are_named_before_the_first(tmp_path, monkeypatch):
  path = transfer_parts.write_manifest(tmp_path / 'data', COUNTS)
  curve = Curve(path, tmp_path / 'work', monkeypatch)
  listed = manifest.read_manifest(path)
  for pair in (listed[1], listed[5]):  # learned from, reported on
    pair.test_path.write_bytes(b'')
  config = config_of(path, few_shot__sizes=(0, 1), few_shot__num_seeds=1)
  first = few_shot.plan(config, default.get_config())['1'].runs[0]
  assert '2' not in {
    p.name for p in labelled_sets.read_split(first.config).train
  }
  with pytest.raises(ValueError, match=r'^2 faults: ') as caught:
    curve.go()
  for pair in (listed[1], listed[5]):
    assert f'{pair.test_path}: the file is empty' in str(caught.value)
  assert curve.stand.take() == curve.stand.evaluated == []


def test_a_killed_run_alone_is_run_again(curve):
  curve.stand.stopping = 'n3_seed0'
  with pytest.raises(KeyboardInterrupt):
    curve.go()
  assert curve.json()['sizes']['1']['seeds'] == [0, 1]
  assert curve.json()['sizes']['3']['seeds'] == []
  assert '| 3 | 0 of 2 | pending |' in curve.text()
  curve.stand.stopping = ''
  curve.stand.take()
  assert curve.go() == ALL_RUNS[2:]


def test_more_seeds_and_sizes_repeat_nothing(curve):
  curve.go()
  new = curve.go(few_shot__sizes=(0, 1, 2, 3), few_shot__num_seeds=3)
  assert new == ['n1_seed2', 'n2_seed0', 'n2_seed1', 'n2_seed2'] + [
    'n3_seed2',
    'all_seed2',
  ]


def test_what_each_run_learns_from_and_is_reported_on(pairs):
  sizes = few_shot.plan(
    config_of(pairs, few_shot__steps=7), default.get_config()
  )
  assert list(sizes) == ['0', '1', '3', 'all']
  assert [size.num_pairs for size in sizes.values()] == [0, 1, 3, 4]
  second = sizes['3'].runs[1].config
  assert (second.seed, second.labelled.num_pairs) == (1, 3)
  assert (second.labelled.leave_out, second.labelled.stop_groups) == ('c', '')
  assert second.train.steps == 7
  assert sizes['all'].runs[0].config.labelled.num_pairs == 0
  names = [pair.name for pair in runs.reported_pairs(second)]
  assert names == ['5', '6']
  every = few_shot.plan(
    config_of(pairs, few_shot__every=2), default.get_config()
  )
  config = every['1'].runs[0].config
  assert len(runs.reported_pairs(config)) == 1
  assert config.train.steps == 800  # of the config


def test_groups_left_out_stay_so(pairs):
  config = config_of(pairs, labelled__leave_out='b')
  sizes = few_shot.plan(config, default.get_config())
  assert sizes['all'].num_pairs == 3
  assert sizes['1'].runs[0].config.labelled.leave_out == 'b,c'


def test_no_pair_means_the_weights_before_any_transfer(pairs):
  config = config_of(pairs, detect__threshold=0.3)
  (run,) = few_shot.plan(config, default.get_config())['0'].runs
  assert not run.trained
  assert run.config.model.kinds == ()
  assert not run.config.model.predicts_sides
  assert run.config.detect.threshold == 0.1  # of configs/default.py
  assert (
    few_shot.plan(config, default.get_config())['1']
    .runs[0]
    .config.detect.threshold
    == 0.3
  )


def test_only_some_runs_are_run_and_the_table_shows_all_records(curve):
  assert curve.go(only='n3_seed1, all_seed0') == ['n3_seed1', 'all_seed0']
  assert curve.json()['sizes']['3']['seeds'] == [1]
  assert '| 3 | 1 of 2 | 0.7700 |' in curve.text()
  assert curve.go(only='n0') == []
  assert '| 0 | 1 | 0.5000 |' in curve.text()
  assert curve.json()['sizes']['all']['seeds'] == [0]
  with pytest.raises(ValueError, match='no n4_seed0; give some of n0, n1_se'):
    curve.go(only='n4_seed0')


def test_records_of_another_config_are_refused(curve):
  curve.go(only='n0')
  with pytest.raises(
    ValueError,
    match=r'n0.json was made with another config: train.learning_rate was '
    r'0.001 and is now 0.5. Take a new --workdir',
  ):
    curve.go(train__learning_rate=0.5)
  assert curve.stand.take() == []
  assert curve.go(only='n1_seed0', train__log_every=7)  # decides nothing


def test_figures_and_their_interval(curve):
  curve.go()
  row = curve.json()['sizes']['3']
  assert (row['num_pairs'], row['seeds'], row['num_planned']) == (3, [0, 1], 2)
  ap = row['official_6_ap']
  assert ap['values'] == pytest.approx([0.75, 0.77])
  assert (ap['mean'], ap['min'], ap['max']) == pytest.approx((0.76, 0.75, 0.77))
  # Two values d apart: half the width is d / 2 times Student's 12.706.
  assert ap['interval_95'] == pytest.approx(
    [0.76 - 0.12706, 0.76 + 0.12706], abs=1e-5
  )
  assert row['kind_accuracy']['mean'] == pytest.approx(0.765)
  assert curve.json()['sizes']['0']['official_6_ap']['interval_95'] == [
    None,
    None,
  ]
  assert curve.json()['sizes']['all']['num_pairs'] == 4


def test_the_table_holds_the_numbers(curve):
  curve.go()
  assert (
    '| labelled pairs | seeds | official-6 AP | official AP | AP at IoU 0.5 '
    '| AP at IoU 0.75 | kind accuracy |' in curve.text()
  )
  assert '| 0 | 1 | 0.5000 | 0.5010 | 0.5020 | 0.5030 | 0.5050 |' in (
    curve.text()
  )
  assert '| 3 | 2 | 0.7600 [0.6329, 0.8871] | 0.7610 [' in curve.text()
  assert '| all (4) | 2 | 0.6100 [' in curve.text()
  assert 'Reported on 2 labelled pairs of c' in curve.text()


def test_the_plot_shows_what_is_there(curve):
  curve.go(only='n0')
  first = pictures.read_picture(curve.workdir / 'few_shot.png')
  curve.go()
  second = pictures.read_picture(curve.workdir / 'few_shot.png')
  assert first.shape == second.shape
  assert np.abs(first - second).max() > 0.5


def test_an_undefined_figure_is_no_point():
  metrics = dict(as_is=transfer_parts.metrics(0.5, ap=None))
  record = runs.Record({}, 2, metrics, step=1, commit='')
  row = few_shot_table.build_row(3, {0: record})
  assert math.isnan(row.metrics['official_6_ap']['mean'])
  assert few_shot_table.to_points({'3': row}) == []
  assert '| 3 | 1 | - | 0.5010 |' in few_shot_table.to_markdown(
    {'3': row}, caption=''
  )


@pytest.mark.parametrize(
  ('changed', 'message'),
  [
    (dict(few_shot__sizes=(5,)), r'sizes is \(5,\); give .* from 0 to 4'),
    (dict(few_shot__sizes=(1, 1)), 'each once'),
    (dict(few_shot__num_seeds=0), 'give at least 1 seed'),
    (dict(few_shot__every=0), 'few_shot.every is 0'),
    (dict(few_shot__held_out=''), 'few_shot.held_out is empty'),
    (dict(few_shot__held_out='x'), 'there is no group x'),
    (dict(labelled__manifest=''), 'no labelled pairs are named'),
    (dict(train__init_weights=''), 'init_weights is empty'),
  ],
)
def test_a_mistake_is_told_before_anything_is_run(curve, changed, message):
  with pytest.raises(ValueError, match=message):
    curve.go(**changed)
  assert curve.stand.take() == []


@pytest.mark.slow
def test_from_pairs_to_table_and_plot(pairs, tmp_path):
  config = config_of(pairs, few_shot__sizes=(0, 1), few_shot__num_seeds=1)
  config.update_from_flattened_dict(transfer_parts.TINY)
  config.labelled.synthetic_every = 0  # nothing to draw, so less to compile
  few_shot.run(config, default.get_config(), workdir=tmp_path)
  sizes = json.loads((tmp_path / 'few_shot.json').read_text())['sizes']
  assert [sizes[label]['seeds'] for label in ('1', 'all')] == [[0], [0]]
  for label in ('0', '1', 'all'):
    assert 0 < sizes[label]['official_ap']['mean'] <= 1
  record = json.loads((tmp_path / 'records/n1_seed0.json').read_text())
  assert (record['step'], record['num_pairs']) == (2, 2)
  assert (tmp_path / 'runs/n1_seed0/config.json').is_file()
  log = tmp_path / 'runs/n1_seed0/metrics.jsonl'
  before = log.stat().st_mtime_ns
  (tmp_path / 'records/n1_seed0.json').unlink()  # killed in the evaluation
  few_shot.run(config, default.get_config(), workdir=tmp_path)
  again = json.loads((tmp_path / 'records/n1_seed0.json').read_text())
  assert again['metrics'] == record['metrics']
  assert log.stat().st_mtime_ns >= before
  assert len(log.read_text().splitlines()) == 1  # nothing is trained twice
