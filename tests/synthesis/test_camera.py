"""What a camera makes of light: exposure, light, noise, file format, dust."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from tests.synthesis import parts
from zeroshot.synthesis import camera, nuisances

SIZE = 32
KEYS = parts.keys(40)
SCENE = np.asarray(nuisances.gaussian_blur(jnp.asarray(parts.SCENE), 1.0))


def settings(*names):
  """The default's camera, each of the named always and no other."""
  config = default.get_synthesis().relief.camera.to_dict()
  assert set(names) <= set(config)
  return {
    name: values | dict(probability=float(name in names))
    for name, values in config.items()
  }


def each(function, keys=KEYS):
  """What a function of a key gives for each."""
  return np.asarray(jax.jit(jax.vmap(function))(keys))


def test_a_camera_that_does_nothing():
  off = settings()
  none = jnp.zeros(2)
  exposed = each(lambda key: camera.expose(key, SCENE, off), KEYS[:2])
  np.testing.assert_allclose(exposed[0], SCENE, atol=1e-6)
  lit = each(lambda key: camera.illuminate(key, SCENE, off), KEYS[:2])
  np.testing.assert_allclose(lit[0], SCENE, atol=1e-6)
  recorded = each(lambda key: camera.record(key, SCENE, none, off), KEYS[:2])
  np.testing.assert_allclose(recorded[0], SCENE, atol=1e-6)
  assert not each(lambda key: camera.noise_levels(key, off)).any()


def test_exposure_clips_at_both_ends():
  light = np.linspace(0, 5, SIZE, dtype=np.float32)
  light = np.broadcast_to(light[:, None, None], (SIZE, SIZE, 3))
  every = settings('white_balance', 'exposure', 'curve')
  images = each(lambda key: camera.expose(key, light, every))
  assert images.max() == 1
  assert images.min() > 0
  assert images[:, 0].max() < 0.01
  # Beyond 2 ** 1.45, the darkest exposure, all is white.
  np.testing.assert_array_equal(images[:, -8:], 1)
  assert (np.diff(images, axis=1) >= 0).all()
  assert len(set(images[:, 2, 0, 0])) > 30


@pytest.mark.parametrize('name', ['exposure', 'white_balance'])
def test_exposure_and_balance_are_gains_in_stops(name):
  light = np.full((8, 8, 3), 0.25, np.float32)
  most = settings(name)[name]['max_log2']
  images = each(lambda key: camera.expose(key, light, settings(name)))
  stops = np.log2(images / 0.25)
  assert 0.7 * most < np.abs(stops).max() <= most + 1e-4
  assert stops.min() < 0 < stops.max()
  between = np.ptp(stops[:, 0, 0], axis=-1)  # of the channels
  assert (between.min() > 1e-3) == (name == 'white_balance')
  assert (between.max() < 1e-4) == (name == 'exposure')


def test_a_curve_keeps_black_and_white():
  light = np.broadcast_to([[[0.0], [0.5], [1.0]]], (1, 3, 3))
  images = each(lambda key: camera.expose(key, light, settings('curve')))
  assert images[..., 0, :].max() < 0.01
  np.testing.assert_array_equal(images[..., 2, :], 1)
  grey = images[:, 0, 1, 0]
  assert grey.min() < 0.45
  assert grey.max() > 0.55


@pytest.mark.parametrize('name', ['gradient', 'shadow', 'glare'])
def test_light_changes_smoothly_and_as_much_as_asked_for(name):
  grey = np.full((SIZE, SIZE, 3), 0.5, np.float32)
  change = each(lambda key: camera.illuminate(key, grey, settings(name))) - 0.5
  assert np.ptp(change, axis=(1, 2)).max() > 0.05
  np.testing.assert_allclose(change[..., 0], change[..., 2], atol=1e-6)
  if name == 'glare':
    assert change.min() >= 0
    assert change.max() <= 0.8 + 1e-5
  elif name == 'shadow':
    assert change.max() <= 1e-6
    assert change.min() >= -0.5 * 0.6 - 1e-5
  else:
    assert change.min() < -0.05
    assert change.max() > 0.05
    assert np.abs(np.diff(change, axis=1)).max() < 0.1


def test_noise_levels_are_shared_by_black_and_white():
  levels = each(lambda key: camera.noise_levels(key, settings('noise')))
  assert levels.shape == (len(KEYS), 2)
  assert levels.min() >= 0
  total = levels.sum(1)
  most = settings()['noise']['max_std']
  assert 0.5 * most < total.max() <= most
  share = levels[:, 0] / total
  assert share.min() < 0.2 < 0.8 < share.max()


