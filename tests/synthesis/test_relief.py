"""Relief scenes: what is drawn, which defects they get, and on which side."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts as toy
from tests.synthesis import takes as toys
from zeroshot.synthesis import relief

COUNT = 24
KEYS = toy.keys(COUNT)
SIDE = toys.SIZE + 2 * toys.MARGIN
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Of the scene, and of the pictures.
PATCH = (slice(20, 28), slice(24, 34))
SEEN = (slice(12, 20), slice(16, 26))
OUTSIDE = np.ones((toys.SIZE, toys.SIZE), bool)
OUTSIDE[9:23, 13:29] = False


def draw_background(key):
  return 0.5 * toy.plain_noise(key, SIDE)


@jax.jit
def _synthesise(keys, values, colour):
  def paint(key, scene, other):
    """A patch of a colour, or of the other background if it is negative."""
    patch = jnp.where(colour < 0, other[PATCH], colour)
    return jnp.where(colour > 9, scene, scene.at[PATCH].set(patch))

  def one(key):
    return relief.pair(
      key,
      draw_background=draw_background,
      make_changes=paint,
      margin_px=toys.MARGIN,
      settings=values,
      nuisance=toys.nuisance(values),
    )

  return jax.lax.map(one, keys)


def synthesise(*names, colour=(0.9, 0.5, 0.7), **values):
  """Pairs in which a patch is painted, or none without a colour."""
  colour = jnp.asarray([10.0] * 3 if colour is None else colour)
  return jax.device_get(
    _synthesise(KEYS, toys.settings(*names, **values), colour)
  )


def plain(**values):
  """Values of scenes that look like their paint."""
  return dict(max_gloss=0.0) | values


def test_the_same_key_gives_the_same_pair_bit_for_bit():
  shares = dict(parts_share=0.5, raised_share=0.5, altered_part_share=0.5)
  names = [*toys.every_nuisance(), 'bump', 'faint']
  first, again = (synthesise(*names, **shares) for _ in range(2))
  for a, b in zip(first[:3], again[:3], strict=True):
    np.testing.assert_array_equal(a, b)
    assert np.isfinite(a).all()
  assert len({image.tobytes() for image in first.test}) == COUNT
  assert first.test.shape == (COUNT, toys.SIZE, toys.SIZE, 3)
  assert first.mask.shape == (COUNT, toys.SIZE, toys.SIZE)
  assert first.mask.any((1, 2)).sum() > COUNT / 3


def test_without_anomaly_and_nuisances_both_pictures_are_the_same():
  shares = dict(parts_share=1.0, raised_share=1.0)
  pair = synthesise(colour=None, **shares)
  np.testing.assert_allclose(pair.test, pair.reference, atol=1e-6)
  assert not pair.mask.any()
  assert len({image.tobytes() for image in pair.test}) == COUNT


def test_a_lamp_alone_is_no_anomaly():
  shares = dict(parts_share=1.0, raised_share=1.0, cast_shadow_share=1.0)
  pair = synthesise('lamp', colour=None, **shares)
  assert not pair.mask.any()
  assert (toy.difference(pair).max((1, 2)) > 0.01).mean() > 0.9


def test_paint_is_labelled_where_it_is_and_is_on_either_side():
  pair = synthesise(**plain())
  assert pair.mask[:, *SEEN].mean() > 0.95
  assert not pair.mask[:, OUTSIDE].any()
  painted = [
    np.abs(image[:, *SEEN] - (0.9, 0.5, 0.7)).max((1, 2, 3)) < 1e-3
    for image in pair[:2]
  ]
  np.testing.assert_array_equal(painted[0], ~painted[1])
  assert COUNT / 5 < painted[0].sum() < COUNT * 4 / 5


def test_the_other_background_is_another():
  pair = synthesise(colour=(-1.0, -1.0, -1.0), **plain())
  assert (toy.difference(pair)[:, *SEEN].max((1, 2)) > 0.05).all()


def test_changes_of_colour_alone_keep_brightness():
  pair = synthesise(**plain(colour_alone_share=1.0))
  whole = synthesise(**plain())
  change, before = (p.test - p.reference for p in (pair, whole))
  assert np.abs(change[:, *SEEN]).max() > 0.1
  # The painted colour is brighter than all that it covers.
  assert np.abs(before @ LUMA).max((1, 2)).min() > 0.1
  # But where a channel is clipped.
  free = [(p > 1e-3).all(-1) & (p < 0.999).all(-1) for p in pair[:2]]
  assert np.abs(change @ LUMA)[free[0] & free[1]].max() < 1e-3
  assert np.mean(free[0] & free[1]) > 0.9


def test_faint_changes_are_between_the_least_and_the_whole():
  least = 0.25
  faint = dict(probability=1.0, least=least)
  weak, whole = (
    np.abs(p.test - p.reference)[:, *SEEN].mean((1, 2, 3))
    for p in (synthesise(**plain(faint=faint)), synthesise(**plain()))
  )
  factor = weak / whole
  assert least - 1e-3 <= factor.min() < 0.4
  assert 0.75 < factor.max() <= 1 + 1e-3


def test_a_bump_is_labelled_though_its_paint_is_as_around():
  """Under a lamp at an angle the slope of its rim shows."""
  faint = dict(probability=1.0, least=1e-12)
  values = plain(faint=faint, bump=dict(probability=1.0, max_px=4.0))
  bumps = synthesise(**values).mask
  values['bump'] = dict(probability=0.0, max_px=4.0)
  paint = synthesise(**values).mask
  only_bumps = ~paint.any((1, 2))
  assert only_bumps.sum() > COUNT / 2
  assert bumps[only_bumps].any((1, 2)).mean() > 0.6
  assert not bumps[:, OUTSIDE].any()


def test_a_bump_of_gloss_is_labelled_on_a_flat_scene():
  faint = dict(probability=1.0, least=1e-12)
  bump = dict(probability=1.0, max_px=0.0)
  shine = synthesise(faint=faint, bump=bump).mask
  matte = synthesise(faint=faint, bump=bump | dict(probability=0.0)).mask
  assert shine.any((1, 2)).sum() > matte.any((1, 2)).sum() + 3


def test_altered_parts_are_labelled_and_paint_is_often_left_out():
  shares = dict(parts_share=1.0, altered_part_share=1.0)
  pair = synthesise(colour=None, **shares)
  some = pair.mask.any((1, 2))
  assert some.mean() > 0.3
  for reference, test, mask in zip(*pair[:3], strict=True):
    assert np.mean(mask != toys.label(reference, test)) < 2e-3
  painted = synthesise(**shares).mask[:, *SEEN].mean((1, 2)) > 0.95
  assert 0.2 < painted.mean() < 0.8


def test_without_parts_an_altered_part_is_no_anomaly():
  pair = synthesise(colour=None, altered_part_share=1.0)
  assert not pair.mask.any()
  np.testing.assert_allclose(pair.test, pair.reference, atol=1e-6)


@pytest.mark.parametrize('share', [0.0, 1.0])
def test_scenes_are_raised_as_often_as_asked_for(share):
  """Where a flat scene is matte, the lamp has no effect."""
  pair = synthesise('lamp', colour=None, **plain(raised_share=share))
  differs = toy.difference(pair).max((1, 2)) > 1e-5
  assert differs.mean() == pytest.approx(share, abs=0.15)


def test_without_parts_there_are_none_and_with_them_there_are():
  bare, full = (
    synthesise(colour=None, **plain(parts_share=share)).test
    for share in (0.0, 1.0)
  )
  # The toy background is grey; parts have colour.
  assert np.ptp(bare, axis=-1).max() < 1e-4
  assert (np.ptp(full, axis=-1).max((1, 2)) > 0.05).mean() > 0.5
