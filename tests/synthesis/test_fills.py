"""The content of regions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tests.synthesis import parts
from zeroshot.synthesis import fills

SCENE, OTHER = jnp.asarray(parts.SCENE), jnp.asarray(parts.OTHER)


def test_background_is_the_other_scene():
  filled = fills.background(jax.random.key(0), SCENE, OTHER)
  np.testing.assert_array_equal(filled, OTHER)


def test_inverted_is_the_negative_and_undoes_itself():
  key = jax.random.key(0)
  filled = fills.inverted(key, SCENE, OTHER)
  np.testing.assert_allclose(filled + SCENE, np.ones_like(SCENE), atol=1e-6)
  np.testing.assert_allclose(
    fills.inverted(key, filled, OTHER), SCENE, atol=1e-6
  )


def test_constant_is_one_colour_often_the_scene_s_own():
  draw = jax.jit(jax.vmap(fills.constant, in_axes=(0, None, None)))
  filled = np.asarray(draw(parts.keys(200), SCENE, OTHER))
  colours = filled[:, 0, 0]
  assert (filled == colours[:, None, None]).all()
  own = {tuple(pixel) for pixel in parts.SCENE.reshape(-1, 3)}
  is_own = np.array([tuple(colour) in own for colour in colours])
  is_extreme = np.isin(colours, (0, 1)).all(1)
  assert 0.4 < is_own.mean() < 0.8
  assert 0.08 < is_extreme.mean() < 0.4
  assert not (is_own | is_extreme).all()


def test_recoloured_changes_every_channel_of_grey_one_way():
  grey = jnp.full_like(SCENE, 0.5)
  draw = jax.jit(jax.vmap(fills.recoloured, in_axes=(0, None, None)))
  change = np.asarray(draw(parts.keys(50), grey, OTHER))[:, 0, 0] - 0.5
  assert np.abs(change).min() > 0.1
  assert (np.sign(change) == np.sign(change[:, :1])).all()
  assert 5 < (change[:, 0] > 0).sum() < 45


def test_recoloured_keeps_the_scene_s_texture():
  dim = 0.2 * SCENE + 0.4  # nothing is clipped below a change of 0.4
  filled = np.asarray(fills.recoloured(jax.random.key(1), dim, OTHER))
  change = [
    np.ptp(filled[..., i] - np.asarray(dim[..., j]))
    for i in range(3)
    for j in range(3)
  ]
  assert sum(spread < 0.11 for spread in change) >= 3
