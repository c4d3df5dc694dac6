"""The weighted sum of the terms, on one device and on several."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from tests.losses.parts import (
  FEATURES,
  LOGITS,
  MASK,
  config,
  labels,
)
from zeroshot import losses
from zeroshot.model.siamese import Prediction

AXIS = 'devices'


def test_the_total_is_the_weighted_sum_of_terms_by_name():
  weights = dict(balanced_bce=1.0, focal=0.5, dice=0.25, contrast=0.125)
  loss = losses.build_loss(config(**weights))
  total, terms = jax.jit(loss)(Prediction(LOGITS, FEATURES), MASK)
  assert set(terms) == set(weights)
  expected = sum(weights[name] * float(terms[name]) for name in weights)
  assert float(total) == pytest.approx(expected, rel=1e-5)
  margin = default.get_loss().contrast_margin
  gamma = default.get_loss().focal_gamma
  assert float(terms['balanced_bce']) == pytest.approx(
    float(losses.balanced_bce(LOGITS, MASK)), rel=1e-5
  )
  assert float(terms['focal']) == pytest.approx(
    float(losses.focal(LOGITS, MASK, gamma=gamma)), rel=1e-5
  )
  assert float(terms['dice']) == pytest.approx(
    float(losses.dice(LOGITS, MASK)), rel=1e-5
  )
  assert float(terms['contrast']) == pytest.approx(
    float(losses.contrast(FEATURES, MASK, margin=margin)), rel=1e-5
  )


@pytest.mark.parametrize('name', ['balanced_bce', 'focal', 'dice', 'contrast'])
def test_a_term_alone(name):
  loss = losses.build_loss(config(**{name: 2.0}))
  total, terms = loss(Prediction(LOGITS, FEATURES), MASK)
  assert list(terms) == [name]
  assert float(total) == pytest.approx(2 * float(terms[name]))


def test_smoothed_labels_want_less_than_certainty():
  certain = Prediction(jnp.asarray(30 * (2 * MASK - 1)), ())
  smoothed = Prediction(jnp.asarray(math.log(19.0) * (2 * MASK - 1)), ())
  loss = losses.build_loss(
    config(focal=1.0, focal_gamma=0.0, label_smoothing=0.05)
  )
  assert float(loss(smoothed, MASK)[0]) < float(loss(certain, MASK)[0])
  gradient = jax.grad(lambda p: loss(p, MASK)[0])(smoothed).logits
  assert np.abs(gradient).max() < 1e-6


@pytest.mark.parametrize(
  'weights',
  [
    {},
    dict(dice=-1.0),
    dict(dice=1.0, balanced_bce=-0.5),
  ],
)
def test_weights_that_make_no_sense(weights):
  with pytest.raises(ValueError, match='loss weights are'):
    losses.build_loss(config(**weights))


def one_of_each(num_pairs):
  """Predictions and labels for which no term is 0."""
  random = np.random.default_rng(5)

  def normal(*shape):
    return random.normal(size=(num_pairs, *shape)).astype(np.float32)

  # The pairs differ in how much there is of everything.
  share = np.linspace(0, 0.8, num_pairs)[:, None, None]
  mask = (random.random((num_pairs, 8, 12)) < share).astype(np.float32)
  scales = [
    (normal(*shape), normal(*shape)) for shape in [(4, 6, 5), (2, 3, 5)]
  ]
  known = labels(
    random.integers(-1, 3, mask.shape), mask * random.random(mask.shape), 0.7
  )
  known = known._replace(
    weight=(random.random(mask.shape) < 0.8).astype(np.float32)
  )
  prediction = Prediction(
    3 * normal(8, 12), tuple(scales), normal(8, 12, 3), normal(8, 12, 4)
  )
  return prediction, mask, known


ALL_TERMS = dict(
  balanced_bce=1.0, focal=0.5, dice=0.5, contrast=0.3, kinds=0.4, sides=0.2
)


@pytest.mark.parametrize('num_devices', [1, 2, 4])
@pytest.mark.parametrize('name', [*ALL_TERMS, 'all'])
def test_devices_get_terms_and_gradient_of_the_whole_batch(name, num_devices):
  weights = ALL_TERMS if name == 'all' else {name: 1.0}
  loss = losses.build_loss(config(**weights))
  batch = one_of_each(8)
  # Parameters that all pairs share: something to add to each prediction.
  params = jax.tree.map(lambda x: 0.1 * x[0] - 0.05, batch[0])

  def objective(params, batch, **across):
    prediction, mask, known = batch
    moved = jax.tree.map(jnp.add, prediction, params)
    return loss(moved, mask, known, **across)

  def replica(params, batch):
    results, gradient = jax.value_and_grad(objective, has_aux=True)(
      params, batch, sum_across=functools.partial(jax.lax.psum, axis_name=AXIS)
    )
    return results, jax.lax.pmean(gradient, AXIS)

  expected = jax.jit(jax.value_and_grad(objective, has_aux=True))(params, batch)
  split = jax.tree.map(
    lambda x: x.reshape(num_devices, -1, *x.shape[1:]), batch
  )
  got = jax.pmap(
    replica,
    axis_name=AXIS,
    in_axes=(None, 0),
    devices=jax.devices()[:num_devices],
  )(params, split)
  assert set(expected[0][1]) == set(weights)
  assert max(np.abs(x).max() for x in jax.tree.leaves(expected[1])) > 1e-4
  for a, b in zip(jax.tree.leaves(expected), jax.tree.leaves(got), strict=True):
    assert b.shape == (num_devices, *a.shape)
    scale = np.abs(a).max()
    np.testing.assert_allclose(
      b, np.stack([a] * num_devices), atol=2e-6 * scale
    )
    # Bit for bit among the replicas, or their parameters would drift apart.
    assert len({bytes(np.asarray(x)) for x in b}) == 1
