"""Weights files: what is written is read back, and nothing else is read."""

from __future__ import annotations

import json

import jax
import numpy as np
import pytest

from zeroshot.weights import files

CONFIG = {'model': {'widths': [2, 3]}, 'seed': 5}
CALIBRATION = {'slope': 1.5, 'offset': -0.5, 'threshold': 0.25}


def parameters(value=1.0):
  return {
    'conv': {'kernel': np.full((3, 2), value, np.float32)},
    'bias': np.zeros(4, np.float32),
  }


@pytest.mark.parametrize('calibration', [None, CALIBRATION])
def test_round_trip(tmp_path, calibration):
  file = tmp_path / 'w.safetensors'
  files.save(file, files.Weights(parameters(2.5), CONFIG, 12, calibration))
  read = files.load(file)
  assert read[1:] == (CONFIG, 12, calibration, '', None)
  assert jax.tree.structure(read.parameters) == jax.tree.structure(parameters())
  np.testing.assert_array_equal(
    read.parameters['conv']['kernel'], parameters(2.5)['conv']['kernel']
  )
  assert [f.name for f in tmp_path.iterdir()] == ['w.safetensors']


def test_shapes_are_kept(tmp_path):
  file = tmp_path / 'w.safetensors'
  kernel = np.arange(6, dtype=np.float32).reshape(2, 3).T  # not contiguous
  tree = {'sharpness': np.float32(10), 'conv': {'kernel': kernel}}
  files.save(file, files.Weights(tree, CONFIG, 1))
  read = files.load(file).parameters
  assert read['sharpness'].shape == ()
  assert read['sharpness'] == 10
  np.testing.assert_array_equal(read['conv']['kernel'], kernel)


def test_what_is_no_weights_file(tmp_path):
  with pytest.raises(ValueError, match=r'no weights file .*export_weights'):
    files.load(tmp_path / 'missing.safetensors')
  good = tmp_path / 'w.safetensors'
  files.save(good, files.Weights(parameters(), CONFIG, 1))
  cut = tmp_path / 'cut.safetensors'
  cut.write_bytes(good.read_bytes()[:-3])
  foreign = tmp_path / 'foreign.safetensors'
  header = json.dumps({}).encode()
  foreign.write_bytes(len(header).to_bytes(8, 'little') + header)
  for file in (cut, foreign):
    with pytest.raises(ValueError, match=f'{file.name} is no weights file'):
      files.load(file)


def test_shipped_weights_go_by_their_name(tmp_path, monkeypatch):
  monkeypatch.setattr(files, 'SHIPPED', tmp_path)
  weights = files.Weights(parameters(), CONFIG, 7)
  files.save(tmp_path / 'mine.safetensors', weights)
  assert files.list_shipped() == ['mine']
  assert files.load('mine').step == 7
  with pytest.raises(ValueError, match=r'other; .* that ship: mine$'):
    files.load('other')
