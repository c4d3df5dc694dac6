"""Photographs relit: what is drawn, what is labelled and what is not."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from tests.synthesis import parts as toy
from tests.synthesis import takes as toys
from zeroshot.synthesis import relit

COUNT = 16
KEYS = toy.keys(COUNT)
SIDE = toys.SIZE + 2 * toys.MARGIN
PATCH = (slice(20, 28), slice(20, 28))
SEEN = (slice(13, 19), slice(13, 19))
OUTSIDE = np.ones((toys.SIZE, toys.SIZE), bool)
OUTSIDE[9:23, 9:23] = False
LARGE = ('thing_share', 'plain_share', 'parts_share')


def settings(*names, **values):
  """Each named nuisance always and no other; shares are 0 but those given."""
  relit = default.get_synthesis().relit.to_dict()
  del relit['backgrounds']
  del relit['warp']['cell_px']
  for group in (relit, relit['camera']):
    for name, value in group.items():
      if name.endswith('_share'):
        group[name] = 0.0
      elif isinstance(value, dict) and 'probability' in value:
        value['probability'] = float(name in names)
  assert set(values) <= set(relit)
  return relit | values


@jax.jit
def _synthesise(keys, values, colour):
  def paint(key, scene, other):
    patch = scene.at[PATCH].set(colour)
    return jnp.where(colour[0] > 9, scene, patch)

  def one(key):
    return relit.pair(
      key,
      draw_background=lambda k: toy.plain_noise(k, SIDE),
      make_changes=paint,
      margin_px=toys.MARGIN,
      settings=values,
      nuisance=toys.nuisance(values),
    )

  return jax.lax.map(one, keys)


def synthesise(*names, colour=(0.95, 0.1, 0.9), **values):
  colour = jnp.asarray([10.0] * 3 if colour is None else colour)
  return jax.device_get(_synthesise(KEYS, settings(*names, **values), colour))


EVERY = [*toys.every_nuisance(), 'focus', 'lights']
EVERY.remove('lamp')
SHARES = dict(
  thing_share=1.0, moved_share=1.0, cast_shadow_share=1.0, dark_share=0.5
)


def test_shapes_ranges_and_the_same_again_for_the_same_keys():
  first, again = (
    synthesise(*EVERY, 'bump', 'faint', **SHARES, parts_share=0.5)
    for _ in range(2)
  )
  for a, b in zip(first[:3], again[:3], strict=True):
    np.testing.assert_array_equal(a, b)
    assert a.dtype == np.float32
    assert np.isfinite(a).all()
    assert a.min() >= 0
    assert a.max() <= 1
  assert first.test.shape == (COUNT, toys.SIZE, toys.SIZE, 3)
  assert first.mask.shape == (COUNT, toys.SIZE, toys.SIZE)
  assert set(np.unique(first.mask)) == {0.0, 1.0}
  assert len({image.tobytes() for image in first.test}) == COUNT


def test_lamps_viewpoints_and_focus_are_no_difference():
  pair = synthesise(*EVERY, colour=None, **SHARES, parts_share=0.5)
  assert not pair.mask.any()
  assert (toy.difference(pair).max((1, 2)) > 0.1).mean() > 0.8


def test_with_neither_both_pictures_are_the_same():
  pair = synthesise(colour=None, thing_share=1.0, parts_share=0.5)
  np.testing.assert_allclose(pair.test, pair.reference, atol=1e-6)


@pytest.mark.parametrize('cause', ['moved_share', 'parallax', 'focus'])
def test_each_cause_alone_changes_pictures(cause):
  names = [cause] if cause != 'moved_share' else []
  shares = dict(moved_share=1.0) if not names else {}
  pair = synthesise(
    *names, colour=None, thing_share=1.0, cast_shadow_share=1.0, **shares
  )
  assert not pair.mask.any()
  assert (toy.difference(pair).max((1, 2)) > 0.02).mean() > 0.5


def test_paint_is_labelled_where_it_is_on_either_side():
  pair = synthesise()
  assert pair.mask[:, *SEEN].mean() > 0.9
  assert not pair.mask[:, OUTSIDE].any()


def test_what_one_take_cannot_show_is_not_labelled():
  """A lamp so low, and nothing else: half of what stands there is black."""
  values = dict(thing_share=1.0, cast_shadow_share=1.0, moved_share=1.0)
  some = synthesise(**values, dark_share=1.0)
  seen = synthesise(**values)
  hidden = (seen.mask > some.mask)[:, *SEEN].mean((1, 2))
  assert hidden.max() > 0.3
  for pair in (some, seen):
    assert (pair.mask[:, *SEEN].mean((1, 2)) > 0.9).mean() > 0.3


@pytest.mark.parametrize('share', [0.0, 1.0])
def test_grounds_are_plain_as_often_as_asked_for(share):
  def ground(key):
    scene, _ = relit.draw_scene(
      key, lambda k: toy.plain_noise(k, SIDE), settings(plain_share=share)
    )
    return jnp.max(jnp.std(scene.albedo, axis=(0, 1)))

  spread = np.asarray(jax.jit(lambda keys: jax.lax.map(ground, keys))(KEYS))
  assert ((spread < 1e-6) == bool(share)).all()


def test_an_outline_divides_the_picture_and_is_measured_in_pixels():
  inside = np.stack([relit.silhouette(key, size=64) for key in KEYS[:6]])
  assert 0.1 < (inside > 0).mean() < 0.6
  near = np.abs(inside) < 2
  steep = np.hypot(*np.gradient(inside, axis=(1, 2)))
  assert np.median(steep[near]) == pytest.approx(1, abs=0.35)
