"""Nuisances of light and sensor: identities, plain-loop oracles and laws."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import compression, nuisances

IMAGE = jnp.asarray(parts.SCENE)
KEY = jax.random.key(5)
MARGIN = parts.MARGIN
INNER = parts.SIZE - 2 * MARGIN


def group(names, *chosen):
  """The settings of a group, some of them drawn always."""
  values = parts.settings(*chosen)
  return {name: values[name] for name in names}


# --- Light ------------------------------------------------------------------


def test_no_light_changes_nothing():
  same = nuisances.relight(KEY, IMAGE, **group(parts.LIGHT))
  # Blacks are lifted to 1e-4, where a power has a slope.
  np.testing.assert_allclose(same, IMAGE, atol=1.1e-4)


@functools.cache
def relit(kind, count=100):
  draw = functools.partial(nuisances.relight, **group(parts.LIGHT, kind))
  draw = jax.jit(jax.vmap(draw, in_axes=(0, None)))
  return np.asarray(draw(parts.keys(count), 0.2 + 0.6 * IMAGE))


def test_brightness_adds_the_same_everywhere():
  change = relit('brightness') - np.asarray(0.2 + 0.6 * IMAGE)
  largest = parts.settings()['brightness']['max_change']
  assert np.ptp(change, axis=(1, 2, 3)).max() < 1e-5
  assert 0.9 * largest < np.abs(change).max() <= largest + 1e-5


def test_contrast_turns_about_mid_grey():
  start = np.asarray(0.2 + 0.6 * IMAGE) - 0.5
  gain = np.sum((relit('contrast') - 0.5) * start, (1, 2, 3)) / np.sum(start**2)
  expected = 0.5 + gain[:, None, None, None] * start
  inside = np.abs(expected - 0.5) < 0.5
  largest = parts.settings()['contrast']['max_change']
  np.testing.assert_allclose(
    np.where(inside, relit('contrast'), 0),
    np.where(inside, expected, 0),
    atol=5e-3,  # the fit of the gain sees clipped pixels
  )
  assert 0.5 * largest < np.abs(gain - 1).max() <= largest + 1e-3


def test_gamma_keeps_the_order_of_brightness():
  order = np.argsort(np.asarray(IMAGE), axis=None)
  for image in relit('gamma')[:10]:
    assert np.diff(image.ravel()[order]).min() >= -1e-6
  assert np.ptp(relit('gamma').mean((1, 2, 3))) > 0.05


def test_a_spot_light_falls_off_from_one_place():
  change = relit('spot_light') - np.asarray(0.2 + 0.6 * IMAGE)
  largest = parts.settings()['spot_light']['max_change']
  assert np.abs(change).max() <= largest + 1e-5
  size = np.abs(change[..., 0])
  assert np.median(size.max((1, 2)) - size.min((1, 2))) > 0.01
  assert np.abs(np.diff(change, axis=1)).max() < 0.1


# --- Sensing ----------------------------------------------------------------


def test_no_sensing_changes_nothing():
  same = nuisances.sense(KEY, IMAGE, **group(parts.SENSING))
  np.testing.assert_allclose(same, IMAGE, atol=1e-7)


def plain_blur(image, sigma):
  """Gaussian blur by loops, in float64."""
  image = np.asarray(image, np.float64)
  reach = range(-nuisances.BLUR_RADIUS_PX, nuisances.BLUR_RADIUS_PX + 1)
  weights = {i: math.exp(-0.5 * (i / sigma) ** 2) for i in reach}
  total = sum(weights.values()) ** 2
  height, width, _ = image.shape
  result = np.zeros_like(image)
  for y in range(height):
    for x in range(width):
      for i in reach:
        for j in reach:
          row = min(max(y + i, 0), height - 1)
          column = min(max(x + j, 0), width - 1)
          weight = weights[i] * weights[j] / total
          result[y, x] += weight * image[row, column]
  return result


def test_blur_of_sigma_0_changes_nothing():
  np.testing.assert_array_equal(nuisances.gaussian_blur(IMAGE, 0.0), IMAGE)


@pytest.mark.parametrize('sigma', [0.4, 1.2])
def test_blur_equals_plain_loops(sigma):
  image = IMAGE[:16, :12]
  np.testing.assert_allclose(
    nuisances.gaussian_blur(image, sigma), plain_blur(image, sigma), atol=1e-5
  )


def test_blur_keeps_a_flat_picture():
  flat = jnp.full((12, 12, 3), 0.3)
  np.testing.assert_allclose(
    nuisances.gaussian_blur(flat, 1.0), flat, atol=1e-6
  )


def test_noise_has_its_strength():
  draw = functools.partial(nuisances.sense, **group(parts.SENSING, 'noise'))
  grey = jnp.full((parts.SIZE, parts.SIZE, 3), 0.5)
  images = jax.jit(jax.vmap(draw, in_axes=(0, None)))(parts.keys(50), grey)
  std = np.std(np.asarray(images), axis=(1, 2, 3))
  largest = parts.settings()['noise']['max_std']
  assert 0.8 * largest < std.max() < 1.1 * largest
  assert std.min() < 0.3 * largest
  np.testing.assert_allclose(np.asarray(images).mean((1, 2, 3)), 0.5, atol=0.01)


def plain_block(image, step):
  """Cosine quantising by loops, straight from ITU-T T.81, A.3.3."""

  def c(u):
    return 1 / math.sqrt(2) if u == 0 else 1.0

  def wave(place, u):
    return math.cos((2 * place + 1) * u * math.pi / 16)

  eight = range(8)
  image = np.asarray(image, np.float64)
  result = np.zeros_like(image)
  height, width, channels = image.shape
  for top in range(0, height, 8):
    for left in range(0, width, 8):
      for channel in range(channels):
        tile = image[top : top + 8, left : left + 8, channel]
        kept = np.zeros((8, 8))
        for u in eight:
          for v in eight:
            total = sum(
              tile[y, x] * wave(y, u) * wave(x, v) for y in eight for x in eight
            )
            size = 8 * step * (1 + u + v) / 15
            kept[u, v] = size * round(c(u) * c(v) / 4 * total / size)
        for y in eight:
          for x in eight:
            result[top + y, left + x, channel] = sum(
              c(u) * c(v) / 4 * kept[u, v] * wave(y, u) * wave(x, v)
              for u in eight
              for v in eight
            )
  return result


@pytest.mark.parametrize('step', [0.02, 0.15])
def test_blocking_equals_plain_loops(step):
  image = IMAGE[:16, :16, :2]
  blocked = compression.block(image, jnp.float32(step))
  np.testing.assert_allclose(blocked, plain_block(image, step), atol=1e-5)


def test_blocking_by_next_to_nothing_changes_nothing():
  blocked = compression.block(IMAGE, jnp.float32(1e-6))
  np.testing.assert_allclose(blocked, IMAGE, atol=1e-4)


def test_blocking_by_too_much_leaves_nothing():
  assert not np.asarray(compression.block(IMAGE, jnp.float32(1e3))).any()


def test_blocking_twice_is_blocking_once():
  once = compression.block(IMAGE, jnp.float32(0.1))
  np.testing.assert_allclose(
    compression.block(once, jnp.float32(0.1)), once, atol=1e-5
  )


def test_blocks_do_not_see_each_other():
  other = IMAGE.at[:8, :8].set(0.0)
  first, second = (
    np.asarray(compression.block(image, jnp.float32(0.1)))
    for image in (IMAGE, other)
  )
  np.testing.assert_allclose(first[8:], second[8:], atol=1e-6)
  np.testing.assert_allclose(first[:, 8:], second[:, 8:], atol=1e-6)


def test_the_cosine_basis_is_orthonormal():
  basis = compression._cosine_basis()
  np.testing.assert_allclose(basis @ basis.T, np.eye(8), atol=1e-6)
