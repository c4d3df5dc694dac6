"""The network's laws at toy size: reach, invariances and symmetry."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from tests.model import parts
from zeroshot.model.build import build_model

STRIDE = 8
REACH_PX = 80  # more than the toy network sees


@pytest.mark.parametrize(('height', 'width'), [(8, 8), (16, 40), (72, 24)])
def test_any_size_that_the_stride_divides(height, width):
  model = build_model(parts.config())
  assert model.stride == STRIDE
  picture = jax.ShapeDtypeStruct((2, height, width, 3), jnp.float32)
  variables = jax.eval_shape(model.init, jax.random.key(0), picture, picture)
  prediction = jax.eval_shape(model.apply, variables, picture, picture)
  assert prediction.logits.shape == (2, height, width)
  assert prediction.logits.dtype == jnp.float32
  for scale, (test, matched) in enumerate(prediction.features):
    side = (height // 2 ** (scale + 1), width // 2 ** (scale + 1))
    assert test.shape == matched.shape == (2, *side, (6, 8, 8)[scale])


def test_parameters_do_not_depend_on_the_size():
  model = build_model(parts.config())
  shapes = [
    jax.eval_shape(model.init, jax.random.key(0), picture, picture)
    for picture in (
      jax.ShapeDtypeStruct((1, 8, 8, 3), jnp.float32),
      jax.ShapeDtypeStruct((3, 16, 32, 3), jnp.float32),
    )
  ]
  assert jax.tree.map(lambda x: x.shape, shapes[0]) == jax.tree.map(
    lambda x: x.shape, shapes[1]
  )


def test_without_a_search_identical_pairs_all_look_the_same():
  """The decoder sees differences alone, and there are none."""
  apply, parameters = parts.siamese(0, 0, 0)
  first, second = (parts.noise(1, 32, 32, 3, seed=seed) for seed in (0, 1))
  one = apply(parameters, first, first)
  other = apply(parameters, second, second)
  for test, matched in one.features:
    np.testing.assert_array_equal(test, matched)
  np.testing.assert_array_equal(one.logits, other.logits)
  different = apply(parameters, first, second)
  assert np.abs(different.logits - one.logits).max() > 1e-3


def test_identical_pairs_leave_less_than_different_ones():
  apply, parameters = parts.siamese()
  first, second = (parts.noise(1, 64, 64, 3, seed=seed) for seed in (0, 1))
  same = parts.relative_difference(apply(parameters, first, first).features)
  other = parts.relative_difference(apply(parameters, first, second).features)
  assert all(a < b for a, b in zip(same, other, strict=True))


def test_a_sharp_search_leaves_nothing_of_identical_pairs():
  apply, parameters = parts.siamese()
  parameters = parts.sharpened(parameters, 1e4)
  picture = parts.noise(1, 64, 64, 3)
  blank = np.full((1, 64, 64, 3), 0.5, np.float32)
  same = apply(parameters, picture, picture)
  assert max(parts.relative_difference(same.features)) < 2e-2
  none = apply(parameters, blank, blank)
  other = apply(parameters, picture, blank)
  inner = (slice(None), slice(16, -16), slice(16, -16))
  left = np.abs(same.logits - none.logits)[inner].mean()
  assert left < 0.1 * np.abs(other.logits - none.logits)[inner].mean()


@pytest.mark.parametrize(('dy', 'dx'), [(8, 0), (-8, 8), (16, -16)])
def test_a_moved_reference_is_matched_by_construction(dy, dx):
  """Up to the coarsest window, here 2 cells of 8 px, with any parameters."""
  apply, parameters = parts.siamese()
  parameters = parts.sharpened(parameters, 1e4)
  scene = parts.noise(1, 160, 160, 3)
  test = scene[:, 32:128, 32:128]
  reference = scene[:, 32 + dy : 128 + dy, 32 + dx : 128 + dx]
  other = parts.noise(1, 96, 96, 3, seed=9)
  moved = apply(parameters, reference, test)
  unlike = apply(parameters, other, test)
  for scale, (a, b) in enumerate(
    zip(moved.features, unlike.features, strict=True), start=1
  ):
    rim = 40 // 2**scale
    inner = (slice(None), slice(rim, -rim), slice(rim, -rim))
    left = np.abs(a[0] - a[1])[inner].mean()
    assert left < 0.05 * np.abs(b[0] - b[1])[inner].mean()


def farthest_change(apply, parameters, width, seed=0):
  """How far from a changed half plane a logit changes, px."""
  middle = width // 2
  pair, other = (
    parts.noise(2, 1, 32, width, 3, seed=s) for s in (seed, seed + 1)
  )
  # A copy: the device may still be reading the first, which it borrows.
  changed = pair.copy()
  changed[:, :, :, :middle] = other[:, :, :, :middle]
  before, after = (apply(parameters, *p).logits for p in (pair, changed))
  change = np.abs(after - before).max((0, 1))[middle:]
  return np.flatnonzero(change > 1e-6).max(initial=-1)


def test_logits_do_not_see_far():
  apply, parameters = parts.siamese()
  assert 8 < farthest_change(apply, parameters, 320) < REACH_PX


@pytest.mark.slow
def test_logits_of_the_default_do_not_see_far():
  model = build_model(default.get_config().model)
  blank = jnp.zeros((1, 32, 32, 3))
  variables = jax.jit(model.init)(jax.random.key(0), blank, blank)
  # Some 130 px: a fair part of a tile, so that tiles must overlap by four
  # times that to equal the whole picture for any parameters.
  assert 32 < farthest_change(jax.jit(model.apply), variables, 640) < 160


def test_pairs_of_a_batch_do_not_see_each_other():
  apply, parameters = parts.siamese()
  references, tests = parts.noise(2, 2, 16, 16, 3)
  both = apply(parameters, references, tests).logits
  for i in range(2):
    one = apply(parameters, references[i : i + 1], tests[i : i + 1]).logits
    np.testing.assert_allclose(both[i], one[0], atol=1e-5)


def test_jit_equals_eager():
  apply, parameters = parts.siamese()
  reference, test = parts.noise(2, 1, 16, 16, 3)
  eager = build_model(parts.config()).apply(
    {'params': parameters}, reference, test
  )
  jitted = apply(parameters, reference, test)
  for a, b in zip(jax.tree.leaves(eager), jax.tree.leaves(jitted), strict=True):
    np.testing.assert_allclose(a, b, atol=2e-5)


def test_gradients_are_finite_and_reach_every_parameter():
  model = build_model(parts.config())
  _, parameters = parts.siamese()

  @jax.jit
  def gradients(parameters, reference, test):
    def total(parameters):
      prediction = model.apply({'params': parameters}, reference, test)
      return jnp.sum(prediction.logits**2)

    return jax.grad(total)(parameters)

  noise, other = parts.noise(2, 1, 16, 16, 3)
  grey, black = np.full_like(noise, 0.5), np.zeros_like(noise)
  for pair in ((noise, other), (noise, noise), (grey, grey), (black, grey)):
    for gradient in jax.tree.leaves(gradients(parameters, *pair)):
      assert np.isfinite(gradient).all()
  reached = gradients(parameters, noise, other)
  for path, gradient in jax.tree.leaves_with_path(reached):
    if 'sharpness_0' not in jax.tree_util.keystr(path):  # searches nothing
      assert np.abs(gradient).max() > 0, jax.tree_util.keystr(path)
