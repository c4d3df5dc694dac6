"""The rows of configs/ladder.py, each a change of the row above."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from configs import default, ladder, paper
from tests.studies.ablation.ablation_parts import make_data
from zeroshot.run_config import compatibility
from zeroshot.studies.ablation import plan as plans
from zeroshot.studies.ablation import report

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope='module')
def config(tmp_path_factory):
  folder = make_data(tmp_path_factory.mktemp('data'))
  made = ladder.get_config()
  made.update(root=str(folder), split='generated', groups='', every=2)
  made.update(bank=str(folder / 'bank.npz'))
  return made


@pytest.fixture(scope='module')
def rows(config):
  plan = plans.build_plan(config, workdir=Path('work'))
  assert report.describe(config, plan, path='configs/ladder.py')['caption']
  return {row.name: row.evaluations[0] for row in plan.rows}


def trained(rows):
  return [row for row in rows.values() if row.training]


def test_the_config_is_locked_and_opens_with_its_command():
  assert ladder.get_config().is_locked
  assert ladder.get_config().rows.paper.is_locked
  text = (ROOT / 'configs' / 'ladder.py').read_text()
  assert 'python -m launch.ablate --config=configs/ladder.py' in text


def test_its_foot_is_the_published_recipe_and_its_head_what_ships(rows):
  names = list(rows)
  assert names[0] == 'paper'
  assert [rows[name].source for name in names[-2:]] == [
    'photographs',
    'default',
  ]
  settings = rows['paper'].training.settings
  published = compatibility.plain_config(paper.get_config())
  for section in ('model', 'loss', 'detect'):
    assert settings[section] == published[section], section
  changed = compatibility.differences(
    dict(published['train']), dict(settings['train'])
  )
  assert {line.split()[0] for line in changed} == {
    'steps',
    'checkpoint_every',
    'log_every',
    'sample_every',
  }


def test_every_training_has_one_budget(rows):
  for row in trained(rows):
    train = row.training.settings['train']
    assert (train['steps'], train['batch_size']) == (400, 16), row.row


def test_no_two_rows_that_follow_are_the_same(rows):
  for above, below in itertools.pairwise(trained(rows)):
    assert (
      above.training.folder != below.training.folder
      or above.settings['detect'] != below.settings['detect']
    ), below.row


def test_each_row_changes_what_it_says(rows):
  settings = {row.row: row.training.settings for row in trained(rows)}
  drawn = settings['drawn']['synthesis']['backgrounds']
  assert drawn == default.get_config().synthesis.backgrounds.to_dict()
  assert settings['drawn']['model'] == settings['paper']['model']
  assert settings['pairs']['model']['kind'] == 'early_fusion'
  assert not any(settings['siamese']['model']['match_radii'])
  plain = compatibility.plain_config(default.get_config())
  assert settings['matching']['model'] == plain['model']
  assert rows['matching'].settings['detect']['registration'] == 'none'
  assert rows['registration'].settings['detect'] == plain['detect']
  assert rows['registration'].training == rows['matching'].training
  assert settings['relief']['synthesis']['families']['relief'] > 0
  assert settings['symmetric']['model']['kind'] == 'symmetric'
