"""What is no defect: identities, plain-loop oracles and laws."""

from __future__ import annotations

import functools
import math

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
def cut(image, ragged_px=0.0, level=0.0, blur_px=0.7):
  return nuisances.binarise(
    image, ragged_px * jnp.ones(image.shape[:2]), level=level, blur_px=blur_px
  )


def test_binarising_makes_black_and_white():
  result = np.asarray(cut(smooth_scene()))
  assert (result == result[..., :1]).all()
  assert np.mean((result == 0) | (result == 1)) > 0.5
  bright = np.asarray(smooth_scene()).mean(-1)
  black, white = (bright[result[..., 0] == value] for value in (0, 1))
  assert black.mean() < bright.mean() < white.mean()


def test_binarising_does_not_see_exposure():
  scene = smooth_scene()
  np.testing.assert_allclose(cut(scene), cut(0.6 * scene + 0.3), atol=1e-3)


def test_a_higher_level_and_a_greater_fray_leave_less_white():
  plain = np.asarray(cut(smooth_scene()))
  higher = np.asarray(cut(smooth_scene(), level=0.4))
  frayed = np.asarray(cut(smooth_scene(), ragged_px=1.5))
  for less in (higher, frayed):
    assert (less <= plain + 1e-6).all()
    assert less.mean() < plain.mean()


def test_a_flat_scene_is_cut_without_noise():
  flat = jnp.full((16, 16, 3), 0.4)
  assert np.ptp(np.asarray(cut(flat))) < 1e-3


def test_no_fray_is_none():
  field = nuisances.ragged_field(KEY, size=24, max_px=0.0)
  assert not np.asarray(field).any()


def test_fray_scales_with_its_reach():
  fields = [
    np.asarray(nuisances.ragged_field(KEY, size=24, max_px=most))
    for most in (1.0, 2.0)
  ]
  np.testing.assert_allclose(2 * fields[0], fields[1], rtol=1e-5, atol=1e-6)


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
  blocked = nuisances.block(image, jnp.float32(step))
  np.testing.assert_allclose(blocked, plain_block(image, step), atol=1e-5)


def test_blocking_by_next_to_nothing_changes_nothing():
  blocked = nuisances.block(IMAGE, jnp.float32(1e-6))
  np.testing.assert_allclose(blocked, IMAGE, atol=1e-4)


def test_blocking_by_too_much_leaves_nothing():
  assert not np.asarray(nuisances.block(IMAGE, jnp.float32(1e3))).any()


def test_blocking_twice_is_blocking_once():
  once = nuisances.block(IMAGE, jnp.float32(0.1))
  np.testing.assert_allclose(
    nuisances.block(once, jnp.float32(0.1)), once, atol=1e-5
  )


def test_blocks_do_not_see_each_other():
  other = IMAGE.at[:8, :8].set(0.0)
  first, second = (
    np.asarray(nuisances.block(image, jnp.float32(0.1)))
    for image in (IMAGE, other)
  )
  np.testing.assert_allclose(first[8:], second[8:], atol=1e-6)
  np.testing.assert_allclose(first[:, 8:], second[:, 8:], atol=1e-6)


def test_the_cosine_basis_is_orthonormal():
  basis = nuisances._cosine_basis()
  np.testing.assert_allclose(basis @ basis.T, np.eye(8), atol=1e-6)
