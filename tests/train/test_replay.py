"""An update again: which example made it go wrong, and what came before."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from tests.train import parts, replay_parts
from zeroshot import rng, runs
from zeroshot.train import examples, loop, replay, verdict

SETTINGS = replay_parts.SETTINGS
UPDATE, EXAMPLE = replay_parts.UPDATE, replay_parts.EXAMPLE
spoiling = replay_parts.spoiling


def linear_loss(prediction, mask, labels=None, **across):
  """Cross-entropy, whose gradient does not fade where logits are huge."""
  del labels, across
  loss = optax.sigmoid_binary_cross_entropy(prediction.logits, 1 - mask)
  return jnp.mean(loss), {'cross': jnp.mean(loss)}


def look(workdir, step, *, devices=None, built=None, **settings):
  """Replays an update; the outcome, the findings and the verdict."""
  config = parts.config(**{**SETTINGS, **settings})
  made = parts.built(**(built or {}))
  replayed = replay.repeat(
    config,
    runs.read_before(workdir, step),
    step=step,
    devices=devices,
    **made,
  )
  pair = replay.draw(
    config,
    step=step,
    synthesise=made['synthesise'],
    bank=None,
    devices=devices,
  )
  findings = examples.examine(
    replayed.params, pair, model=made['model'], loss=made['loss']
  )
  return replayed, findings, verdict.verdict(replayed, findings)


def train(workdir, *, built=None, **settings):
  return loop.train(
    parts.config(**{**SETTINGS, **settings}),
    workdir=workdir,
    **parts.built(**(built or {})),
  )


def test_the_example_with_a_picture_that_is_not_finite_is_named(tmp_path):
  built = dict(synthesise=spoiling(jnp.nan))
  with pytest.raises(FloatingPointError, match=f'nan in update {UPDATE};'):
    train(tmp_path, built=built)
  replayed, findings, lines = look(tmp_path, UPDATE, built=built)
  assert replayed.begun == 4
  assert replayed.earlier is None
  assert replayed.outcome.culprit == 'dice'
  assert lines == [
    'example 5 of update 7: the test picture has 12 values that are not '
    'finite; not finite, alone: prediction, dice, square, loss, gradient_norm'
  ]
  assert [one.index for one in findings if one.not_finite] == [EXAMPLE]
  finite = {'reference': True, 'test': False, 'mask': True, 'prediction': False}
  assert findings[EXAMPLE].finite == finite
  assert min(findings, key=lambda one: one.order).index == EXAMPLE


def test_the_example_whose_gradient_alone_is_infinite_is_named(tmp_path):
  built = dict(synthesise=spoiling(1e22), loss=linear_loss)
  words = f'gradient_norm is inf in update {UPDATE};'
  with pytest.raises(FloatingPointError, match=words):
    train(tmp_path, built=built)
  _, findings, lines = look(tmp_path, UPDATE, built=built)
  assert lines == [
    'example 5 of update 7: the test picture has 12 values beyond [0, 1], such '
    'as 1e+22; not finite, alone: gradient_norm'
  ]
  assert np.isfinite(findings[EXAMPLE].terms['loss'])
  assert findings[EXAMPLE].finite['prediction']


def test_any_layout_names_the_same_example(tmp_path):
  built = dict(synthesise=spoiling(jnp.nan))
  _, many, words = look(tmp_path, UPDATE, built=built)
  _, one, same = look(tmp_path, UPDATE, built=built, devices=jax.devices()[:1])
  assert words == same
  assert 'example 5 of update 7' in words[0]
  for a, b in zip(many, one, strict=True):
    np.testing.assert_allclose(a.gradient_norm, b.gradient_norm, rtol=1e-4)


@pytest.mark.parametrize('num_devices', [1, 4])
def test_what_came_before_is_repeated_bit_for_bit(tmp_path, num_devices):
  devices = jax.devices()[:num_devices]
  seen = {}

  def keep(params, step):
    seen[step] = jax.device_get(params)
    return {}

  # Without averaging, what a hook is given are the parameters themselves.
  settings = {**SETTINGS, 'ema_decay': 0.0}
  loop.train(
    parts.config(**settings),
    workdir=tmp_path,
    hooks=[('keep', 1, keep)],
    devices=devices,
    **parts.built(),
  )
  assert runs.read_before(tmp_path, 12).step == 8
  replayed, _, lines = look(tmp_path, 12, devices=devices, ema_decay=0.0)
  assert replayed.begun == 8
  parts.assert_equal(replayed.params, seen[11])
  # No checkpoint of fewer than 4 updates is there: from the start.
  replayed, _, _ = look(tmp_path, 4, devices=devices, ema_decay=0.0)
  assert replayed.begun == 0
  parts.assert_equal(replayed.params, seen[3])
  assert lines[0].startswith('update 12 is fine: dice ')


def test_the_batch_is_that_of_the_update(tmp_path):
  config = parts.config(**SETTINGS)
  pair = replay.draw(config, step=7, synthesise=parts.synthesise, bank=None)
  keys = rng.example_keys(0, 'pairs', 6, first=0, count=8)
  expected = parts.synthesise(keys, None)
  for a, b in zip(pair[:3], expected[:3], strict=True):
    np.testing.assert_allclose(a, b, atol=1e-6)


def test_an_optimizer_that_went_too_far_is_named_and_no_example(tmp_path):
  settings = dict(learning_rate=1e30, warmup_steps=0, log_every=1)
  with pytest.raises(FloatingPointError, match='parameter_norm is inf'):
    train(tmp_path, **settings)
  _, _, lines = look(tmp_path, 1, **settings)
  assert len(lines) == 1
  assert lines[0].startswith('no example did it: the gradient of update 1 is')
  assert 'learning_rate 1e+30' in lines[0]


def test_parameters_that_were_bad_before_are_told_with_their_update(tmp_path):
  settings = dict(learning_rate=1e30, warmup_steps=0)
  replayed, _, lines = look(tmp_path, 5, **settings)
  assert replayed.earlier.update == 1
  assert len(lines) == 1
  assert lines[0].startswith('every example: the parameters before update 5 ')
  assert 'update 1 made them so (parameter_norm inf, ' in lines[0]
  assert lines[0].endswith('replay that one, --step=1')


def test_parameters_that_are_nan_are_counted(tmp_path):
  built = dict(synthesise=spoiling(jnp.nan))
  replayed, _, lines = look(tmp_path, UPDATE + 2, built=built)
  size = sum(leaf.size for leaf in jax.tree.leaves(replayed.params))
  assert f'are not finite ({size} of {size}) already' in lines[0]
  assert f'update {UPDATE} made them so (dice nan' in lines[0]


@pytest.mark.parametrize('step', [0, -3, 13])
def test_an_update_that_the_run_does_not_have_is_refused(step):
  words = rf'--step={step}: .* from 1 to train.steps=12'
  with pytest.raises(ValueError, match=words):
    replay.check_step(parts.config(**SETTINGS), step)
