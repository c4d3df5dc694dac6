from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.train import toy
from zeroshot.train import optimizer


def schedule(kind, **changes):
  arguments = dict(learning_rate=0.1, warmup_steps=4, steps=12) | changes
  return optimizer.build_schedule(kind, **arguments)


def test_cosine_rises_then_falls_to_zero():
  rate = schedule('cosine')
  # By hand: rise in fifths, then 0.1 * (1 + cos(pi * k / 8)) / 2.
  np.testing.assert_allclose(
    [rate(t) for t in (0, 1, 3, 4, 8, 12)],
    [0.02, 0.04, 0.08, 0.1, 0.05, 0.0],
    atol=1e-7,
  )


def test_constant_stays_at_the_peak():
  rate = schedule('constant')
  np.testing.assert_allclose([rate(4), rate(11), rate(99)], 0.1, rtol=1e-6)


def test_no_warmup_starts_at_the_peak():
  assert float(schedule('cosine', warmup_steps=0)(0)) == pytest.approx(0.1)


@pytest.mark.parametrize(
  ('kind', 'changes', 'words'),
  [
    ('linear', {}, "train.schedule='linear'.*'cosine' or 'constant'"),
    ('cosine', dict(warmup_steps=12), 'warmup_steps=12.*train.steps=12'),
    ('cosine', dict(warmup_steps=-1), 'warmup_steps=-1'),
  ],
)
def test_an_impossible_schedule_is_refused(kind, changes, words):
  with pytest.raises(ValueError, match=words):
    schedule(kind, **changes)


def test_weight_decay_spares_biases_and_scales():
  params = dict(kernel=jnp.ones((2, 2)), bias=jnp.ones(2), scale=jnp.ones(2))
  assert optimizer.decays(params) == dict(kernel=True, bias=False, scale=False)


def test_decay_alone_moves_kernels_alone():
  config = toy.config(weight_decay=0.5, schedule='constant', warmup_steps=0)
  update, _ = optimizer.build_optimizer(config.train)
  params = dict(kernel=jnp.ones((2, 2)), bias=jnp.ones(2))
  still = dict(kernel=jnp.zeros((2, 2)), bias=jnp.zeros(2))
  moves, _ = update.update(still, update.init(params), params)
  rate = config.train.learning_rate
  np.testing.assert_allclose(moves['kernel'], -0.5 * rate, rtol=1e-5)
  np.testing.assert_array_equal(moves['bias'], 0.0)


def test_a_clip_of_zero_is_refused():
  with pytest.raises(ValueError, match=r'train.clip_norm=0'):
    optimizer.build_optimizer(toy.config(clip_norm=0.0).train)


# --- A trunk that learns slowly ----------------------------------------------


def updates(**settings):
  config = toy.config(**settings).train
  transformation, _ = optimizer.build_optimizer(config)
  params = {
    'Conv_0': {'kernel': jnp.ones((2, 2))},
    'pair_head': {'kinds': {'kernel': jnp.ones((2, 2))}},
  }
  gradient = jax.tree.map(jnp.ones_like, params)
  result, _ = transformation.update(
    gradient, transformation.init(params), params
  )
  trunk, head = jax.tree.leaves(result)
  return trunk, head, transformation.init(params)


def test_the_head_steps_as_ever_and_the_trunk_less():
  trunk, head, _ = updates()
  slow, same, _ = updates(trunk_rate=0.25)
  np.testing.assert_allclose(same, head)
  np.testing.assert_allclose(slow, 0.25 * trunk, rtol=1e-6)
  assert not updates(trunk_rate=0.0)[0].any()


def test_a_full_rate_leaves_the_state_as_it_was():
  structure = jax.tree.structure(updates()[2])
  assert structure == jax.tree.structure(updates(trunk_rate=1.0)[2])


@pytest.mark.parametrize('rate', [-0.1, 1.5])
def test_a_rate_out_of_range_is_named(rate):
  with pytest.raises(ValueError, match=rf'train\.trunk_rate={rate}'):
    optimizer.build_optimizer(toy.config(trunk_rate=rate).train)
