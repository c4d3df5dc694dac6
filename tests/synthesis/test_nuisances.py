"""Nuisances: identities, plain-loop oracles and laws."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import nuisances

IMAGE = jnp.asarray(parts.SCENE)
KEY = jax.random.key(5)
MARGIN = parts.MARGIN
INNER = parts.SIZE - 2 * MARGIN


def group(names, *chosen):
  """The settings of a group, some of them drawn always."""
  values = parts.settings(*chosen)
  return {name: values[name] for name in names}


@functools.cache
def displacements(*chosen, count=16):
  """Displacements by some kinds alone, ``[count, INNER, INNER, 2]``."""
  draw = functools.partial(
    nuisances.displacement, size=INNER, **group(parts.GEOMETRY, *chosen)
  )
  return np.asarray(jax.jit(jax.vmap(draw))(parts.keys(count)))


# --- Gates ------------------------------------------------------------------


def test_amplitude_is_drawn_with_its_probability_within_its_range():
  draw = jax.jit(
    jax.vmap(nuisances.amplitude, in_axes=(0, None, None)),
  )
  keys = parts.keys(2000)
  assert not np.asarray(draw(keys, 0.0, 3.0)).any()
  always = np.asarray(draw(keys, 1.0, 3.0))
  assert np.abs(always).max() <= 3
  assert np.abs(always).max() > 2.8
  assert abs(always.mean()) < 0.15
  some = np.asarray(draw(keys, 0.3, 3.0))
  assert np.mean(some != 0) == pytest.approx(0.3, abs=0.05)


# --- Geometry ---------------------------------------------------------------


def test_no_geometry_displaces_nothing():
  assert not displacements().any()


def test_a_shift_is_the_same_everywhere_and_within_its_range():
  offsets = displacements('shift', count=200)
  assert (offsets == offsets[:, :1, :1]).all()
  largest = parts.settings()['shift']['max_px']
  assert 0.9 * largest < np.abs(offsets).max() <= largest
  assert np.ptp(offsets[..., 0] - offsets[..., 1]) > 0  # axes are free


@pytest.mark.parametrize('kind', ['rotation', 'scale'])
def test_turning_and_scaling_leave_the_centre_and_are_odd_about_it(kind):
  offsets = displacements(kind)
  assert np.abs(offsets).max() > 0
  np.testing.assert_allclose(offsets, -offsets[:, ::-1, ::-1], atol=1e-5)
  middle = offsets[:, INNER // 2 - 1 : INNER // 2 + 1]
  middle = middle[:, :, INNER // 2 - 1 : INNER // 2 + 1]
  assert np.abs(middle.mean((1, 2))).max() < 1e-5


def test_a_rotation_keeps_distances_and_a_scale_changes_them_all_alike():
  y, x = np.mgrid[:INNER, :INNER] - (INNER - 1) / 2
  places = np.stack([y, x], -1)
  radius = np.hypot(y, x)
  turned = places + displacements('rotation')
  np.testing.assert_allclose(
    np.hypot(turned[..., 0], turned[..., 1]),
    radius[None].repeat(16, 0),
    atol=1e-4,
  )
  scaled = displacements('scale')
  ratio = np.hypot(scaled[..., 0], scaled[..., 1]) / radius
  largest = parts.settings()['scale']['max_change']
  assert np.ptp(ratio, axis=(1, 2)).max() < 1e-4
  assert ratio.max() <= largest + 1e-5
  turn = displacements('rotation')
  angle = np.hypot(turn[..., 0], turn[..., 1]) / radius
  assert np.rad2deg(angle.max()) <= parts.settings()['rotation']['max_deg'] * (
    1 + 1e-3
  )


def test_a_warp_is_smooth_and_about_within_its_range():
  offsets = displacements('warp', count=100)
  values = parts.settings()['warp']
  assert 0 < offsets.std() < values['max_px'] / 2
  assert np.abs(offsets).max() < 6 * values['max_px']
  steps = np.abs(np.diff(offsets, axis=1))
  assert steps.max() < 0.25 * np.abs(offsets).max()


def plain_move(image, offsets, margin):
  """Bilinear sampling by loops, in float64."""
  size, side = image.shape[0], offsets.shape[0]
  image = np.asarray(image, np.float64)
  result = np.zeros((side, side, image.shape[2]))
  for y in range(side):
    for x in range(side):
      row = min(max(y + margin + float(offsets[y, x, 0]), 0), size - 1)
      column = min(max(x + margin + float(offsets[y, x, 1]), 0), size - 1)
      i, j = min(int(row), size - 2), min(int(column), size - 2)
      for di, dj in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = (1 - abs(row - i - di)) * (1 - abs(column - j - dj))
        result[y, x] += weight * image[i + di, j + dj]
  return result


def test_moving_by_nothing_crops():
  moved = nuisances.move(IMAGE, jnp.zeros((INNER, INNER, 2)), margin=MARGIN)
  np.testing.assert_array_equal(moved, IMAGE[MARGIN:-MARGIN, MARGIN:-MARGIN])


def test_moving_by_whole_pixels_crops_elsewhere():
  offsets = jnp.broadcast_to(jnp.array([3.0, -5.0]), (INNER, INNER, 2))
  moved = nuisances.move(IMAGE, offsets, margin=MARGIN)
  expected = IMAGE[11 : 11 + INNER, 3 : 3 + INNER]
  np.testing.assert_allclose(moved, expected, atol=1e-6)


def test_moving_equals_plain_loops():
  random = np.random.default_rng(3)
  offsets = random.uniform(-7, 7, (INNER, INNER, 2)).astype(np.float32)
  moved = nuisances.move(IMAGE, jnp.asarray(offsets), margin=MARGIN)
  expected = plain_move(IMAGE, offsets, MARGIN)
  np.testing.assert_allclose(moved, expected, atol=2e-5)


def test_moving_beyond_the_picture_goes_on_with_its_edge():
  random = np.random.default_rng(4)
  offsets = random.uniform(-60, 60, (INNER, INNER, 2)).astype(np.float32)
  moved = nuisances.move(IMAGE, jnp.asarray(offsets), margin=MARGIN)
  # At its far edges a thousandth of a pixel before the last one is read.
  expected = plain_move(IMAGE, offsets, MARGIN)
  np.testing.assert_allclose(moved, expected, atol=3e-3)


# --- Black and white --------------------------------------------------------


def smooth_scene():
  return parts.plain_noise(jax.random.key(2), 48)


@jax.jit
def binarise(image, ragged_px=0.0, level=0.0, blur_px=0.7):
  return nuisances.binarise(
    image, ragged_px * jnp.ones(image.shape[:2]), level=level, blur_px=blur_px
  )


def test_binarising_makes_black_and_white():
  result = np.asarray(binarise(smooth_scene()))
  assert (result == result[..., :1]).all()
  assert np.mean((result == 0) | (result == 1)) > 0.5
  bright = np.asarray(smooth_scene()).mean(-1)
  black, white = (bright[result[..., 0] == value] for value in (0, 1))
  assert black.mean() < bright.mean() < white.mean()


def test_binarising_does_not_see_exposure():
  scene = smooth_scene()
  np.testing.assert_allclose(
    binarise(scene), binarise(0.6 * scene + 0.3), atol=1e-3
  )


def test_a_higher_level_and_a_greater_fray_leave_less_white():
  plain = np.asarray(binarise(smooth_scene()))
  higher = np.asarray(binarise(smooth_scene(), level=0.4))
  frayed = np.asarray(binarise(smooth_scene(), ragged_px=1.5))
  for less in (higher, frayed):
    assert (less <= plain + 1e-6).all()
    assert less.mean() < plain.mean()


def test_a_flat_scene_is_cut_without_noise():
  flat = jnp.full((16, 16, 3), 0.4)
  assert np.ptp(np.asarray(binarise(flat))) < 1e-3


def test_no_fray_is_none():
  field = nuisances.ragged_field(KEY, size=24, max_px=0.0)
  assert not np.asarray(field).any()


def test_fray_scales_with_its_reach():
  fields = [
    np.asarray(nuisances.ragged_field(KEY, size=24, max_px=most))
    for most in (1.0, 2.0)
  ]
  np.testing.assert_allclose(2 * fields[0], fields[1], rtol=1e-5, atol=1e-6)
