"""What an exported run inherits from its initial weights."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.experiments import setup
from zeroshot.weights import files

CALIBRATION = {'slope': 2.0, 'offset': 0.5, 'threshold': 0.3}
TRUNK = {'Conv_0': {'kernel': np.arange(4.0)}}
HEAD = {'pair_head': {'kinds': {'kernel': np.ones(2)}}}


@pytest.fixture
def start(tmp_path):
  """A calibrated weights file without a head."""
  path = tmp_path / 'start.safetensors'
  files.save(path, files.Weights(TRUNK, {'train': {}}, 7, CALIBRATION))
  return str(path)


def kept(parameters, init_weights):
  config = {'train': {'init_weights': init_weights}}
  weights = files.Weights(parameters, config, step=3)
  return setup.with_calibration(weights).calibration


def test_a_head_alone_keeps_the_calibration(start):
  assert kept(TRUNK | HEAD, start) == CALIBRATION
  assert kept(TRUNK, start) == CALIBRATION


def test_a_trunk_that_learned_does_not(start):
  moved = {'Conv_0': {'kernel': np.arange(4.0) + 1e-7 * np.arange(4)}}
  assert kept(moved | HEAD, start) is None
  assert kept({'Conv_1': TRUNK['Conv_0']}, start) is None


def test_a_run_that_started_from_nothing_has_none():
  assert kept(TRUNK, '') is None


def test_a_start_that_is_gone_leaves_it_uncalibrated(tmp_path, caplog):
  assert kept(TRUNK, str(tmp_path / 'gone.safetensors')) is None
  assert 'not calibrated' in caplog.text
