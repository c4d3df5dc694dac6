"""An update again: bit for bit, from the right checkpoint, on its batch."""

from __future__ import annotations

import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.train import toy
from tests.train.toy import SPOILED_UPDATE, train
from zeroshot import rng, runs
from zeroshot.train import replay

SETTINGS = dict(steps=12, batch_size=8, log_every=100)
CONFIG = toy.config(**SETTINGS)


def replay_update(workdir, step, *, devices=None, task=None, **settings):
  return replay.replay_update(
    toy.config(**{**SETTINGS, **settings}),
    task or toy.task(),
    runs.read_before(workdir, step),
    step=step,
    devices=devices,
  )


@pytest.mark.parametrize('num_devices', [1, 4])
def test_earlier_updates_are_repeated_bit_for_bit(tmp_path, num_devices):
  devices, params = jax.devices()[:num_devices], {}

  def keep(ema_params, step):
    params[step] = jax.device_get(ema_params)
    return {}

  # Without averaging, hooks are given the parameters themselves.
  settings = {**SETTINGS, 'ema_decay': 0.0}
  train(tmp_path, hooks=[('keep', 1, keep)], devices=devices, **settings)
  again = replay_update(tmp_path, 12, devices=devices, ema_decay=0.0)
  assert (again.start, again.earlier, again.metrics.culprit) == (8, None, '')
  toy.assert_equal(again.params, params[11])
  # No checkpoint of fewer than 4 updates is there: from the start.
  again = replay_update(tmp_path, 4, devices=devices, ema_decay=0.0)
  assert again.start == 0
  toy.assert_equal(again.params, params[3])


def test_the_batch_is_that_of_the_update():
  pair = replay.draw_batch(CONFIG, toy.task(), step=7)
  keys = rng.example_keys(0, 'pairs', 6, first=0, count=8)
  expected = toy.synthesise(keys)
  for a, b in zip(pair[:3], expected[:3], strict=True):
    np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_first_earlier_update_that_was_not_finite_is_found(tmp_path):
  task = toy.task(synthesise=toy.spoil(jnp.nan))
  again = replay_update(tmp_path, SPOILED_UPDATE + 2, task=task)
  assert again.earlier.update == SPOILED_UPDATE
  assert again.earlier.culprit == again.metrics.culprit == 'dice'
  assert all(np.isnan(leaf).all() for leaf in jax.tree.leaves(again.params))


@pytest.fixture(scope='module')
def finished(tmp_path_factory):
  workdir = tmp_path_factory.mktemp('run')
  train(workdir, **SETTINGS)
  return workdir


def content(folder):
  return {f: f.read_bytes() for f in folder.rglob('*') if f.is_file()}


def test_a_damaged_checkpoint_is_passed_over_and_left(finished, tmp_path):
  workdir = shutil.copytree(finished, tmp_path / 'run')
  assert replay.read_checkpoint(workdir, CONFIG, step=12).step == 8
  for file in (workdir / 'checkpoints' / '8' / 'train').rglob('*'):
    if file.is_file():
      file.write_bytes(file.read_bytes()[:10])
  before = content(workdir)
  assert replay.read_checkpoint(workdir, CONFIG, step=12) is None
  assert content(workdir) == before


def test_a_workdir_without_a_run_is_refused_and_not_made(tmp_path):
  with pytest.raises(ValueError, match=r'none/config\.json is missing'):
    replay.read_checkpoint(tmp_path / 'none', CONFIG, step=1)
  assert not (tmp_path / 'none').exists()


def test_another_config_is_refused_by_field(finished):
  other = toy.config(**{**SETTINGS, 'learning_rate': 0.5})
  words = r'train\.learning_rate was 0\.01 and is now 0\.5'
  with pytest.raises(ValueError, match=words):
    replay.read_checkpoint(finished, other, step=7)


@pytest.mark.parametrize('step', [0, -3, 13])
def test_an_update_that_the_run_does_not_have_is_refused(finished, step):
  words = rf'--step={step}: .* from 1 to train.steps=12'
  with pytest.raises(ValueError, match=words):
    replay.read_checkpoint(finished, CONFIG, step=step)
  with pytest.raises(ValueError, match=words):
    replay.replay_update(CONFIG, toy.task(), None, step=step)
  with pytest.raises(ValueError, match=words):
    replay.draw_batch(CONFIG, toy.task(), step=step)


def test_a_run_that_resumed_with_another_config_is_followed(
  finished, tmp_path, caplog
):
  """The checkpoint is of the old config; the run is of the new one."""
  workdir = shutil.copytree(finished, tmp_path / 'run')
  other = toy.config(**{**SETTINGS, 'learning_rate': 0.5})
  (workdir / 'config.json').write_text(other.to_json())
  assert replay.read_checkpoint(workdir, other, step=12).step == 8
  assert 'train.learning_rate was 0.01 and is now 0.5' in caplog.text
