"""Leave-one-out: runs are not repeated; its table."""

from __future__ import annotations

import json

import pytest

from configs import default
from tests.studies import transfer_parts
from zeroshot.studies import leave_one_out, leave_one_out_table, runs

COUNTS = {'a': 3, 'b': 1, 'lot 3/x': 2}
BEFORE = {'a': 0.1, 'b': 0.2, 'lot 3/x': 0.3}
AFTER = {'a': 0.5, 'b': 0.7, 'lot 3/x': 0.9}


@pytest.fixture(scope='module')
def pairs(tmp_path_factory):
  return transfer_parts.write_manifest(tmp_path_factory.mktemp('data'), COUNTS)


def config_of(pairs, **changed):
  settings = dict(stop_group='a', stop_group_else='b')
  named = {f'leave_one_out__{name}': value for name, value in settings.items()}
  return transfer_parts.config_of(pairs, **{**named, **changed})


def score(config, moved):
  """Of the group that is reported on; a move costs 0.05."""
  values = AFTER if config.model.kinds else BEFORE
  return values[config.eval.groups] - 0.05 * moved


class Table:
  def __init__(self, pairs, workdir, monkeypatch):
    self.pairs, self.workdir = pairs, workdir
    self.stand = transfer_parts.Stand(monkeypatch, score)

  def go(self, only='', **changed):
    """Runs; gives the names of the trainings."""
    config = config_of(self.pairs, **changed)
    leave_one_out.run(
      config, default.get_config(), workdir=self.workdir, only=only
    )
    return self.stand.take()

  def json(self):
    return json.loads((self.workdir / 'leave_one_out.json').read_text())

  def text(self):
    return (self.workdir / 'leave_one_out.md').read_text()


@pytest.fixture
def table(pairs, tmp_path, monkeypatch):
  return Table(pairs, tmp_path / 'work', monkeypatch)


def test_everything_is_run_once_and_not_again(table):
  assert table.go() == ['a', 'b', 'lot_3_x']
  assert len(table.stand.evaluated) == 3 * 2 * 2
  assert table.go() == []
  assert len(table.stand.evaluated) == 3 * 2 * 2
  assert len(list(table.workdir.glob('records/*.json'))) == 6


def test_a_killed_group_alone_is_run_again(table):
  table.stand.stopping = 'b'
  with pytest.raises(KeyboardInterrupt):
    table.go()
  assert '| b | pending | pending / pending |' in table.text()
  assert '| mean of 1 of 3 | 3 | 0.5000 / 0.1000 |' in table.text()
  table.stand.stopping = ''
  table.stand.take()
  assert table.go() == ['b', 'lot_3_x']


def test_each_group_is_reported_on_by_weights_that_never_saw_it(pairs):
  groups = leave_one_out.plan(config_of(pairs), default.get_config())
  assert list(groups) == ['a', 'b', 'lot 3/x']
  for name, group in groups.items():
    labelled = group.transferred.config.labelled
    assert labelled.leave_out == name
    assert labelled.stop_groups == ('b' if name == 'a' else 'a')
    assert not group.untrained.trained
    assert group.untrained.config.model.kinds == ()
    for run in group:
      chosen = runs.reported_pairs(run.config)
      assert {pair.group for pair in chosen} == {name}
      assert len(chosen) == COUNTS[name]
      assert run.views['moved'] == dict(
        shift_px=10.0, rotation_deg=2.5, scale=1.0
      )


def test_some_groups_alone(pairs):
  config = config_of(pairs, labelled__groups='a,b', labelled__leave_out='a')
  (group,) = leave_one_out.plan(config, default.get_config()).values()
  assert group.transferred.config.labelled.leave_out == 'a,b'


def test_no_stop_group_trains_to_the_end(pairs, table):
  changed = dict(leave_one_out__stop_group='', leave_one_out__every=2)
  for group in leave_one_out.plan(
    config_of(pairs, **changed), default.get_config()
  ).values():
    assert group.transferred.config.labelled.stop_groups == ''
  table.go(**changed)
  assert 'each training took 800 steps' in table.text()
  assert '| a | 2 |' in table.text()


