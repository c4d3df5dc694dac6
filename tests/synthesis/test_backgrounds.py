"""Scenes: laws of single kinds, beyond the shared suite."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import backgrounds


def test_colours_are_colours_and_some_are_grey():
  colours = np.asarray(jax.vmap(backgrounds.colour)(parts.keys(200)))
  assert colours.shape == (200, 3)
  assert colours.min() >= 0
  assert colours.max() <= 1
  assert 0.3 < np.mean(np.ptp(colours, axis=1) == 0) < 0.7


def test_two_colours_can_be_told_apart():
  draw = jax.jit(jax.vmap(backgrounds.two_colours))
  first, second = map(np.asarray, draw(parts.keys(300)))
  for colours in (first, second):
    assert colours.min() >= 0
    assert colours.max() <= 1
  gap = second.mean(1) - first.mean(1)
  # Clipping a strong colour may take some of the brightness away again.
  assert np.abs(gap).min() > 0.1
  assert np.mean(np.abs(gap) >= 0.24) > 0.9
  assert 0.2 < np.mean(gap > 0) < 0.8


@pytest.mark.parametrize('kind', ['thresholded', 'strokes'])
def test_two_colour_scenes_lie_between_two_colours(kind):
  draw = functools.partial(getattr(backgrounds, kind), size=32)
  images = jax.jit(jax.vmap(draw))(parts.keys(4))
  for image in np.asarray(images).reshape(4, -1, 3):
    singular = np.linalg.svd(image - image.mean(0), compute_uv=False)
    assert singular[1] < 1e-3 * max(singular[0], 1e-3)


def test_leaves_hide_what_they_lie_on():
  """Opaque shapes: a pixel well inside one has its colour, not a blend."""

  def draw(key):
    y, x = jnp.mgrid[:9, :9]
    distance = jnp.maximum(jnp.abs(y - 4), jnp.abs(x - 4)) - 2.5
    ink = jax.random.uniform(key, (3,))
    return distance, ink

  key = jax.random.key(0)
  canvas = backgrounds._paint(draw, key, 5, ground=jnp.ones(3), size=9)
  last = jax.random.uniform(jax.random.split(key, 5)[-1], (3,))
  np.testing.assert_allclose(canvas[4, 4], last, atol=1e-6)
  np.testing.assert_array_equal(canvas[0, 0], np.ones(3))
