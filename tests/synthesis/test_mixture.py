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
    (dict(one=1.0, two=float('nan'), three=0.0), 'synthesis.x.two is nan'),
    (dict(one=0.0, two=0.0, three=0.0), 'every weight of synthesis.x is 0'),
  ],
)
def test_weights_that_make_no_sense(weights, message):
  with pytest.raises(ValueError, match=message):
    mixture.select('synthesis.x', KINDS, weights)


def kind_of_a_pair(key, table, factor):
  index_key, value_key = jax.random.split(key)
  row = table[jax.random.randint(index_key, (), 0, 3)]
  return {'row': row, 'value': factor * jax.random.normal(value_key, (4, 2))}


@pytest.mark.parametrize('backend', ['cpu', 'gpu'])
def test_for_each_is_a_function_of_each_key(monkeypatch, backend):
  """One after the other or at once: the same, bit for bit."""
  monkeypatch.setattr(jax, 'default_backend', lambda: backend)
  keys, table = parts.keys(5), jnp.arange(12.0).reshape(3, 4)
  shared = (table, jnp.float32(3))
  drawn = jax.jit(mixture.for_each(kind_of_a_pair))(keys, *shared)
  batched = jax.vmap(kind_of_a_pair, in_axes=(0, None, None))
  for a, b in zip(
    jax.tree.leaves(drawn),
    jax.tree.leaves(jax.jit(batched)(keys, *shared)),
    strict=True,
  ):
    assert a.shape[0] == 5
    np.testing.assert_array_equal(a, b)
  assert len(set(np.asarray(drawn['value'][:, 0, 0]))) == 5


@pytest.mark.parametrize(('backend', 'loops'), [('cpu', True), ('gpu', False)])
def test_for_each_computes_one_after_the_other_on_cpus(
  monkeypatch, backend, loops
):
  monkeypatch.setattr(jax, 'default_backend', lambda: backend)
  program = jax.make_jaxpr(mixture.for_each(kind_of_a_pair))(
    parts.keys(5), jnp.zeros((3, 4)), jnp.float32(3)
  )
  assert ('scan[' in str(program)) == loops
