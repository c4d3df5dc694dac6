"""Matching against plain loops, and on known displacements."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zeroshot.model import matching

RANDOM = np.random.default_rng(0)


def features(b=2, h=9, w=11, c=8):
  """Random features of one length, as a normalised encoder gives them."""
  x = RANDOM.normal(size=(b, h, w, c)).astype(np.float32)
  x -= x.mean(-1, keepdims=True)
  return jnp.asarray(x / x.std(-1, keepdims=True))


@functools.cache
def matcher(radius, support):
  return jax.jit(
    functools.partial(matching.match, radius=radius, support=support)
  )


def plain_warp(x, flow):
  """Bilinear sampling by loops, with replicated edges."""
  x, flow = np.asarray(x, np.float64), np.asarray(flow, np.float64)
  b, h, w, _ = x.shape
  result = np.zeros_like(x)
  for n in range(b):
    for y in range(h):
      for z in range(w):
        row = min(max(y + flow[n, y, z, 0], 0), h - 1)
        column = min(max(z + flow[n, y, z, 1], 0), w - 1)
        for i in range(h):
          for j in range(w):
            weight = max(1 - abs(row - i), 0) * max(1 - abs(column - j), 0)
            result[n, y, z] += weight * x[n, i, j]
  return result


def plain_match(test, reference, flow, sharpness, *, radius, support):
  """``match`` by loops."""
  test = np.asarray(test, np.float64)
  reference = plain_warp(reference, flow)
  b, h, w, _ = test.shape
  reach = range(-radius, radius + 1)
  offsets = [(dy, dx) for dy in reach for dx in reach]

  def at(n, y, x):
    return reference[n, min(max(y, 0), h - 1), min(max(x, 0), w - 1)]

  alike = np.zeros((b, h, w, len(offsets)))
  for n, y, x in np.ndindex(b, h, w):
    for k, (dy, dx) in enumerate(offsets):
      alike[n, y, x, k] = np.mean(test[n, y, x] * at(n, y + dy, x + dx))
  matched, moved = np.zeros_like(test), np.array(flow, np.float64)
  for n, y, x in np.ndindex(b, h, w):
    rows = slice(max(y - support, 0), y + support + 1)
    columns = slice(max(x - support, 0), x + support + 1)
    score = sharpness * alike[n, rows, columns].mean((0, 1))
    share = np.exp(score - score.max())
    share /= share.sum()
    for k, (dy, dx) in enumerate(offsets):
      matched[n, y, x] += share[k] * at(n, y + dy, x + dx)
      moved[n, y, x] += share[k] * np.array([dy, dx])
  return matched, moved


@pytest.mark.parametrize('reach', [0.9, 4.0, 30.0])
def test_warp_equals_plain_loops(reach):
  x = features(h=6, w=7, c=3)
  flow = RANDOM.uniform(-reach, reach, (2, 6, 7, 2)).astype(np.float32)
  warped = matching.warp(x, jnp.asarray(flow))
  np.testing.assert_allclose(warped, plain_warp(x, flow), atol=2e-5)


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (5, 1), (4, 4)])
def test_warp_by_nothing_changes_nothing(shape):
  x = features(1, *shape, 3)
  flow = jnp.zeros((1, *shape, 2))
  np.testing.assert_array_equal(matching.warp(x, flow), x)


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (5, 1)])
def test_warp_of_a_single_row_or_column(shape):
  x = features(1, *shape, 3)
  flow = jnp.asarray(RANDOM.uniform(-3, 3, (1, *shape, 2)), jnp.float32)
  np.testing.assert_allclose(
    matching.warp(x, flow), plain_warp(x, flow), atol=1e-5
  )


def test_window_goes_row_by_row():
  np.testing.assert_array_equal(matching.window(0), [[0, 0]])
  offsets = matching.window(1)
  assert offsets.shape == (9, 2)
  np.testing.assert_array_equal(
    offsets[:4], [[-1, -1], [-1, 0], [-1, 1], [0, -1]]
  )


def test_shifted_reads_at_an_offset_and_repeats_the_edge():
  x = jnp.arange(6.0).reshape(1, 2, 3, 1)
  moved = matching.shift(x, 1, -1, radius=2)
  np.testing.assert_array_equal(moved[0, ..., 0], [[3, 3, 4], [3, 3, 4]])


def test_upsampled_flow_doubles_with_its_grid():
  flow = jnp.broadcast_to(jnp.array([1.5, -0.5]), (1, 3, 4, 2))
  fine = matching.upsample_flow(flow)
  assert fine.shape == (1, 6, 8, 2)
  np.testing.assert_allclose(
    fine, np.broadcast_to([3.0, -1.0], (1, 6, 8, 2)), atol=1e-6
  )


@pytest.mark.parametrize(('radius', 'support'), [(1, 0), (1, 1), (2, 1)])
def test_match_equals_plain_loops(radius, support):
  test, reference = features(h=6, w=7, c=5), features(h=6, w=7, c=5)
  flow = jnp.asarray(RANDOM.uniform(-2, 2, (2, 6, 7, 2)), jnp.float32)
  got = matcher(radius, support)(test, reference, flow, 4.0)
  expected = plain_match(
    test, reference, flow, 4.0, radius=radius, support=support
  )
  for a, b in zip(got, expected, strict=True):
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_a_radius_of_0_only_warps():
  test, reference = features(), features()
  flow = jnp.asarray(RANDOM.uniform(-2, 2, (2, 9, 11, 2)), jnp.float32)
  matched, same = matcher(0, 1)(test, reference, flow, 10.0)
  np.testing.assert_array_equal(same, flow)
  np.testing.assert_allclose(matched, matching.warp(reference, flow), atol=1e-6)


@pytest.mark.parametrize(('dy', 'dx'), [(0, 0), (1, -2), (-2, 2), (2, 0)])
def test_match_finds_a_known_displacement(dy, dx):
  reference = features(h=14, w=16, c=16)
  test = jnp.roll(reference, (-dy, -dx), (1, 2))  # test[y] is reference[y + d]
  flow = jnp.zeros((2, 14, 16, 2))
  matched, refined = matcher(2, 1)(test, reference, flow, 50.0)
  inside = (slice(None), slice(4, -4), slice(4, -4))
  np.testing.assert_allclose(
    refined[inside], np.broadcast_to([dy, dx], refined[inside].shape), atol=1e-2
  )
  np.testing.assert_allclose(matched[inside], test[inside], atol=1e-2)


def test_match_starts_where_the_flow_points():
  reference = features(h=14, w=16, c=16)
  test = jnp.roll(reference, (-5, 4), (1, 2))
  flow = jnp.broadcast_to(jnp.array([4.0, -4.0]), (2, 14, 16, 2))
  _, refined = matcher(1, 1)(test, reference, flow, 50.0)
  inside = refined[:, 6:-6, 6:-6]
  np.testing.assert_allclose(
    inside, np.broadcast_to([5, -4], inside.shape), atol=1e-2
  )


def test_without_sharpness_the_window_is_averaged():
  test, reference = features(), features()
  matched, flow = matcher(1, 1)(test, reference, jnp.zeros((2, 9, 11, 2)), 0.0)
  around = [
    matching.shift(reference, dy, dx, radius=1) for dy, dx in matching.window(1)
  ]
  np.testing.assert_allclose(matched, sum(around) / 9, atol=1e-5)
  np.testing.assert_allclose(flow, np.zeros((2, 9, 11, 2)), atol=1e-6)


def test_flow_stays_in_the_window_and_matches_within_the_reference():
  test, reference = features(), features()
  matched, flow = matcher(2, 1)(test, reference, jnp.zeros((2, 9, 11, 2)), 9.0)
  assert float(jnp.abs(flow).max()) <= 2 + 1e-5
  assert float(matched.max()) <= float(reference.max()) + 1e-5
  assert float(matched.min()) >= float(reference.min()) - 1e-5


def test_jit_equals_eager():
  test, reference = features(h=5, w=5), features(h=5, w=5)
  flow = jnp.asarray(RANDOM.uniform(-1, 1, (2, 5, 5, 2)), jnp.float32)
  eager = matching.match(test, reference, flow, 5.0, radius=1, support=1)
  jitted = matcher(1, 1)(test, reference, flow, 5.0)
  for a, b in zip(eager, jitted, strict=True):
    np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize('sharpness', [0.0, 10.0, 1e4])
def test_gradients_are_finite(sharpness):
  test = features(h=5, w=6)

  @jax.jit
  def gradients(test, reference, sharpness):
    def total(test, reference, sharpness):
      flow = jnp.full((*test.shape[:3], 2), 0.3)
      matched, moved = matching.match(
        test, reference, flow, sharpness, radius=1, support=1
      )
      return jnp.sum((test - matched) ** 2) + jnp.sum(moved)

    return jax.grad(total, argnums=(0, 1, 2))(test, reference, sharpness)

  for reference in (test, features(h=5, w=6), jnp.zeros_like(test)):
    for gradient in gradients(test, reference, sharpness):
      assert np.isfinite(gradient).all()
