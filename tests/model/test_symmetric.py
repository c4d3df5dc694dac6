"""The symmetric network: swapped pictures, correlation, offsets, settings."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.model import parts
from zeroshot.model import symmetric
from zeroshot.model.build import build_model
from zeroshot.model.matching import window


def config(**changes):
  """A symmetric network of three scales, stride 8."""
  return parts.config(kind='symmetric', **changes)


@functools.cache
def network():
  """The toy network: a compiled function and its random parameters."""
  model = build_model(config())
  blank = jnp.zeros((1, 16, 16, 3))
  parameters = jax.jit(model.init)(jax.random.key(0), blank, blank)['params']
  leaves, tree = jax.tree.flatten(parameters)
  keys = jax.random.split(jax.random.key(1), len(leaves))
  leaves = [
    leaf + 0.1 * jax.random.normal(key, leaf.shape)
    for leaf, key in zip(leaves, keys, strict=True)
  ]
  parameters = jax.tree.unflatten(tree, leaves)  # no bias of 0
  apply = jax.jit(lambda p, *pictures: model.apply({'params': p}, *pictures))
  return functools.partial(apply, parameters)


def normalised(*shape, seed=0):
  x = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
  return x / np.sqrt(np.mean(x**2, -1, keepdims=True))


@pytest.mark.parametrize(('height', 'width'), [(8, 8), (16, 40)])
def test_any_size_that_the_stride_divides(height, width):
  model = build_model(config())
  assert model.stride == 8
  picture = jax.ShapeDtypeStruct((2, height, width, 3), jnp.float32)
  variables = jax.eval_shape(model.init, jax.random.key(0), picture, picture)
  prediction = jax.eval_shape(model.apply, variables, picture, picture)
  assert prediction.logits.shape == (2, height, width)
  assert prediction.logits.dtype == jnp.float32
  assert prediction.offsets.shape == (2, height // 8, width // 8, 2)
  assert [test.shape for test, _ in prediction.features] == [
    (2, height // 4, width // 4, 8),
    (2, height // 8, width // 8, 8),
  ]


def test_swapped_pictures_have_the_same_logits_bit_for_bit():
  first, second = parts.noise(2, 2, 24, 40, 3)
  one, other = network()(first, second), network()(second, first)
  np.testing.assert_array_equal(one.logits, other.logits)
  assert np.std(one.logits) > 1e-2
  assert np.abs(one.offsets - other.offsets).max() > 1e-2
  for (test, reference), (b, a) in zip(
    one.features, other.features, strict=True
  ):
    np.testing.assert_allclose(test, a, atol=1e-5)
    np.testing.assert_allclose(reference, b, atol=1e-5)


def test_the_features_are_of_the_test_then_of_the_reference():
  first, second = parts.noise(2, 1, 16, 16, 3)
  both, same = network()(first, second), network()(second, second)
  for (test, reference), (expected, _) in zip(
    both.features, same.features, strict=True
  ):
    np.testing.assert_allclose(test, expected, atol=1e-5)
    assert np.abs(reference - expected).max() > 0.1


def test_a_difference_changes_the_logits_near_it():
  picture = parts.noise(1, 16, 64, 3)
  changed = picture.copy()
  changed[:, 4:8, 2:6] = 1 - changed[:, 4:8, 2:6]
  same = network()(picture, picture).logits
  other = network()(picture, changed).logits
  change = np.abs(other - same)[0]
  assert change[4:8, 2:6].max() > 1e-2
  assert change[:, :12].max() > change[:, 56:].max()


def test_pairs_of_a_batch_do_not_see_each_other():
  references, tests = parts.noise(2, 2, 16, 16, 3)
  both = network()(references, tests).logits
  for i in range(2):
    one = network()(references[i : i + 1], tests[i : i + 1]).logits
    np.testing.assert_allclose(both[i], one[0], atol=1e-5)


@pytest.mark.parametrize('radius', [1, 2])
def test_correlate_is_the_loop_over_places_and_offsets(radius):
  h, w = 4, 5
  query, keys = (normalised(2, h, w, 6, seed=seed) for seed in (0, 1))
  forth, back = symmetric.correlate(
    jnp.asarray(query), jnp.asarray(keys), radius=radius
  )
  assert forth.shape == back.shape == (2, h, w, (2 * radius + 1) ** 2)
  expected = np.zeros((2, *forth.shape), np.float32)
  for k, (dy, dx) in enumerate(window(radius)):
    for y in range(h):
      for x in range(w):
        if 0 <= y + dy < h and 0 <= x + dx < w:
          there = (slice(None), y + dy, x + dx)
          here = (slice(None), y, x)
          expected[0, :, y, x, k] = np.mean(query[here] * keys[there], -1)
          expected[1, :, y, x, k] = np.mean(keys[here] * query[there], -1)
  np.testing.assert_allclose(forth, expected[0], atol=1e-5)
  np.testing.assert_allclose(back, expected[1], atol=1e-5)


def test_swapped_features_swap_both_correlations():
  query, keys = (jnp.asarray(normalised(1, 4, 6, 8, seed=n)) for n in (0, 1))
  forth, back = symmetric.correlate(query, keys, radius=1)
  np.testing.assert_array_equal(
    symmetric.correlate(keys, query, radius=1), (back, forth)
  )
  assert np.abs(forth - back).max() > 0.1


@pytest.mark.parametrize('step', [(0, 0), (1, 0), (0, -1), (-1, 1)])
def test_offsets_tell_a_shift_of_one_cell(step):
  scene = normalised(1, 10, 12, 64)
  query = scene[:, 1:-1, 1:-1]
  keys = np.roll(scene, step, (1, 2))[:, 1:-1, 1:-1]
  fit, _ = symmetric.correlate(jnp.asarray(query), jnp.asarray(keys), radius=1)
  offsets = symmetric.find_offsets(fit, radius=1)
  assert offsets.shape == (1, 8, 10, 2)
  inner = np.asarray(offsets)[:, 1:-1, 1:-1]
  np.testing.assert_allclose(
    inner, np.broadcast_to(step, inner.shape), atol=0.1
  )


def test_offsets_of_features_that_fit_alike_are_none():
  offsets = symmetric.find_offsets(jnp.ones((1, 3, 3, 25)), radius=2)
  np.testing.assert_allclose(offsets, 0, atol=1e-6)


def test_offsets_are_of_the_coarsest_search_in_pixels(monkeypatch):
  monkeypatch.setattr(
    symmetric,
    'find_offsets',
    lambda fit, radius: jnp.full((1, 1, 1, 2), radius),
  )
  picture = jnp.zeros((1, 8, 8, 3))
  for radii, expected in (((0, 2, 1), 1 * 8), ((0, 2, 0), 2 * 4)):
    model = build_model(config(match_radii=radii))
    shown = model.init_with_output(jax.random.key(0), picture, picture)[0]
    np.testing.assert_array_equal(shown.offsets, [[[[expected] * 2]]])


def test_without_a_search_there_are_no_offsets():
  model = build_model(config(match_radii=(0, 0, 0)))
  picture = jax.ShapeDtypeStruct((1, 8, 8, 3), jnp.float32)
  variables = jax.eval_shape(model.init, jax.random.key(0), picture, picture)
  assert (
    jax.eval_shape(model.apply, variables, picture, picture).offsets is None
  )


def test_gradients_are_finite_and_reach_every_parameter():
  apply = network()

  def total(parameters, *pair):
    prediction = apply.func(parameters, *pair)
    features = jax.tree.leaves(prediction.features)
    return jnp.sum(prediction.logits**2) + sum(jnp.sum(x**3) for x in features)

  gradients = jax.jit(jax.grad(total))
  noise, other = parts.noise(2, 1, 16, 16, 3)
  grey = np.full_like(noise, 0.5)
  for pair in ((noise, other), (noise, noise), (grey, grey)):
    for gradient in jax.tree.leaves(gradients(*apply.args, *pair)):
      assert np.isfinite(gradient).all()
  reached = gradients(*apply.args, noise, other)
  for path, gradient in jax.tree.leaves_with_path(reached):
    assert np.abs(gradient).max() > 0, jax.tree_util.keystr(path)


def test_a_config_of_before_its_depths_is_named():
  old = config()
  with old.unlocked():
    del old.decoder_depths
  with pytest.raises(ValueError, match=r'no model\.decoder_depths.*train'):
    build_model(old)


@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    (dict(kinds=('open',)), r'model\.kinds.*symmetric network'),
    (dict(predicts_sides=True), r'model\.predicts_sides.*symmetric network'),
    (dict(depths=(1, 1)), "'depths': 2"),
    (dict(match_radii=(0, 1)), "'match_radii': 2"),
    (dict(decoder_widths=(4,)), "'decoder_widths': 1"),
    (
      dict(
        widths=(4,),
        depths=(1,),
        match_radii=(0,),
        decoder_widths=(4,),
        decoder_depths=(1,),
      ),
      r'model\.widths is \(4,\).*two widths',
    ),
  ],
)
def test_settings_that_do_not_fit_are_named(changes, message):
  with pytest.raises(ValueError, match=message):
    build_model(config(**changes))
