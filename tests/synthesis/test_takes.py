"""Two takes: what differs in the scene is labelled, and nothing else."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts as toy
from tests.synthesis import takes as toys
from zeroshot.synthesis import parts, takes

COUNT = 6
KEYS = toy.keys(COUNT)
SIDE = toys.SIZE + 2 * toys.MARGIN
CHIP = dict(centre=(24.0, 22.0), extent=(4.0, 4.0), colour=(0.9, 0.5, 0.2))
# Of the mask's grid: the chip without its rim, and all that it may touch.
INSIDE = (slice(12, 20), slice(10, 18))
AROUND = (slice(8, 24), slice(6, 22))


def scene(*chips, height=3.0, flat=False):
  """A textured surface with chips on it."""
  noise = toy.plain_noise(jax.random.key(3), SIDE)
  rows = [
    dict(angle=0.0, radius=1.0, height=height, dome=0.0, gloss=0.4) | chip
    for chip in chips or [CHIP]
  ]
  table = parts.Parts(
    **{
      name: jnp.asarray([row.get(name, 1.0) for row in rows], jnp.float32)
      for name in parts.Parts._fields
    }
  )
  ground = parts.Scene(
    albedo=0.3 + 0.3 * noise,
    height=jnp.where(flat, 0.0, 3 * noise[..., 0]),
    gloss=0.3 * noise[..., 1],
    power=jnp.float32(8),
  )
  return parts.place(table, ground)


@jax.jit
def _shoot(keys, before, after, relief):
  def one(key):
    return takes.take(
      key,
      before,
      after,
      margin_px=toys.MARGIN,
      settings=relief,
      nuisance=toys.nuisance(relief),
    )

  return jax.lax.map(one, keys)


def shoot(before, after, *names, **values):
  """Pairs of two scenes, each of the named nuisances always."""
  pair = _shoot(KEYS, before, after, toys.settings(*names, **values))
  return jax.device_get(pair)


def changed(**values):
  """The scene with its chip altered."""
  return scene(CHIP | values)


def test_shapes_ranges_and_types():
  pair = shoot(scene(), changed(is_there=0.0), *toys.every_nuisance())
  side = toys.SIZE
  assert pair.reference.shape == pair.test.shape == (COUNT, side, side, 3)
  assert pair.mask.shape == (COUNT, side, side)
  for array in pair[:3]:
    assert array.dtype == np.float32
    assert np.isfinite(array).all()
    assert array.min() >= 0
    assert array.max() <= 1
  assert set(np.unique(pair.mask)) == {0.0, 1.0}


def test_the_same_key_gives_the_same_pair_bit_for_bit():
  first, again = (
    shoot(scene(), changed(angle=0.5), *toys.every_nuisance()) for _ in range(2)
  )
  for a, b in zip(first[:3], again[:3], strict=True):
    np.testing.assert_array_equal(a, b)
  assert len({image.tobytes() for image in first.test}) == COUNT


def test_without_defects_and_nuisances_both_are_the_same():
  pair = shoot(scene(), scene())
  np.testing.assert_allclose(pair.test, pair.reference, atol=1e-6)
  assert not pair.mask.any()
  assert len({image.tobytes() for image in pair.test}) == COUNT  # by its lamp


@pytest.mark.parametrize('probability', [0.0, 1.0])
def test_a_lamp_that_is_off_is_the_same_over_both(probability):
  relief = toys.settings('lamp', cast_shadow_share=1.0)
  relief['lamp']['probability'] = probability
  first, second, _ = takes._views(KEYS[0], size=8, settings=relief)
  for a, b in zip(first.lamp, second.lamp, strict=True):
    assert np.array_equal(a, b) == (probability == 0)


@pytest.mark.parametrize('name', toys.every_nuisance())
def test_a_nuisance_changes_pictures_and_never_labels(name):
  pair = shoot(scene(), scene(), name)
  assert not pair.mask.any()
  # Thinned colour is for sure in both here: compare with what was before.
  other = shoot(scene(), scene()) if name == 'chroma' else pair
  difference = np.abs(pair.test - other.reference)
  assert difference.max() > (0.2 if name == 'dust' else 0.01)


def test_lights_of_the_scene_are_in_both_takes_and_no_label():
  dark = shoot(scene(), scene())
  lit = shoot(scene(), scene(), 'lights')
  assert (lit.test - dark.test).max() > 0.3
  np.testing.assert_allclose(lit.test, lit.reference, atol=1e-6)
  exposed = shoot(scene(), scene(), 'lights', 'exposure')
  assert not exposed.mask.any()


def test_all_nuisances_together_never_label():
  pair = shoot(scene(), scene(), *toys.every_nuisance(), cast_shadow_share=1.0)
  assert not pair.mask.any()
  assert toy.difference(pair).max((1, 2)).min() > 0.1


@pytest.mark.parametrize('names', [('lamp',), toys.GEOMETRY, ('dust',)])
def test_pictures_without_a_nuisance_are_not_touched(names):
  """The test picture is in the grid of the mask; a lamp is over both."""
  still = shoot(scene(), changed(is_there=0.0))
  pair = shoot(scene(), changed(is_there=0.0), *names)
  same = np.array_equal(pair.test, still.test)
  assert same == (names == toys.GEOMETRY)
  assert not np.array_equal(pair.reference, still.reference)
  if names != ('lamp',):
    np.testing.assert_array_equal(pair.mask, still.mask)


@pytest.mark.parametrize(
  'values',
  [dict(is_there=0.0), dict(colour=(0.1, 0.2, 0.9))],
  ids=['missing', 'repainted'],
)
@pytest.mark.parametrize('swapped', [False, True])
def test_a_chip_is_labelled_where_it_is(values, swapped):
  scenes = (scene(), changed(**values))
  pair = shoot(*(scenes[::-1] if swapped else scenes))
  around = np.zeros(pair.mask.shape[1:], bool)
  around[AROUND] = True
  assert pair.mask[:, *INSIDE].mean() > 0.95
  assert not pair.mask[:, ~around].any()


@pytest.mark.parametrize('way', [(1, 0), (0, -1), (0.7, 0.7)])
def test_a_moved_chip_is_labelled_at_both_places(way):
  shift = parts.LEAST_MOVE_PX * np.array(way)
  pair = shoot(scene(), changed(centre=tuple(CHIP['centre'] + shift)))
  y, x = np.mgrid[: toys.SIZE, : toys.SIZE]
  for sign in (-1, 1):
    side = np.array([16, 14]) + shift / 2
    ahead = (y - side[0]) * shift[0] + (x - side[1]) * shift[1]
    assert (pair.mask.any(0) & (sign * ahead > 0)).sum() >= 5
    assert all(m[sign * ahead > 0].any() for m in pair.mask)
  far = np.hypot(y - 16, x - 14) > 14
  assert not pair.mask[:, far].any()


def test_without_nuisances_the_label_is_the_rule_of_both_pictures():
  for values in (dict(is_there=0.0), dict(angle=0.6), dict(height=9.0)):
    pair = shoot(scene(), changed(**values))
    for reference, test, mask in zip(*pair[:3], strict=True):
      expected = toys.label(reference, test)
      assert np.mean(mask != expected) < 2e-3
      assert expected.any()


def test_noise_hides_small_changes():
  before = scene(flat=True)
  faint = before._replace(
    albedo=before.albedo.at[18:30, 18:30].add(2 * toys.LEAST)
  )
  clear = before._replace(albedo=before.albedo.at[18:30, 18:30].add(0.4))
  noisy = dict(
    camera=toys.settings('noise')['camera'], min_noise_stds=jnp.float32(30)
  )
  quiet = shoot(before, faint)
  assert quiet.mask[:, 11:21, 11:21].all()
  loud = shoot(before, faint, **noisy)
  assert (loud.mask <= quiet.mask).all()
  assert (loud.mask.sum((1, 2)) == 0).any()
  assert shoot(before, clear, **noisy).mask.any((1, 2)).sum() > 0


@pytest.mark.parametrize(('share', 'expected'), [(0.8, False), (1.6, True)])
def test_changes_up_to_the_least_are_not_labelled(share, expected):
  before = scene(flat=True)
  size = share * toys.LEAST
  after = before._replace(albedo=before.albedo.at[20:28, 20:28].add(size))
  mask = shoot(before, after).mask
  assert mask[:, 13:19, 13:19].all() == mask.any() == expected


def test_high_things_move_with_the_viewpoint_and_the_ground_less():
  chip = CHIP | dict(gloss=0.0)
  high, low = (scene(chip, height=h, flat=True) for h in (20.0, 0.0))
  moved, still = (
    np.abs(pair.test - pair.reference).max((0, 3))[6:26, 4:24].max()
    for pair in (shoot(s, s, 'parallax') for s in (high, low))
  )
  assert moved > 0.2
  assert still < 1e-5


def pixel_pair(change, *, size=8):
  """A pair of grey pictures that differ in one pixel."""
  before = jnp.full((size, size, 3), 0.5)
  return before, before.at[4, 5, 1].add(change)


@pytest.mark.parametrize(('share', 'seen'), [(2.8, False), (3.2, True)])
def test_a_single_pixel_is_labelled_beyond_three_times_the_least(share, seen):
  before, after = pixel_pair(share * toys.LEAST)
  relief = toys.settings()
  mask = takes.differs(before, after, jnp.zeros((2, 2)), relief)
  expected = np.zeros((8, 8))
  expected[4, 5] = seen
  np.testing.assert_array_equal(mask, expected)


def test_the_rule_of_labels_is_its_loop():
  rng = np.random.default_rng(0)
  before, after = rng.random((2, 16, 16, 3), np.float32) * 0.5
  after = before + np.where(rng.random((16, 16, 1)) < 0.2, after, 0.005)
  differs = functools.partial(takes.differs, noise=jnp.zeros((2, 2)))
  mask = differs(
    jnp.asarray(before), jnp.asarray(after), settings=toys.settings()
  )
  np.testing.assert_array_equal(mask, toys.label(before, after))
  assert 0 < mask.mean() < 1
