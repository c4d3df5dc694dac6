"""Each example by itself: what is wrong with it, and which is the worst."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.train import parts
from tests.train.replay_parts import finding
from zeroshot import rng
from zeroshot.train import examples


@pytest.fixture(scope='module')
def params():
  picture = jnp.zeros((1, parts.SIZE, parts.SIZE, 3))
  return parts.Net().init(jax.random.key(0), picture, picture)['params']


def batch(synthesise=parts.synthesise):
  """Three examples that can be written to."""
  keys = rng.example_keys(0, 'pairs', 0, first=0, count=3)
  return jax.tree.map(np.array, synthesise(keys, None))


def examine(params, pair, loss=parts.loss):
  return examples.examine(params, pair, model=parts.Net(), loss=loss)


def test_each_is_what_a_batch_of_it_alone_is(params):
  pair = batch()
  findings = examine(params, pair)
  assert [one.index for one in findings] == [0, 1, 2]
  for one in findings:
    cut = jax.tree.map(lambda plane, at=one.index: plane[at : at + 1], pair)

    def objective(params, cut=cut):
      prediction = parts.Net().apply({'params': params}, *cut[:2])
      return parts.loss(prediction, cut.mask)[0]

    value, gradient = jax.value_and_grad(objective)(params)
    squares = sum(float((leaf**2).sum()) for leaf in jax.tree.leaves(gradient))
    np.testing.assert_allclose(one.terms['loss'], value, rtol=1e-5)
    np.testing.assert_allclose(one.gradient_norm, squares**0.5, rtol=1e-4)
    assert list(one.terms)[-1] == 'loss'
    assert one.scores.shape == (parts.SIZE, parts.SIZE)
    assert (one.not_finite, one.faults) == ((), ())
    assert all(one.finite.values())


def test_what_is_not_finite_spoils_no_other(params):
  pair = batch()
  pair.reference[1, 0, 0, 0] = np.inf
  findings = examine(params, pair)
  assert findings[1].faults == (
    'the reference picture has 1 value that is not finite',
  )
  assert not findings[1].finite['reference']
  assert findings[1].finite['test']
  assert findings[1].not_finite[0] == 'prediction'
  assert [bool(one.not_finite) for one in findings] == [False, True, False]


def test_content_out_of_range_is_told_with_its_farthest(params):
  pair = batch()
  pair.test[2, 0, 0] = (1.5, -7.0, 1.0005)  # the last by rounding alone
  pair.mask[0, 0, 0] = 3
  findings = examine(params, pair)
  assert findings[2].faults == (
    'the test picture has 2 values beyond [0, 1], such as -7',
  )
  assert findings[0].faults == (
    'the mask has 1 value beyond [0, 1], such as 3',
  )
  assert not any(one.not_finite for one in findings)


def test_labels_are_looked_at_too(params):
  pair = batch(parts.labelled_synthesise)
  pair.labels.weight[0, 0, 0] = np.nan
  pair.labels.kind[1, 2, 3] = -2
  findings = examine(params, pair, loss=parts.labelled_loss)
  assert findings[0].faults == ('labels.weight has 1 value that is not finite',)
  assert not findings[0].finite['weight']
  assert findings[0].not_finite
  assert findings[1].faults == (
    'labels.kind has 1 value beyond [-1, inf], such as -2',
  )
  assert not findings[1].not_finite
  assert not findings[2].faults


def test_the_worst_come_first():
  worst_first = [
    finding(3, loss=math.nan, test=False, gradient_norm=math.nan),
    finding(5, gradient_norm=math.inf, faults=('odd',)),
    finding(1, gradient_norm=math.inf),
    finding(4, gradient_norm=0.1, faults=('odd',)),
    finding(0, gradient_norm=3.0),
    finding(2, gradient_norm=2.0),
  ]
  shuffled = sorted(worst_first, key=lambda one: one.index)
  assert sorted(shuffled, key=lambda one: one.order) == worst_first
