"""The rows of configs/ablations.py as commands."""

from __future__ import annotations

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from ml_collections import config_dict

from configs import ablations
from tests import config_reads
from tests.studies.ablation.ablation_parts import config_of, make_data, row_of
from tests.test_config import leaves
from zeroshot import losses
from zeroshot.model.build import build_model
from zeroshot.studies.ablation import child, report
from zeroshot.studies.ablation import plan as plans
from zeroshot.synthesis import pairs
from zeroshot.train.optimizer import build_optimizer

ROOT = Path(__file__).resolve().parents[3]
NAMES = list(ablations.get_config().rows)


def test_the_config_is_locked():
  config = ablations.get_config()
  assert config.is_locked
  assert config.rows.base.is_locked


def test_the_config_opens_with_its_command():
  text = (ROOT / 'configs' / 'ablations.py').read_text()
  assert 'python -m launch.ablate --config=configs/ablations.py' in text


def test_every_field_is_read(data, monkeypatch):
  reads = config_reads.Recorder(monkeypatch)
  config = reads.track(config_of(data))
  plan = plans.build_plan(config, workdir=Path('work'))
  report.describe(config, plan, path='configs/ablations.py')
  assert not set(leaves(config)) - reads.paths


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  return make_data(tmp_path_factory.mktemp('data'))


@pytest.fixture(scope='module')
def plan(data):
  return plans.build_plan(config_of(data), workdir=Path('work'))


@pytest.fixture(scope='module')
def rows(plan):
  return {row.name: row for row in plan.rows}


def train_flags(row):
  return row.evaluations[0].training.settings


def settings_of(row):
  return row.evaluations[0].settings


@pytest.mark.parametrize('name', NAMES)
def test_what_a_row_asks_for_can_be_built(rows, name):
  evaluation = rows[name].evaluations[0]
  if evaluation.training is None:
    assert '--weights=classical' in evaluation.command
    return
  settings = config_dict.ConfigDict(evaluation.training.settings)
  synthesise = pairs.build_synthesis(settings.synthesis)
  bank = jnp.zeros((1, 320, 320, 3), jnp.uint8)
  has_bank = bool(settings.synthesis.bank)
  keys = jax.random.split(jax.random.key(0), 2)
  pair = jax.eval_shape(synthesise, keys, bank if has_bank else None)
  model = build_model(settings.model)
  prediction, _ = jax.eval_shape(
    model.init_with_output, keys[0], pair.reference, pair.test
  )
  loss, _ = jax.eval_shape(
    losses.build_loss(settings.loss), prediction, pair.mask
  )
  assert prediction.logits.shape == pair.mask.shape
  assert loss.shape == ()
  build_optimizer(settings.train)
  # What is evaluated is the network that was trained.
  assert evaluation.settings['model'] == evaluation.training.settings['model']


def test_every_row_has_the_same_budget(rows):
  steps = ablations.get_config().steps
  batch_size = train_flags(rows['base'])['train']['batch_size']
  for row in rows.values():
    for evaluation in row.evaluations:
      if evaluation.training:
        train = evaluation.training.settings['train']
        assert train['steps'] == train['checkpoint_every'] == steps, row.name
        assert train['batch_size'] == batch_size, row.name


def test_every_row_is_judged_on_the_same_pairs(rows):
  base = settings_of(rows['base'])
  for row in rows.values():
    for evaluation in row.evaluations:
      settings = evaluation.settings
      for field in ('root', 'split', 'groups', 'every', 'max_pairs'):
        assert settings['eval'][field] == base['eval'][field], row.name
      assert settings['seed'] == base['seed']
      if settings['eval']['synthetic_pairs']:
        assert settings['synthesis'] == base['synthesis'], row.name


