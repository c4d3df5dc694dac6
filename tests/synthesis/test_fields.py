"""Coordinates and smooth noise."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import fields


def test_grid_numbers_rows_and_columns():
  y, x = fields.grid(3)
  assert y.dtype == x.dtype == jnp.float32
  np.testing.assert_array_equal(y, [[0], [1], [2]])
  np.testing.assert_array_equal(x, [[0, 1, 2]])


@pytest.mark.parametrize('cell_px', [3.0, 8.0, 500.0])
def test_noise_has_mean_0_and_a_variance_under_1(cell_px):
  draw = jax.jit(
    jax.vmap(lambda key: fields.noise(key, size=24, cell_px=cell_px))
  )
  noise = np.asarray(draw(parts.keys(200)))
  assert noise.shape == (200, 24, 24)
  assert abs(noise.mean()) < 0.15
  assert 0.1 < noise.var() < 1.1


def test_noise_is_smooth_over_its_cells():
  def steepness(cell_px):
    noise = fields.noise(jax.random.key(0), size=64, cell_px=cell_px)
    return float(jnp.mean(jnp.abs(jnp.diff(noise, axis=0))))

  assert steepness(4.0) > 2 * steepness(16.0) > 4 * steepness(64.0) / 2


def test_a_steeper_slope_makes_fractal_noise_smoother_not_weaker():
  draw = jax.jit(
    jax.vmap(
      lambda key, slope: fields.fractal_noise(key, size=48, slope=slope),
      in_axes=(0, None),
    )
  )
  rough, even = (np.asarray(draw(parts.keys(100), s)) for s in (0.0, 2.0))
  for noise in (rough, even):
    assert abs(noise.mean()) < 0.2
    assert 0.4 < noise.var() < 2.0
  assert np.abs(np.diff(rough)).mean() > 2 * np.abs(np.diff(even)).mean()
