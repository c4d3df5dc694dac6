"""The network in bfloat16: its own arithmetic, and nothing else's."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.train import test_step, toy
from zeroshot.train import step
from zeroshot.types import Pair


def test_training_goes_the_same_way():
  exact, logged = test_step.five_updates(1)
  rough, logged_rough = test_step.run(1, 5, precision='bfloat16')
  for leaf in jax.tree.leaves(rough.params):
    assert leaf.dtype == np.float32
  losses, rough_losses = (
    [float(each.compute()['loss']) for each in collections]
    for collections in (logged, logged_rough)
  )
  np.testing.assert_allclose(rough_losses, losses, rtol=0.02)
  assert rough_losses != losses
  for a, b in zip(*map(jax.tree.leaves, (exact, rough)), strict=True):
    np.testing.assert_allclose(a, b, atol=0.02)


def test_the_network_alone_computes_in_it():
  task = toy.task(precision='bfloat16')
  picture = jnp.full((1, 8, 8, 3), 0.3)
  params = task.model.init(jax.random.key(0), picture, picture)['params']
  pair = Pair(picture, picture, jnp.zeros((1, 8, 8)))
  logits = step.apply_network(task, params, pair).logits
  assert logits.dtype == jnp.float32
  assert jnp.array_equal(logits, logits.astype(jnp.bfloat16))
  exact = step.apply_network(toy.task(), params, pair).logits
  assert not jnp.array_equal(exact, exact.astype(jnp.bfloat16))


def test_an_unknown_precision_is_refused():
  with pytest.raises(ValueError, match=r"train\.precision='float8' is unknown"):
    toy.task(precision='float8')
