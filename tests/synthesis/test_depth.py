"""What a tilted view hides and shows, and which layer is blurred."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts as toy
from zeroshot import bilinear
from zeroshot.synthesis import depth, fields

SIZE = 48
GENERATOR = np.random.default_rng(0)
NOISE = GENERATOR.random((SIZE, SIZE, 3), np.float32)


def plateau(height=10.0):
  result = np.zeros((SIZE, SIZE), np.float32)
  result[16:32, 16:32] = height
  return jnp.asarray(result)


def seen(image, offsets):
  y, x = fields.grid(SIZE)
  return bilinear.sample(image, y + offsets[..., 0], x + offsets[..., 1])


def test_without_tilt_nothing_moves():
  offsets = depth.parallax(plateau(), jnp.zeros(2), anchor_px=jnp.float32(3))
  np.testing.assert_array_equal(offsets, 0)


@pytest.mark.parametrize('reach_px', [-5.0, 4.0])
def test_what_stands_moves_whole_over_ground_that_stays(reach_px):
  """By the ground's registration the top moves; it keeps its size."""
  top = plateau()
  tilt = jnp.array([0.0, reach_px / 10])
  offsets = depth.parallax(top, tilt, anchor_px=jnp.float32(0))
  cover = np.asarray(offsets[24, :, 1]) == pytest.approx(reach_px)
  moved = np.asarray(jnp.abs(offsets[24, :, 1] - reach_px) < 0.05)
  assert not cover  # not the whole row
  where = np.flatnonzero(moved)
  assert where[0] == pytest.approx(16 - reach_px, abs=1.1)
  assert len(where) == pytest.approx(16, abs=1.1)
  far = np.r_[0:8, 40:48]
  np.testing.assert_array_equal(offsets[24, far, 1], 0)
  np.testing.assert_array_equal(offsets[..., 0], 0)


def test_the_anchors_height_stays():
  offsets = depth.parallax(
    plateau(), jnp.array([0.3, 0.0]), anchor_px=jnp.float32(10)
  )
  assert np.abs(offsets[22:26, 22:26]).max() < 1e-4
  assert offsets[4, 4, 0] == pytest.approx(-3.0, abs=0.01)


def focus(near_px, far_px):
  return depth.Focus(*map(jnp.float32, (5.0, near_px, far_px)))


def roughness(image, where):
  return float(np.abs(np.diff(np.asarray(image)[where], axis=0)).mean())


NEAR, FAR = (slice(20, 28), slice(20, 28)), (slice(0, 6), slice(0, 6))


def test_a_sharp_picture_is_left_as_it_is():
  np.testing.assert_array_equal(
    depth.focus(jnp.asarray(NOISE), plateau(), focus(0, 0)), NOISE
  )


@pytest.mark.parametrize('sigma_px', [1.0, 3.0, 7.0])
def test_one_layer_is_blurred_and_the_other_is_not(sigma_px):
  near = depth.focus(jnp.asarray(NOISE), plateau(), focus(sigma_px, 0))
  far = depth.focus(jnp.asarray(NOISE), plateau(), focus(0, sigma_px))
  for image, blurred, sharp in ((near, NEAR, FAR), (far, FAR, NEAR)):
    assert roughness(image, blurred) < 0.5 * roughness(NOISE, blurred)
    np.testing.assert_allclose(image[sharp], NOISE[sharp], atol=2e-2)
  assert near.shape == NOISE.shape


def test_blur_keeps_one_colour_and_deepens_steadily():
  flat = jnp.full((SIZE, SIZE, 3), 0.4)
  image = depth.focus(flat, plateau(), focus(6.0, 3.0))
  np.testing.assert_allclose(image, 0.4, atol=2e-3)
  rough = [
    roughness(depth.focus(jnp.asarray(NOISE), plateau(), focus(s, 0)), NEAR)
    for s in (0.0, 0.5, 1.0, 2.0, 4.0)
  ]
  assert rough == sorted(rough, reverse=True)


def test_focus_is_drawn_for_one_take_at_least_as_often_as_asked_for():
  settings = dict(probability=0.5, max_sigma_px=6.0)
  one = lambda key: depth.draw_focus(key, plateau(), settings)  # noqa: E731
  first, second = jax.device_get(jax.lax.map(one, toy.keys(200)))
  blurs = np.stack(
    [first.near_px, first.far_px, second.near_px, second.far_px], axis=1
  )
  assert (blurs > 0).any(1).mean() == pytest.approx(0.5, abs=0.12)
  assert blurs.max() <= 6
  # Never both layers of a take: something is sharp in each.
  assert not ((blurs[:, 0] > 0) & (blurs[:, 1] > 0)).any()
  assert not ((blurs[:, 2] > 0) & (blurs[:, 3] > 0)).any()
