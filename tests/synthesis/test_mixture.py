"""Kinds are drawn by their weight, and those without one not at all."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import mixture


def always(value):
  return lambda key: jnp.float32(value)


KINDS = dict(one=always(1), two=always(2), three=always(3))


def test_kinds_are_drawn_as_often_as_they_weigh():
  chosen, weights = mixture.select(
    'family', KINDS, dict(one=3.0, two=0.0, three=1.0)
  )
  assert chosen == [KINDS['one'], KINDS['three']]
  assert weights == [3.0, 1.0]
  draw = jax.jit(jax.vmap(lambda key: mixture.draw(key, chosen, weights)))
  drawn = np.asarray(draw(parts.keys(4000)))
  assert set(drawn) == {1.0, 3.0}
  assert np.mean(drawn == 1) == pytest.approx(0.75, abs=0.04)


def test_a_kind_without_weight_is_never_traced():
  def broken(key):
    raise AssertionError

  chosen, weights = mixture.select(
    'family', KINDS | dict(two=broken), dict(one=1.0, two=0.0, three=1.0)
  )
  value = mixture.draw(jax.random.key(0), chosen, weights)
  assert float(value) in (1.0, 3.0)


def test_a_kind_alone_gets_the_arguments():
  def kind(key, first, second):
    return first + 10 * second

  drawn = mixture.draw(
    jax.random.key(0), [kind], [0.5], jnp.float32(1), jnp.float32(2)
  )
  assert float(drawn) == 21


def test_kinds_get_the_arguments_and_a_key_of_their_own():
  def kind(key, x):
    return x + jax.random.uniform(key)

  draw = jax.vmap(
    lambda key: mixture.draw(key, [kind, kind], [1.0, 1.0], jnp.float32(5))
  )
  drawn = np.asarray(jax.jit(draw)(parts.keys(50)))
  assert len(set(drawn)) > 45
  assert ((drawn >= 5) & (drawn <= 6)).all()


@pytest.mark.parametrize(
  ('weights', 'message'),
  [
    (dict(one=1.0, two=1.0), 'synthesis.x weighs'),
    (dict(one=1.0, two=-1.0, three=1.0), 'synthesis.x.two is -1.0'),
    (dict(one=0.0, two=0.0, three=0.0), 'every weight of synthesis.x is 0'),
  ],
)
def test_weights_that_make_no_sense(weights, message):
  with pytest.raises(ValueError, match=message):
    mixture.select('synthesis.x', KINDS, weights)
