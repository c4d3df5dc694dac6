"""The loop: the resume law, periods, stopping at values not finite."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.train import toy
from tests.train.toy import log_lines, train
from zeroshot import checkpoints, rng, runs
from zeroshot.types import Material


class Killed(Exception):
  """Stands for the end of the process at some point of the loop."""


def kill_at(step):
  """A hook that ends the run at a step."""

  def hook(params, now):
    del params
    if now == step:
      raise Killed
    return {}

  return ('kill', 1, hook)


@pytest.mark.parametrize('num_devices', [1, 4])
def test_resume_law(tmp_path, num_devices):
  devices = jax.devices()[:num_devices]
  whole = train(tmp_path / 'whole', devices=devices)
  # Once before the first checkpoint, once after it, once just at the second.
  for step in (2, 6, 8):
    with pytest.raises(Killed):
      train(tmp_path / 'cut', devices=devices, hooks=[kill_at(step)])
  again = train(tmp_path / 'cut', devices=devices)
  toy.assert_equal(whole, again)
  assert log_lines(tmp_path / 'whole') == log_lines(tmp_path / 'cut')
  for name in ('whole', 'cut'):
    with checkpoints.open_checkpoints(
      tmp_path / name, read_only=True
    ) as manager:
      assert sorted(manager.all_steps()) == [4, 8]


def test_resume_law_with_labels_and_a_slow_trunk(tmp_path):
  settings = dict(
    trunk_rate=0.5,
    task_changes=dict(
      synthesise=toy.labelled_synthesise, loss=toy.labelled_loss
    ),
  )
  whole = train(tmp_path / 'whole', **settings)
  with pytest.raises(Killed):
    train(tmp_path / 'cut', hooks=[kill_at(6)], **settings)
  toy.assert_equal(whole, train(tmp_path / 'cut', **settings))


def test_a_hook_that_was_killed_is_done_again(tmp_path):
  steps = []
  look = ('look', 4, lambda params, now: steps.append(now) or {})
  with pytest.raises(Killed):
    train(tmp_path, hooks=[kill_at(8), look])
  assert steps == [4]
  train(tmp_path, hooks=[look])
  assert steps == [4, 8]


def test_a_run_goes_on_with_another_number_of_devices(tmp_path):
  whole = train(tmp_path / 'whole')
  with pytest.raises(Killed):
    train(tmp_path / 'cut', hooks=[kill_at(4)])
  again = train(tmp_path / 'cut', devices=jax.devices()[:2])
  for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(again), strict=True):
    np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


def test_log_lines_stand_at_their_periods_at_saves_and_at_the_end(tmp_path):
  train(tmp_path, log_every=3, checkpoint_every=4, steps=10)
  rows = log_lines(tmp_path)
  assert [row['step'] for row in rows] == [3, 4, 6, 8, 9, 10]
  assert set(rows[0]) == {
    'step',
    'square',
    'dice',
    'loss',
    'gradient_norm',
    'parameter_norm',
    'learning_rate',
  }
  assert rows[0]['learning_rate'] == pytest.approx(1e-2)  # of update 3


def test_hooks_get_the_averaged_parameters_at_their_periods(tmp_path):
  averages = {}

  def hook(params, step):
    averages[step] = jax.device_get(params)
    return {'answer': float(step)}

  train(tmp_path, hooks=[('exam', 3, hook)])
  assert list(averages) == [3, 6, 8]
  saved, _, step = runs.load_parameters(tmp_path)
  assert step == 8
  toy.assert_equal(saved, averages[8])
  answers = [
    row['exam/answer'] for row in log_lines(tmp_path) if 'exam/answer' in row
  ]
  assert answers == [3.0, 6.0, 8.0]


def test_without_averaging_the_raw_parameters_are_evaluated(tmp_path):
  state = train(tmp_path, steps=4, ema_decay=0.0)
  toy.assert_equal(state.params, state.ema_params)


def test_sample_sheets_are_drawn(tmp_path):
  train(tmp_path, steps=5, sample_every=4, num_samples=2)
  names = sorted(file.name for file in (tmp_path / 'samples').iterdir())
  assert names == ['00000004.png', '00000005.png']


def test_the_config_as_run_is_stored(tmp_path):
  train(tmp_path, steps=4)
  stored = json.loads((tmp_path / 'config.json').read_text())
  assert stored['train']['steps'] == 4
  assert stored['train']['batch_size'] == toy.config().train.batch_size


def test_the_bank_reaches_the_synthesis(tmp_path):
  bank = Material(np.full((1, 16, 16, 3), 100, np.uint8))
  dark = train(tmp_path / 'dark', steps=4, task_changes=dict(bank=bank))
  light = train(tmp_path / 'light', steps=4)
  kernels = [s.params['Conv_0']['kernel'] for s in (dark, light)]
  assert np.abs(np.subtract(*map(np.asarray, kernels))).max() > 0


def mask_means(num_updates):
  """Mean of all masks of each update, which differs between updates."""
  return [
    float(
      toy.synthesise(
        rng.example_keys(0, 'pairs', step, first=0, count=4)
      ).mask.mean()
    )
    for step in range(num_updates)
  ]


def test_what_is_not_finite_ends_the_run_by_name_and_is_never_saved(tmp_path):
  means = mask_means(30)
  limit = max(means[:6])
  bad = next(i for i, mean in enumerate(means) if mean > limit) + 1
  limit = (limit + means[bad - 1]) / 2

  def loss(prediction, mask, labels, *, sum_across):
    total, terms = toy.loss(prediction, mask, sum_across=sum_across)
    mean = sum_across(jnp.sum(mask)) / sum_across(mask.size)
    square = jnp.where(mean > limit, jnp.nan, terms['square'])
    return total + square, terms | {'square': square}

  words = f'square is nan in update {bad};'
  with pytest.raises(FloatingPointError, match=words):
    train(
      tmp_path,
      steps=bad + 4,
      log_every=100,
      checkpoint_every=5,
      task_changes=dict(loss=loss),
    )
  saved, _, step = runs.load_parameters(tmp_path)
  assert step == (bad - 1) // 5 * 5
  assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(saved))


def test_parameters_that_burst_are_not_saved_either(tmp_path):
  with pytest.raises(FloatingPointError, match='parameter_norm is inf'):
    train(tmp_path, learning_rate=3e38, warmup_steps=0, checkpoint_every=1)
  with pytest.raises(ValueError, match='no checkpoint'):
    runs.load_parameters(tmp_path)


def test_another_config_is_refused_and_the_run_left_alone(tmp_path):
  train(tmp_path, steps=4)
  before = (tmp_path / 'config.json').read_text()
  with pytest.raises(ValueError, match=r'train.batch_size was 4 and is now 8'):
    train(tmp_path, steps=4, batch_size=8)
  assert (tmp_path / 'config.json').read_text() == before
  assert runs.load_parameters(tmp_path)[2] == 4


def test_a_damaged_checkpoint_costs_only_the_steps_since_the_one_before(
  tmp_path,
):
  whole = train(tmp_path)
  for file in (tmp_path / 'checkpoints' / '8' / 'train').rglob('*'):
    if file.is_file():
      file.write_bytes(file.read_bytes()[:10])
  toy.assert_equal(whole, train(tmp_path))
  assert (tmp_path / 'checkpoints' / '8.corrupt').is_dir()
  assert runs.load_parameters(tmp_path)[2] == 8


def test_a_finished_run_is_left_as_it_is(tmp_path):
  whole = train(tmp_path)
  before = log_lines(tmp_path)
  toy.assert_equal(whole, train(tmp_path))
  assert log_lines(tmp_path) == before


@pytest.mark.parametrize(
  ('settings', 'words'),
  [
    (dict(log_every=0), r'train.log_every=0 must be 1 or more'),
    (dict(checkpoint_every=0), r'train.checkpoint_every=0'),
    (dict(keep_checkpoints=0), r'train.keep_checkpoints=0'),
    (dict(ema_decay=1.0), r'train.ema_decay=1.0'),
    (dict(batch_size=6), r'train.batch_size=6 .*4 devices'),
  ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, settings, words):
  with pytest.raises(ValueError, match=words):
    train(tmp_path, **settings)


def test_a_run_beyond_its_end_is_refused(tmp_path):
  train(tmp_path, schedule='constant')
  with pytest.raises(ValueError, match=r'step 8 already, beyond train.steps=4'):
    train(tmp_path, schedule='constant', steps=4)


def saved_steps(workdir):
  with checkpoints.open_checkpoints(workdir, read_only=True) as manager:
    return sorted(manager.all_steps())


@pytest.mark.parametrize('step', [4, 6])
def test_a_stopped_run_is_saved_and_stays_where_it_is(tmp_path, step):
  steps = []
  hook = ('look', 2, lambda params, now: steps.append(now) or {})
  stopped = train(tmp_path, hooks=[hook], stop=lambda now: now >= step)
  assert int(stopped.step) == step
  assert steps == list(range(2, step + 1, 2))  # the hook came first
  assert saved_steps(tmp_path)[-1] == step
  again = train(tmp_path, hooks=[hook], stop=lambda now: now >= step)
  assert steps[-1] == step
  toy.assert_equal(stopped, again)


def test_a_run_that_need_not_stop_ends_as_any_other(tmp_path):
  whole = train(tmp_path / 'whole')
  toy.assert_equal(whole, train(tmp_path / 'asked', stop=lambda now: False))


def test_what_is_not_finite_is_not_saved_by_stopping_either(tmp_path):
  def loss(prediction, mask, labels, *, sum_across):
    total, terms = toy.loss(prediction, mask, sum_across=sum_across)
    return total * jnp.nan, terms

  with pytest.raises(FloatingPointError, match='update 1;'):
    train(
      tmp_path,
      log_every=100,
      checkpoint_every=100,
      stop=lambda now: now == 3,
      task_changes=dict(loss=loss),
    )


def test_parameters_to_start_from(tmp_path):
  first = train(tmp_path / 'first', steps=3)
  initial = jax.device_get(first.params)
  starts = []
  hook = ('see', 1, lambda params, now: starts.append(jax.device_get(params)))
  settings = dict(steps=1, learning_rate=0.0, warmup_steps=0, ema_decay=0.0)
  train(
    tmp_path / 'second',
    hooks=[hook],
    task_changes=dict(initial=initial),
    weight_decay=0.0,
    **settings,
  )
  for a, b in zip(
    jax.tree.leaves(initial), jax.tree.leaves(starts[0]), strict=True
  ):
    np.testing.assert_allclose(a, b, atol=1e-7)
