"""The contrast of features by hand, at its edges and by loops."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.losses.parts import (
  EMPTY,
  FEATURES,
  FULL,
  MASK,
  features,
)
from zeroshot import losses


def plain_contrast(feature_pairs, mask, margin):
  """``contrast`` by loops."""
  means = []
  for test, matched in feature_pairs:
    b, h, w, _ = test.shape
    rows, columns = mask.shape[1] // h, mask.shape[2] // w
    alike, apart = [], []
    for n, y, x in np.ndindex(b, h, w):
      first, second = (f[n, y, x].astype(np.float64) for f in (test, matched))
      norms = np.linalg.norm(first) * np.linalg.norm(second)
      distance = 1 - first @ second / norms
      share = mask[
        n, y * rows : (y + 1) * rows, x * columns : (x + 1) * columns
      ].mean()
      if share == 0:
        alike.append(distance**2)
      elif share > 0.5:
        apart.append(max(margin - distance, 0) ** 2)
    means.append(sum(np.mean(group) for group in (alike, apart) if group))
  return np.mean(means)


def blocky(share, seed=0):
  """A mask of 2x2 blocks, so that whole cells are set and others half."""
  random = np.random.default_rng(seed)
  fine = (random.random((2, 4, 6)) < share).astype(np.float32)
  return np.kron(fine, np.ones((1, 2, 2), np.float32))


@pytest.mark.parametrize('mask', [MASK, EMPTY, FULL, blocky(0.3), blocky(0.8)])
@pytest.mark.parametrize('margin', [0.5, 1.5])
def test_contrast_equals_plain_loops(mask, margin):
  got = float(losses.contrast(FEATURES, mask, margin=margin))
  assert got == pytest.approx(plain_contrast(FEATURES, mask, margin), rel=1e-3)


def test_contrast_by_hand():
  a, b = np.array([1.0, 0.0]), np.array([0.0, 1.0])
  test = np.stack([a, a, a, a]).reshape(1, 1, 4, 2).astype(np.float32)
  matched = np.stack([a, b, a, -a]).reshape(1, 1, 4, 2).astype(np.float32)
  mask = np.array([[[0.0, 0.0, 1.0, 1.0]]], np.float32)
  # Distances 0, 1, 0, 2; inside the mask 0.5 and nothing is lacking.
  expected = (0 + 1) / 2 + (0.25 + 0) / 2
  got = losses.contrast(((test, matched),), mask, margin=0.5)
  assert float(got) == pytest.approx(expected, abs=2e-3)


def test_contrast_is_near_zero_for_features_as_they_should_be():
  same = np.abs(FEATURES[0][0]) + 0.5
  mask = blocky(0.4)
  inside = mask[:, ::2, ::2, None]
  matched = np.where(inside > 0, -same, same)
  got = losses.contrast(((same, matched),), mask, margin=1.5)
  assert float(got) == pytest.approx(0, abs=1e-4)
  # The other way round each pixel is as wrong as can be.
  got = losses.contrast(((same, -matched),), mask, margin=1.5)
  assert float(got) == pytest.approx(2**2 + 1.5**2, rel=1e-2)


def test_beyond_the_margin_nothing_is_pushed():
  mask = FULL

  def push(margin):
    return float(losses.contrast(FEATURES[:1], mask, margin=margin))

  distances = plain_contrast(FEATURES[:1], EMPTY, 0.0)  # squares of them
  assert push(1e-6) < 1e-10
  assert push(0.5) < push(1.0) < push(2.0)
  assert push(2.0) > 0
  assert distances > 0
  gradient = jax.grad(
    lambda matched: losses.contrast(
      ((FEATURES[0][0], matched),), mask, margin=0.2
    )
  )(FEATURES[0][1])
  first, second = FEATURES[0]
  cosine = (first * second).sum(-1) / (
    np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
  )
  far = 1 - cosine > 0.21
  assert far.any()
  assert not np.asarray(gradient)[far].any()
  assert np.abs(np.asarray(gradient)[~far]).max() > 0


def test_cells_that_differ_in_part_count_for_neither():
  test, matched = features((4, 6))[0]
  mask = np.zeros((2, 8, 12), np.float32)
  mask[:, ::2, ::2] = 1  # a quarter of every cell
  gradient = jax.grad(
    lambda t: losses.contrast(((t, matched),), mask, margin=2.0)
  )(test)
  assert not np.asarray(gradient).any()


def test_contrast_does_not_see_the_features_length():
  scaled = tuple((3 * test, 0.5 * matched) for test, matched in FEATURES)
  values = [
    float(losses.contrast(pairs, MASK, margin=0.5))
    for pairs in (FEATURES, scaled)
  ]
  assert values[0] == pytest.approx(values[1], rel=1e-3)


def test_a_network_without_features_has_no_contrast():
  assert float(losses.contrast((), MASK, margin=0.5)) == 0


@pytest.mark.parametrize(
  'mask', [MASK, EMPTY, FULL], ids=['some', 'none', 'all']
)
@pytest.mark.parametrize('kind', ['plain', 'equal', 'zero', 'huge'])
def test_contrast_has_finite_gradients(kind, mask):
  test, matched = {
    'plain': FEATURES[0],
    'equal': (FEATURES[0][0], FEATURES[0][0]),
    'zero': (0 * FEATURES[0][0], 0 * FEATURES[0][0]),
    'huge': (1e6 * FEATURES[0][0], 1e6 * FEATURES[0][1]),
  }[kind]
  value, gradients = jax.value_and_grad(
    lambda pair: losses.contrast((pair,), mask, margin=0.5)
  )((jnp.asarray(test), jnp.asarray(matched)))
  assert np.isfinite(value)
  assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_contrast_jit_equals_eager():
  eager = losses.contrast(FEATURES, MASK, margin=0.5)
  jitted = jax.jit(lambda f, m: losses.contrast(f, m, margin=0.5))(
    FEATURES, MASK
  )
  assert float(jitted) == pytest.approx(float(eager), rel=1e-5)


def test_contrast_neither_pulls_nor_pushes_where_the_mask_is_open():
  test, matched = FEATURES[0]
  nothing = losses.contrast(
    ((test, matched),), EMPTY, np.zeros_like(MASK), margin=0.5
  )
  assert float(nothing) == 0
  assert float(losses.contrast(((test, matched),), EMPTY, margin=0.5)) > 0
