"""The shipped weights: size, calibration and accuracy."""

from __future__ import annotations

import re

import jax
import numpy as np
import pytest

from configs import default, photographs, transfer
from data_tools import make_pairs
from zeroshot.boards import pairs
from zeroshot.data import pictures
from zeroshot.detect import calibration
from zeroshot.experiments import evaluation, loading
from zeroshot.inspection import loading as inspection_loading
from zeroshot.run_config import compatibility
from zeroshot.weights import files

MAX_BYTES = 8e6  # of all files in zeroshot/weights


@pytest.fixture(scope='module')
def weights():
  return loading.load(default.get_config(), workdir=None, weights='procedural')


def test_they_are_small_enough_in_all():
  shipped = [f for f in files.SHIPPED.rglob('*') if f.suffix != '.pyc']
  assert sum(f.stat().st_size for f in shipped if f.is_file()) <= MAX_BYTES


def test_each_has_a_card_with_all_its_pictures():
  stored = ['deeppcb', 'photographs', 'procedural']
  assert files.list_shipped() == sorted([*stored, 'default'])
  for name in stored:
    card = (files.SHIPPED / f'{name}.md').read_text()
    pictures = re.findall(r'!\[[^]]*\]\(([^)]+)\)', card)
    assert pictures
    assert all((files.SHIPPED / picture).is_file() for picture in pictures)
    assert '@@' not in card


def test_procedural_is_what_the_default_config_trains(weights):
  config = default.get_config()
  assert weights.step == config.train.steps
  compatibility.check_same_run(
    weights.config, compatibility.plain_config(config)
  )
  leaves = jax.tree.leaves(weights.parameters)
  assert sum(leaf.size for leaf in leaves) == 130_028
  assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_deeppcb_is_procedural_with_a_head(weights):
  config = transfer.get_config()
  config.train.init_weights = 'default'
  config.labelled.root = 'PCBData'
  deeppcb = loading.load(config, workdir=None, weights='deeppcb')
  assert deeppcb.step == config.train.steps
  compatibility.check_same_run(
    deeppcb.config, compatibility.plain_config(config)
  )
  head = deeppcb.parameters['pair_head']
  assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(head))
  assert np.abs(head['sides']['kernel']).max() > 0  # it has learned
  for name, part in weights.parameters.items():
    for a, b in zip(
      jax.tree.leaves(part),
      jax.tree.leaves(deeppcb.parameters[name]),
      strict=True,
    ):
      np.testing.assert_array_equal(a, b)
  assert deeppcb.calibration == weights.calibration


def test_default_is_photographs_and_procedural():
  default_ones = files.load('default')
  for loaded, name in (
    (default_ones._replace(two_tone=None), 'photographs'),
    (default_ones.two_tone, 'procedural'),
  ):
    jax.tree.map(np.testing.assert_array_equal, loaded, files.load(name))


def test_photographs_is_what_its_config_trains_from_an_earlier_run():
  config = photographs.get_config()
  loaded = loading.load(config, workdir=None, weights='photographs')
  assert loaded.step == config.train.steps
  config.train.init_weights = loaded.config['train']['init_weights']
  assert config.train.init_weights  # which the card tells of
  config.labelled.manifest = loaded.config['labelled']['manifest']
  compatibility.check_same_run(
    loaded.config, compatibility.plain_config(config)
  )
  leaves = jax.tree.leaves(loaded.parameters)
  assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_photographs_scores_swapped_pictures_alike(tmp_path):
  pair = [
    pictures.as_uint8(pictures.read_pixels(file))
    for file in pairs.write_pair(tmp_path, size_px=192)
  ]
  scorer = inspection_loading.load_network(
    'photographs', threshold=None, kinds=None
  ).scorer
  scores = scorer.score(*pair)
  np.testing.assert_array_equal(scores, scorer.score(*pair[::-1]))
  assert scores.max() > 0.9


def test_its_calibration_came_from_no_real_defect(weights):
  stored = weights.calibration
  fitted = calibration.from_plain(stored)
  assert fitted.slope > 0
  assert 0 < fitted.threshold < 1
  target = default.get_config().calibrate.false_boxes_per_pair
  assert stored['false_boxes_per_pair'] <= target
  assert stored['defect_free_pairs'] * target >= 10  # enough to tell


@pytest.mark.slow
def test_procedural_finds_the_defects_of_drawn_boards(weights, tmp_path):
  root = tmp_path / 'PCBData'
  make_pairs.make(root, num_pairs=6, seed=1, size_px=320)
  config = default.get_config()
  config.eval.update(
    root=str(root),
    split='generated',
    bootstrap_samples=5,
    pictures=0,
    worst=0,
    synthetic_pairs=0,
    defect_free_pairs=6,
  )
  for turn in (0.0, 2.5):
    config.eval.misalign.rotation_deg = turn
    metrics = evaluation.evaluate(config, weights, tmp_path / str(turn))
    assert metrics.protocols.official.ap > 0.9
    assert metrics.protocols.official.at_threshold.precision > 0.9
    assert metrics.defect_free.false_boxes_per_pair_at_threshold < 0.5


@pytest.mark.parametrize(
  ('name', 'config'),
  [
    ('procedural', default.get_config()),
    ('deeppcb', transfer.get_config()),
    ('photographs', photographs.get_config()),
  ],
)
def test_they_carry_the_settings_that_the_config_gives(name, config):
  plain = compatibility.plain_config(config)
  stored = files.load(name).config
  compatibility.check_same_model(stored, plain)
  assert stored['detect'] == plain['detect']
