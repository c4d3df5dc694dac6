"""The cost command, as a user starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jax
import ml_collections
import pytest

from launch import cost
from tests.launch.test_train import SETTINGS
from zeroshot.model.build import build_model
from zeroshot.run_config import overrides
from zeroshot.train.optimizer import build_optimizer
from zeroshot.train.state import describe_state

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments):
  return subprocess.run(
    [sys.executable, '-m', 'launch.cost', *arguments],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )


@pytest.mark.slow
def test_prints_one_json_object_and_nothing_else():
  path = 'configs/smoke.py'
  settings = overrides.resolve(path, SETTINGS, field='SETTINGS')
  config = ml_collections.ConfigDict(settings)
  done = start(
    f'--config={path}',
    *overrides.as_flags(SETTINGS),
    '--size_px=100',
    '--repeats=3',
    '--num_steps=2',
  )
  assert done.returncode == 0, done.stderr
  figures = json.loads(done.stdout)
  training = figures['training']
  assert (figures['size_px'], training['size_px']) == (100, 32)
  assert training['batch_size'] == 4
  optimizer, _ = build_optimizer(config.train)
  state = describe_state(build_model(config.model), optimizer, size_px=32)
  assert figures['parameters'] == sum(
    leaf.size for leaf in jax.tree.leaves(state.params)
  )
  for times in (figures['milliseconds_per_pair'], training['pairs_per_second']):
    assert 0 < times['min'] <= times['median'] <= times['max']
  assert 0.01 < figures['gigaflop'] < 0.2  # of 128 x 128 pixels, as padded
  assert figures['compile_seconds'] > 0
  assert training['compile_seconds'] > 0
  assert figures['peak_memory_mib'] > 100
  assert figures['device']['count'] == 4  # fake ones, see conftest.py
  assert figures['device']['cpu_cores'] >= 1


def test_a_number_out_of_range_is_one_line():
  done = start('--config=configs/smoke.py', '--repeats=0')
  assert done.returncode == 2
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1
  assert 'repeats' in done.stderr


def test_spread():
  assert cost.spread([3.0, 1.0, 2.0, 10.0]) == {
    'min': 1.0,
    'median': 2.5,
    'max': 10.0,
  }
