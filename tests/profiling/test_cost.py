"""The cost command, as a user starts it."""

from __future__ import annotations

import json

import jax
import ml_collections
import pytest

from tests import command_line
from tests.launch.test_train import SETTINGS
from zeroshot.model.build import build_model
from zeroshot.profiling import cost
from zeroshot.run_config import overrides
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.state import describe_state


@pytest.mark.slow
def test_prints_one_json_object_and_nothing_else():
  path = 'configs/smoke.py'
  settings = overrides.resolve(path, SETTINGS, field='SETTINGS')
  config = ml_collections.ConfigDict(settings)
  done = command_line.run(
    *('launch.cost', f'--config={path}', *overrides.as_flags(SETTINGS)),
    *('--size_px=100', '--repeats=3', '--num_steps=2'),
  )
  assert done.returncode == 0, done.stderr
  measured = json.loads(done.stdout)
  training = measured['training']
  assert (measured['size_px'], training['size_px']) == (100, 32)
  assert training['batch_size'] == 4
  optimizer, _ = build_optimizer(config.train)
  state = describe_state(build_model(config.model), optimizer, size_px=32)
  assert measured['parameters'] == sum(
    leaf.size for leaf in jax.tree.leaves(state.params)
  )
  for times in (
    measured['milliseconds_per_pair'],
    training['pairs_per_second'],
  ):
    assert 0 < times['min'] <= times['median'] <= times['max']
  assert 0.01 < measured['gigaflop'] < 0.2  # of 128 x 128 pixels, as padded
  assert measured['compile_seconds'] > 0
  assert training['compile_seconds'] > 0
  assert measured['peak_memory_mib'] > 100
  assert measured['device']['count'] == 4  # fake ones, see conftest.py
  assert measured['device']['cpu_cores'] >= 1


def test_a_number_out_of_range_is_one_line():
  done = command_line.run(
    'launch.cost', '--config=configs/smoke.py', '--repeats=0'
  )
  command_line.assert_mistake(done, 'repeats')


def test_spread():
  assert cost.spread([3.0, 1.0, 2.0, 10.0]) == {
    'min': 1.0,
    'median': 2.5,
    'max': 10.0,
  }