def test_only_some_groups_are_run_and_the_table_shows_all_records(table):
  assert table.go(only='lot 3/x') == ['lot_3_x']
  assert len(table.stand.evaluated) == 4
  assert table.go(only='b') == ['b']
  rows = {row['group']: row for row in table.json()['groups']}
  assert rows['a']['transferred'] is None
  assert rows['b']['transferred']['official_6_ap'] == 0.7
  assert '| lot 3/x | 2 | 0.9000 / 0.3000 |' in table.text()
  with pytest.raises(ValueError, match='no x; give some of a, b, lot 3/x'):
    table.go(only='x')


def test_records_of_another_config_are_refused(table):
  table.go(only='a')
  with pytest.raises(
    ValueError,
    match=r'a.json was made with another config: views.moved.shift_px was '
    r'10.0 and is now 5.0. Take a new --workdir',
  ):
    table.go(leave_one_out__moved__shift_px=5.0)
  assert table.stand.take() == []


def test_the_mean_is_weighted_by_pictures(table):
  table.go()
  mean = table.json()['mean']
  assert (mean['num_groups'], mean['num_pairs']) == (3, 6)
  after, before = mean['transferred'], mean['untrained']
  expected = (3 * 0.5 + 1 * 0.7 + 2 * 0.9) / 6
  assert after['official_6_ap'] == pytest.approx(expected)
  assert after['moved_official_6_ap'] == pytest.approx(expected - 0.05)
  assert before['official_6_ap'] == pytest.approx((0.3 + 0.2 + 0.6) / 6)


def test_the_table_holds_the_numbers(table):
  table.go()
  assert (
    '| group | pairs | official-6 AP | official AP | AP at IoU 0.5 | '
    'AP at IoU 0.75 | kind accuracy | official-6 AP, moved |' in table.text()
  )
  assert (
    '| a | 3 | 0.5000 / 0.1000 | 0.5010 / 0.1010 | 0.5020 / 0.1020 | '
    '0.5030 / 0.1030 | 0.5050 / 0.1050 | 0.4500 / 0.0500 |' in table.text()
  )
  assert '| mean | 6 | 0.6667 / 0.1833 |' in table.text()
  assert 'a (b where the former is reported on)' in table.text()


def test_a_mean_of_nothing_and_of_something_undefined():
  assert leave_one_out_table.weighted_mean([]).transferred is None
  views = dict(moved=transfer_parts.metrics(0.5))
  views['as_is'] = transfer_parts.metrics(0.5, kind_accuracy=None)
  record = runs.Record({}, 2, views, step=1, commit='')
  row = leave_one_out_table.build_row('a', record, record)
  mean = leave_one_out_table.weighted_mean([row])
  text = leave_one_out_table.to_markdown([row], mean, caption='')
  assert '| mean | 2 | 0.5000 / 0.5000 |' in text
  assert '| - / - |' in text


@pytest.mark.parametrize(
  ('changed', 'message'),
  [
    (dict(leave_one_out__stop_group='x'), 'stop_group: there is no group x'),
    (dict(leave_one_out__stop_group_else='a'), 'are both a'),
    (dict(leave_one_out__every=0), 'leave_one_out.every is 0'),
    (dict(labelled__manifest=''), 'no labelled pairs are named'),
  ],
)
def test_a_mistake_is_told_before_anything_is_run(table, changed, message):
  with pytest.raises(ValueError, match=message):
    table.go(**changed)
  assert table.stand.take() == []


@pytest.mark.slow
def test_from_pairs_to_table(pairs, tmp_path):
  config = config_of(pairs, labelled__stop_every=1)
  config.update_from_flattened_dict(transfer_parts.TINY)
  config.labelled.synthetic_every = 0  # nothing to draw, so less to compile
  leave_one_out.run(config, default.get_config(), workdir=tmp_path, only='b')
  content = json.loads((tmp_path / 'leave_one_out.json').read_text())
  row = content['groups'][1]
  assert (row['group'], row['num_pairs']) == ('b', 1)
  for side in ('transferred', 'untrained'):
    assert 0 <= row[side]['official_ap'] <= 1
  assert content['mean']['num_groups'] == 1
  stops = (tmp_path / 'runs/b/early_stopping.jsonl').read_text().splitlines()
  record = json.loads((tmp_path / 'records/b.json').read_text())
  best = max(map(json.loads, stops), key=lambda stop: stop['ap'])
  assert record['step'] == best['step']