@pytest.mark.parametrize(('grey', 'expected'), [(0.25, 0.03), (0.64, 0.036)])
def test_noise_has_the_deviation_of_its_levels(grey, expected):
  """0.02 everywhere and 0.02 more for white, as the root of brightness."""
  image = np.full((SIZE, SIZE, 3), grey, np.float32)
  noise = jnp.array([0.02, 0.02])
  taken = each(lambda key: camera.record(key, image, noise, settings()))
  assert taken.std() == pytest.approx(expected, rel=0.05)
  assert taken.mean() == pytest.approx(grey, abs=1e-3)
  assert np.abs(taken[0] - taken[1]).max() > 0.01


def test_defocus_takes_detail_and_keeps_the_mean():
  none = jnp.zeros(2)
  taken = each(lambda key: camera.record(key, SCENE, none, settings('defocus')))
  spread = taken.std(axis=(1, 2, 3))
  assert spread.max() <= SCENE.std() + 1e-6
  assert spread.min() < 0.8 * SCENE.std()
  assert taken.mean() == pytest.approx(SCENE.mean(), abs=0.01)


def test_depth_of_field_takes_detail_from_parts_of_the_picture():
  none, on = jnp.zeros(2), settings('depth_of_field')
  taken = each(lambda key: camera.record(key, SCENE, none, on))
  change = np.abs(taken - SCENE).max(-1)
  assert (change > 0.03).any((1, 2)).mean() > 0.7
  assert taken.std(axis=(1, 2, 3)).max() < SCENE.std() + 1e-3
  assert taken.mean() == pytest.approx(SCENE.mean(), abs=0.01)
  # Somewhere a part is as sharp as it was, and another is not.
  share = (change < 2e-3).mean((1, 2))
  assert ((share > 0.1) & (share < 0.9)).any()


def test_thinned_colour_keeps_brightness():
  none = jnp.zeros(2)
  taken = each(
    lambda key: camera.record(key, 0.4 + SCENE / 10, none, settings('chroma')),
    KEYS[:1],
  )[0]
  scene = 0.4 + SCENE / 10
  luma = np.array([0.299, 0.587, 0.114], np.float32)
  np.testing.assert_allclose(taken @ luma, scene @ luma, atol=1e-5)
  colour = taken - (taken @ luma)[..., None]
  cells = colour.reshape(SIZE // 2, 2, SIZE // 2, 2, 3)
  np.testing.assert_allclose(np.ptp(cells, axis=(1, 3)), 0, atol=1e-5)
  before = (scene - (scene @ luma)[..., None]).reshape(cells.shape)
  np.testing.assert_allclose(cells.mean((1, 3)), before.mean((1, 3)), atol=1e-5)
  assert np.abs(taken - scene).max() > 1e-3


def test_blocking_alters_each_block_by_itself():
  none, flat = jnp.zeros(2), SCENE.copy()
  flat[:8, :8] = 0.5
  taken = each(lambda key: camera.record(key, flat, none, settings('blocking')))
  assert np.abs(taken - flat).max() > 0.02
  assert np.ptp(taken[:, :8, :8], axis=(1, 2)).max() < 1e-4
  assert taken.min() >= 0
  assert taken.max() <= 1


@functools.cache
def dusty(probability):
  grey = np.full((SIZE, SIZE, 3), 0.5, np.float32)
  most = dict(probability=probability, max_px=2.5)
  keys = parts.keys(300)
  return each(lambda key: camera.dust(key, grey, most), keys)


def test_dust_is_small_specks_of_one_tone():
  image = dusty(1.0)
  covered = np.abs(image - 0.5).max(-1) > 0.05
  assert image.min() >= 0
  assert image.max() <= 1
  some = covered.any((1, 2))
  assert 0.1 < some.mean() < 0.9
  assert 0 < covered[some].mean() < 0.05
  tones = np.sign(image - 0.5)
  assert (tones.min((1, 2, 3)) * tones.max((1, 2, 3)) >= 0).all()


def test_without_dust_the_picture_is_as_it_was():
  np.testing.assert_array_equal(dusty(0.0), 0.5)
  share = (np.abs(dusty(0.5) - 0.5).max((1, 2, 3)) > 0.05).mean()
  always = (np.abs(dusty(1.0) - 0.5).max((1, 2, 3)) > 0.05).mean()
  assert share == pytest.approx(always / 2, abs=0.1)
