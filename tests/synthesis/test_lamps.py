"""Lamps far apart: where shadows fall, how dark they are, what moves."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from tests.synthesis import parts as toy
from zeroshot.synthesis import lamps
from zeroshot.synthesis.parts import Scene

SIZE = 48
SETTINGS = default.get_synthesis().relit.to_dict()
KEYS = toy.keys(64)
# Towards the lamp: columns and rows; and the shadow's side of a wall.
SIDES = {(1.0, 0.0): (24, 8), (-1.0, 0.0): (24, 40), (0.0, -1.0): (40, 24)}


def scene(height=None, albedo=0.5):
  return Scene(
    albedo=jnp.full((SIZE, SIZE, 3), albedo),
    height=jnp.zeros((SIZE, SIZE)) if height is None else jnp.asarray(height),
    gloss=jnp.zeros((SIZE, SIZE)),
    power=jnp.float32(16),
  )


def light(side, *, slant=2.0, rest=0.0, casts=1.0, softness_px=1.0):
  across, down = side
  way = np.array([slant * across, slant * down, 1.0])
  strength = jnp.array([1.0 - rest, 0.0, rest])
  return lamps.Light(
    lamp=jnp.asarray(way / np.linalg.norm(way), jnp.float32),
    fill=jnp.array([0.0, 0.0, 1.0]),
    tints=strength[:, None] * jnp.ones((3, 3)),
    softness_px=jnp.float32(softness_px),
    casts_shadows=jnp.float32(casts),
  )


def tower(height=10.0):
  result = np.zeros((SIZE, SIZE), np.float32)
  result[20:28, 20:28] = height
  return result


@pytest.mark.parametrize('side', SIDES)
def test_a_tall_thing_shades_what_lies_behind_it_and_nothing_before(side):
  image = lamps.shade(scene(tower()), light(side))[..., 0]
  dark = SIDES[side]
  bright = tuple(2 * 24 - place for place in dark)
  assert image[dark] == pytest.approx(0.0, abs=1e-3)
  assert image[bright] > 0.4


@pytest.mark.parametrize('height', [4.0, 8.0, 12.0])
def test_a_shadow_is_as_long_as_its_caster_and_lamp_make_it(height):
  taken = lamps.shadow(
    jnp.asarray(tower(height)), light((1.0, 0.0), softness_px=0.1)
  )
  length = float(jnp.sum(taken[24, :20]))
  # To the left end the picture is 20 pixels wide.
  assert length == pytest.approx(min(2.0 * height, 20.0), abs=2.5)


def test_shadows_are_as_bright_as_the_rest_of_the_light():
  image = lamps.shade(scene(tower()), light((1.0, 0.0), rest=0.3))[..., 0]
  assert image[24, 8] == pytest.approx(0.15, abs=1e-3)
  none = lamps.shade(scene(tower()), light((1.0, 0.0), casts=0.0))[..., 0]
  assert none[24, 8] > 0.4


def test_level_ground_shows_its_paint_under_a_high_lamp():
  image = lamps.shade(scene(), light((1.0, 0.0), slant=0.5, rest=0.5))
  np.testing.assert_allclose(image, 0.5, atol=1e-5)


def drawn(**changes):
  one = lambda key: lamps.draw(key, SETTINGS | changes)  # noqa: E731
  return jax.device_get(jax.lax.map(one, KEYS))


@pytest.mark.parametrize('share', [0.0, 1.0])
def test_lamps_are_moved_as_often_as_asked_for(share):
  first, second = drawn(moved_share=share)
  same = (first.lamp == second.lamp).all(-1)
  assert same.mean() == 1 - share
  if not share:
    np.testing.assert_array_equal(first.tints, second.tints)


def test_lamps_are_above_and_some_stand_low():
  first, _ = drawn()
  np.testing.assert_allclose(np.linalg.norm(first.lamp, axis=-1), 1, atol=1e-5)
  slant = np.hypot(*first.lamp[:, :2].T) / first.lamp[:, 2]
  assert slant.min() >= 1 / SETTINGS['max_slant'] - 1e-4
  assert slant.max() <= SETTINGS['max_slant'] + 1e-4
  assert slant.max() > 2


def test_the_dark_have_little_light_but_the_lamps():
  rest = {
    share: drawn(dark_share=share, tint=dict(max_log2=0.0))[0].tints
    for share in (0.0, 1.0)
  }
  shares = {share: 1 - tint[:, 0, 0] for share, tint in rest.items()}
  assert shares[0.0].min() >= 0.25
  assert shares[1.0].max() < 0.2