def test_each_row_changes_what_it_says(rows):
  base = train_flags(rows['base'])
  synthesis = {name: train_flags(rows[name])['synthesis'] for name in _TRAINED}
  for name in ('base', 'paper', 'photographs', 'both'):
    weights = synthesis[name]['backgrounds']
    photographs = weights['photographs']
    others = sum(weights.values()) - photographs
    expected = dict(base=0.0, paper=1.0, photographs=1.0, both=0.5)[name]
    assert photographs / (photographs + others) == expected, name
  for nuisance in synthesis['no_nuisances']['nuisances'].values():
    assert nuisance['probability'] == 0
  for kind in ablations.REGIONS:
    regions = synthesis[f'{kind}_only']['regions']
    kept = [k for k in ablations.REGIONS if regions[k] > 0]
    assert kept == [kind]
  for kind in ablations.REGIONS:
    assert base['synthesis']['regions'][kind] > 0
  assert synthesis['no_defect_free']['defect_free_share'] == 0
  assert train_flags(rows['no_contrast'])['loss']['contrast'] == 0
  assert train_flags(rows['no_ema'])['train']['ema_decay'] == 0
  assert train_flags(rows['early_fusion'])['model']['kind'] == 'early_fusion'
  assert not any(train_flags(rows['no_matching'])['model']['match_radii'])
  for field in ('widths', 'decoder_widths'):
    for name, factor in (('half_width', 0.5), ('double_width', 2)):
      widths = train_flags(rows[name])['model'][field]
      assert widths == [factor * w for w in base['model'][field]], name
  assert base['loss']['contrast'] > 0
  assert any(base['model']['match_radii'])
  assert base['synthesis']['defect_free_share'] > 0
  for name, is_off in (('base', False), ('no_registration', True)):
    registration = settings_of(rows[name])['detect']['registration']
    assert (registration == 'none') == is_off, name


_TRAINED = [name for name in NAMES if name != 'classical']


def test_no_two_rows_are_the_same(rows):
  described = [
    json.dumps([row.evaluations[0].training, settings_of(row)], default=str)
    for row in rows.values()
  ]
  assert len(set(described)) == len(rows) == 24


def test_a_view_changes_the_alignment(rows):
  aligned, moved = rows['base'].evaluations[:2]
  assert (aligned.view, moved.view) == ('aligned', 'moved')
  still = dict(shift_px=0.0, rotation_deg=0.0, scale=1.0)
  assert aligned.settings['eval']['misalign'] == still
  turned = dict(shift_px=10.0, rotation_deg=2.5, scale=1.0)
  assert moved.settings['eval']['misalign'] == turned


def test_rows_share_a_training_where_they_can(rows):
  def trainings(name):
    return [e.training and e.training.folder for e in rows[name].evaluations]

  assert trainings('no_registration') == trainings('base')
  assert len(set(trainings('base'))) == 3
  assert not set(trainings('no_matching')) & set(trainings('base'))
  assert trainings('classical') == [None, None]
  folders = {
    e.training.folder
    for row in rows.values()
    for e in row.evaluations
    if e.training
  }
  assert len(folders) == 30


def test_rows_of_other_labelled_pairs_are_trained_apart(data):
  config = config_of(data)
  with config.unlocked():
    for name, lines in dict(
      one=('labelled.num_pairs=1',),
      five=('labelled.num_pairs=5',),
      hidden=('labelled.num_pairs=1', 'detect.hidden_px=9'),
      boxes=('labelled.num_pairs=1', 'detect.min_area_px=9'),
    ).items():
      config.rows[name] = row_of(
        config='configs/transfer.py', train=(f'labelled.root={data}', *lines)
      )
  plan = plans.build_plan(config, workdir=Path('work'))
  one, five, hidden, boxes = (
    row.evaluations[0].training.folder for row in plan.rows[-4:]
  )
  assert len({one, five, hidden}) == 3
  assert boxes == one  # they decide nothing that is learned


def test_commands_are_as_one_types_them(rows, data):
  row = rows['no_matching'].evaluations[0]
  line = child.format_command(row.training.command)
  folder = row.training.folder
  assert folder.parent == Path('work/trainings')
  assert folder.name.startswith('no_matching-seed0-')
  assert line.startswith(
    f'python -m launch.train --config=configs/default.py --workdir={folder} '
  )
  assert "'--config.model.match_radii=(0,0,0,0)'" in line
  assert line.endswith(' --config.seed=0')
  assert 'bank' not in line
  assert row.command[:3] == (
    'launch.evaluate',
    '--config=configs/default.py',
    f'--workdir={folder}',
  )
  assert f'--out={Path("work/rows/no_matching/seed0/aligned")}' in row.command
  assert f'--config.eval.root={data}' in row.command
  photographs = rows['photographs'].evaluations[0]
  bank = f'--config.synthesis.bank={data / "bank.npz"}'
  assert bank in photographs.training.command
  assert bank not in photographs.command


def test_the_pairs_are_counted(plan):
  assert plan.num_pairs == 2  # every 2nd of 4


def test_no_bank_is_asked_for_rows_that_take_none(data):
  config = config_of(data, bank='', only='base, no_ema')
  plan = plans.build_plan(config, workdir=Path('work'))
  assert [row.name for row in plan.rows if row.selected] == ['base', 'no_ema']
  assert [row.name for row in plan.rows] == NAMES
