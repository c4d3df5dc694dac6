"""Light falls as it should: matte scenes, slopes, highlights and shadows."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zeroshot.synthesis.parts import Scene
from zeroshot.synthesis.shading import Lamp, glow, shade

SIZE = 32
ALBEDO = np.random.default_rng(0).random((SIZE, SIZE, 3), np.float32)
ABOVE = (0.0, 0.0, 1.0)
# Towards the lamp: columns, rows, towards the camera; and how the picture is
# turned to bring that lamp to the right.
SIDES = {(1.0, 0.0): 0, (0.0, -1.0): 3, (-1.0, 0.0): 2, (0.0, 1.0): 1}


def scene(height=None, gloss=0.0, power=16.0, albedo=0.5):
  return Scene(
    albedo=jnp.broadcast_to(jnp.asarray(albedo, jnp.float32), ALBEDO.shape),
    height=jnp.zeros((SIZE, SIZE)) if height is None else jnp.asarray(height),
    gloss=jnp.full((SIZE, SIZE), gloss),
    power=jnp.float32(power),
  )


def lamp(direction, ambient=0.3, softness_px=1.0):
  return Lamp(
    jnp.asarray(direction, jnp.float32),
    jnp.float32(ambient),
    jnp.float32(softness_px),
  )


@jax.jit
def lit(scene, lamp, casts=1.0):
  return shade(scene, lamp, casts_shadows=jnp.float32(casts))


def dome():
  y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
  return np.float32(8 * np.exp(-(x**2 + y**2) / 60))


def tower(height=6.0):
  """A column of 4x4 pixels in the middle."""
  result = np.zeros((SIZE, SIZE), np.float32)
  result[14:18, 14:18] = height
  return result


@pytest.mark.parametrize('ambient', [0.0, 0.4, 1.0])
@pytest.mark.parametrize(
  'direction', [ABOVE, (0.9, -0.7, 1.0), (-2.0, 0.0, 1.0)]
)
def test_a_flat_matte_scene_looks_as_it_is_under_any_lamp(direction, ambient):
  image = lit(scene(albedo=ALBEDO), lamp(direction, ambient))
  assert image.shape == ALBEDO.shape
  assert image.dtype == jnp.float32
  np.testing.assert_allclose(image, ALBEDO, atol=1e-6)


def test_the_length_of_the_direction_is_of_no_effect():
  one = lit(scene(dome(), gloss=0.5), lamp((0.3, 0.4, 1.0)))
  two = lit(scene(dome(), gloss=0.5), lamp((0.9, 1.2, 3.0)))
  np.testing.assert_allclose(one, two, atol=1e-5)


def test_ambient_light_alone_shows_no_height_and_no_gloss():
  image = lit(scene(dome(), gloss=1.0), lamp((0.8, 0.0, 1.0), ambient=1.0))
  np.testing.assert_allclose(image, 0.5, atol=1e-6)


@pytest.mark.parametrize('side', SIDES)
def test_the_slope_towards_the_lamp_is_bright(side):
  image = lit(scene(dome()), lamp((*side, 1.5)), 0.0)[..., 0]
  turned = np.rot90(image, SIDES[side])
  left, right = turned[:, : SIZE // 2].mean(), turned[:, SIZE // 2 :].mean()
  assert right > left + 0.02
  np.testing.assert_allclose(turned, turned[::-1], atol=1e-5)


def test_a_tilted_plane_is_lit_by_the_cosine():
  slope = 0.5
  height = np.float32(slope * np.mgrid[:SIZE, :SIZE][1])
  image = lit(scene(height), lamp((1.0, 0.0, 1.0), ambient=0.2), 0.0)
  # The normal is (-slope, 0, 1); both vectors are normalised.
  cosine = (1 - slope) / np.sqrt(1 + slope**2) / np.sqrt(2)
  expected = 0.5 * (0.2 + 0.8 * cosine * np.sqrt(2))
  np.testing.assert_allclose(image, expected, rtol=1e-5)
  away = lit(scene(-3 * height), lamp((-1.0, 0.0, 1.0), ambient=0.2), 0.0)
  np.testing.assert_allclose(away, 0.5 * 0.2, rtol=1e-5)


@pytest.mark.parametrize('side', SIDES)
def test_a_highlight_lies_on_the_side_of_the_lamp(side):
  at = lamp((0.6 * side[0], 0.6 * side[1], 1.0))
  with_gloss = lit(scene(dome(), gloss=1.0, power=64.0), at, 0.0)
  shine = np.rot90(
    (with_gloss - lit(scene(dome()), at, 0.0))[..., 0], SIDES[side]
  )
  row, column = np.unravel_index(shine.argmax(), shine.shape)
  assert column > SIZE // 2
  assert abs(row - (SIZE - 1) / 2) <= 1
  assert shine.max() == pytest.approx(0.7, abs=0.05)  # but for ambient light
  assert shine.min() >= 0


def test_a_higher_power_makes_a_narrower_highlight_as_bright():
  at = lamp(ABOVE, ambient=0.0)
  wide, narrow = (
    (lit(scene(dome(), gloss=1.0, power=power, albedo=0.0), at)[..., 0])
    for power in (4.0, 64.0)
  )
  assert float(narrow.max()) == pytest.approx(float(wide.max()), rel=0.02)
  assert (narrow > 0.5).sum() < (wide > 0.5).sum()


@pytest.mark.parametrize('side', SIDES)
def test_a_shadow_falls_away_from_the_lamp(side):
  at = lamp((*side, 1.0), ambient=0.2)
  with_shadow, without = (lit(scene(tower()), at, on) for on in (1.0, 0.0))
  taken = np.rot90((without - with_shadow)[..., 0], SIDES[side])
  assert taken[14:18, 10:13].min() > 0.1
  assert np.abs(taken[:, 18:]).max() < 1e-6
  assert np.abs(taken[:11]).max() < 1e-6
  assert np.abs(taken[21:]).max() < 1e-6


def test_a_shadow_is_as_long_as_its_tower_is_high():
  def length(height, up):
    at = lamp((1.0, 0.0, up), ambient=0.0, softness_px=0.1)
    image = lit(scene(tower(height)), at, 1.0)[16, :, 0]
    flat = lit(scene(), at, 1.0)[16, :, 0]
    return int(np.sum(image[:13] < 0.9 * flat[:13]))

  assert length(6.0, 1.0) > length(3.0, 1.0) > 0
  assert length(6.0, 3.0) < length(6.0, 1.0)


def test_a_soft_shadow_takes_less_than_a_sharp_one():
  images = [
    lit(scene(tower(3.0)), lamp((1.0, 0.0, 1.0), softness_px=softness))
    for softness in (0.5, 4.0)
  ]
  assert images[0].mean() < images[1].mean()


def test_a_highlight_is_as_dark_in_a_shadow_as_the_rest():
  at = lamp((1.0, 0.0, 1.0), ambient=0.0)
  shiny = scene(tower(), gloss=1.0, power=2.0, albedo=0.0)
  ratio = (lit(shiny, at, 1.0) / lit(shiny, at, 0.0))[14:18, 10:13]
  np.testing.assert_allclose(ratio, 0.25, atol=1e-5)


def test_a_lamp_above_casts_no_shadow():
  with_shadow, without = (
    lit(scene(tower()), lamp(ABOVE), casts) for casts in (1.0, 0.0)
  )
  np.testing.assert_allclose(with_shadow, without, atol=1e-3)


def lights(probability, **values):
  settings = dict(probability=probability, max_log2=4.0, max_px=8.0) | values
  draw = jax.jit(jax.vmap(lambda key: glow(key, size=SIZE, settings=settings)))
  return np.asarray(draw(jax.random.split(jax.random.key(0), 24)))


def test_a_light_is_clipped_over_more_pixels_the_longer_the_exposure():
  images = lights(1.0)
  assert images.shape == (24, SIZE, SIZE, 3)
  assert (images >= 0).all()
  assert 4 < images.max() <= 3 * 2**4 * 1.05
  clipped = [(images * stop >= 1).sum() for stop in (0.25, 1.0, 4.0)]
  assert clipped[0] < 0.8 * clipped[1] < 0.6 * clipped[2]


def test_no_light_without_a_probability():
  assert not lights(0.0).any()
