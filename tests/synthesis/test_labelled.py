"""Labelled pairs as examples: labels are transformed with their pair."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from configs import default
from zeroshot.synthesis import labelled, pairs
from zeroshot.types import Material, Windows

SIZE, MARGIN, WINDOW = 32, 4, 48
COUNT = 64
SIDES = (1.0, 2.0, 3.0, 4.0)


def config():
  result = default.get_config().synthesis
  result.update(size_px=SIZE, margin_px=MARGIN)
  return result


def still():
  """The synthesis without a nuisance: only crops and turns are left."""
  result = config()
  for settings in result.nuisances.values():
    settings.probability = 0.0
  return result


def shifted():
  """The synthesis in which every reference is moved."""
  result = config()
  result.nuisances.shift.probability = 1.0
  return result


def windows(*, total=1, count=4, channels=1):
  """A box of its own size, 6 x 10, in the middle of each window."""
  shape = (count, WINDOW, WINDOW)
  random = np.random.default_rng(0)
  reference = random.integers(60, 100, (*shape, channels), np.uint8)
  test = reference.copy()
  instance = np.zeros(shape, np.uint8)
  rows, columns = slice(21, 27), slice(19, 29)
  test[:, rows, columns] = 250
  instance[:, rows, columns] = 1
  instance[:, 20, columns] = labelled.OPEN
  box_deltas = np.zeros((count, 3, 4), np.float32)
  box_deltas[:, 0] = SIDES
  kind = np.full((count, 3), -1, np.int32)
  kind[:, 0] = 5
  return Windows(reference, test, instance, box_deltas, kind, np.int32(total))


@functools.cache
def compile_draw(settings, nuisance_share=1.0):
  """The program of ``config``, ``still`` or ``shifted``."""
  return jax.jit(
    labelled.build_labelled(settings(), nuisance_share=nuisance_share)
  )


def draw(settings, stored, *, seed=0, nuisance_share=1.0):
  """COUNT pairs: always as many, so that each program is compiled once."""
  keys = jax.random.split(jax.random.key(seed), COUNT)
  return compile_draw(settings, nuisance_share)(keys, stored)


def test_shapes_types_and_ranges():
  pair = draw(config, windows())
  assert pair.reference.shape == pair.test.shape == (COUNT, SIZE, SIZE, 3)
  assert pair.mask.shape == pair.labels.weight.shape == (COUNT, SIZE, SIZE)
  assert pair.labels.box_deltas.shape == (COUNT, SIZE, SIZE, 4)
  assert pair.labels.kind.dtype == jnp.int32
  for image in (pair.reference, pair.test):
    assert image.dtype == jnp.float32
    assert 0 <= float(image.min()) <= float(image.max()) <= 1


def test_without_nuisances_the_labels_lie_where_the_pictures_differ():
  pair = draw(still, windows())
  differs = np.abs(pair.reference - pair.test).max(-1) > 0.3
  np.testing.assert_array_equal(differs, pair.mask > 0)
  assert (pair.mask.sum((1, 2)) > 0).all()


def test_nuisances_leave_the_labels_in_the_grid_of_the_test_picture():
  pair = draw(shifted, windows())
  bright = np.asarray(pair.test).mean(-1)
  for image, mask in zip(bright, np.asarray(pair.mask), strict=True):
    assert image[mask > 0].mean() > image[mask == 0].mean() + 0.1


def test_the_share_of_a_box_sums_to_one():
  pair = draw(config, windows())
  np.testing.assert_allclose(pair.labels.share.sum((1, 2)), 1, rtol=1e-5)
  assert not (np.asarray(pair.labels.share) > 0)[pair.mask == 0].any()


def test_kinds_and_open_pixels():
  pair = draw(still, windows())
  kind, mask = np.asarray(pair.labels.kind), np.asarray(pair.mask)
  assert set(kind[mask > 0]) == {5}
  assert set(kind[mask == 0]) == {-1}
  assert ((1 - pair.labels.weight).sum((1, 2)) == 10).all()
  assert not mask[pair.labels.weight == 0].any()


def test_pairs_are_turned_all_ways_and_only_upright_ones_have_sides():
  """The open row is above the box of an upright pair."""
  pair = draw(still, windows())
  sides = set()
  for index in range(COUNT):
    y, x = np.nonzero(np.asarray(pair.mask[index]))
    open_y, open_x = np.nonzero(np.asarray(pair.labels.weight[index]) == 0)
    side = [
      open_x.max() < x.min(),
      open_y.max() < y.min(),
      open_x.min() > x.max(),
      open_y.min() > y.max(),
    ].index(True)
    sides.add(side)
    (upright,) = np.unique(pair.labels.upright[index])
    box_deltas = np.asarray(pair.labels.box_deltas[index, y[0], x[0]])
    np.testing.assert_array_equal(box_deltas, upright * np.float32(SIDES))
    assert side == 1 or not upright
  assert sides == {0, 1, 2, 3}
  assert 16 < np.asarray(pair.labels.upright)[:, 0, 0].sum() < 48


def test_crops_differ_and_keep_to_the_windows_that_there_are():
  stored = windows(total=2)
  stored.test[0, 21:27, 19:29] = 251
  stored.test[2:] = 0  # there to fill up
  pair = draw(still, stored)
  brightest = np.asarray(pair.test).max((1, 2, 3)) * 255
  assert set(np.rint(brightest)) == {250, 251}
  corners = {tuple(np.argwhere(mask)[0]) for mask in np.asarray(pair.mask)}
  assert len(corners) > 8


def test_the_key_decides_and_vmap_equals_the_loop():
  stored = windows()
  first, again = draw(config, stored), draw(config, stored)
  other = draw(config, stored, seed=1)
  assert all(
    (a == b).all()
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(again), strict=True)
  )
  assert (first.test != other.test).any()
  keys = jax.random.split(jax.random.key(0), COUNT)
  one = compile_draw(config)(keys[3:4], stored)
  for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(first), strict=True):
    np.testing.assert_allclose(a[0], b[3], atol=1e-5)


def test_colour_and_small_windows():
  pair = draw(still, windows(channels=3))
  assert float(np.ptp(np.asarray(pair.test), axis=-1).max()) > 0

  def large():
    result = config()
    result.size_px = 64
    return result

  with pytest.raises(ValueError, match=r'labelled\.window_px is 48'):
    draw(large, windows())


# --- With synthetic pairs among them -----------------------------------------


def fake_synthesis(keys, photographs):
  blank = jnp.zeros((len(keys), SIZE, SIZE, 3))
  return pairs.Pair(blank, blank + photographs, blank[..., 0])


def fake_draw(keys, stored):
  """Pairs of a shade that depends on the key, all of each labelled."""
  shade = jax.vmap(jax.random.uniform)(keys)[:, None, None, None]
  blank = jnp.zeros((len(keys), SIZE, SIZE, 3))
  pair = labelled.without_labels(
    pairs.Pair(blank, blank + shade, jnp.ones_like(blank[..., 0]))
  )
  labels = pair.labels._replace(share=pair.mask / SIZE**2)
  return pair._replace(labels=labels)


def mix(every, *, count=8, draw=fake_draw):
  """The mixed batch and its keys."""
  make = jax.jit(labelled.mix(fake_synthesis, draw, synthetic_every=every))
  keys = jax.random.split(jax.random.key(0), count)
  return make(keys, Material(0.5, windows())), keys


@pytest.mark.parametrize('every', [1, 2, 4])
def test_every_so_many_th_pair_is_synthetic(every):
  pair, _ = mix(every)
  is_synthetic = np.asarray(pair.test == 0.5).all((1, 2, 3))
  assert is_synthetic.tolist() == [i % every == 0 for i in range(8)]
  assert (pair.labels.share.sum((1, 2)) > 0).tolist() == (
    ~is_synthetic
  ).tolist()
  assert (pair.labels.weight[is_synthetic] == 1).all()
  assert (pair.labels.kind[is_synthetic] == -1).all()


def test_no_pair_is_synthetic():
  pair, _ = mix(0, count=COUNT, draw=compile_draw(still))
  expected = draw(still, windows())
  np.testing.assert_array_equal(pair.test, expected.test)


def test_a_pair_is_the_same_in_any_share_of_the_batch():
  pair, keys = mix(2, draw=compile_draw(still))
  make = jax.jit(
    labelled.mix(fake_synthesis, compile_draw(still), synthetic_every=2)
  )
  half = make(keys[4:], Material(0.5, windows()))
  np.testing.assert_allclose(pair.test[4:], half.test, atol=1e-6)


@pytest.mark.parametrize('every', [1, 2, 4])
def test_every_so_many_th_pair_is_labelled(every):
  make = jax.jit(
    labelled.mix(
      fake_synthesis, fake_draw, synthetic_every=2, labelled_every=every
    )
  )
  keys = jax.random.split(jax.random.key(0), 8)
  pair = make(keys, Material(0.5, windows()))
  is_labelled = np.asarray(pair.labels.share).any((1, 2))
  assert is_labelled.tolist() == [i % every == 0 for i in range(8)]
  shades = np.asarray(pair.test)[is_labelled][:, 0, 0, 0]
  expected = jax.vmap(jax.random.uniform)(keys[::every])
  np.testing.assert_allclose(shades, expected, atol=1e-6)


def test_synthetic_anomalies_are_pasted_into_the_test_picture():
  same = windows()
  same.instance[:] = 0
  same.test[:] = same.reference
  make = jax.jit(
    labelled.build_labelled(still(), nuisance_share=0.0, changes_share=0.5)
  )
  pair = jax.device_get(make(jax.random.split(jax.random.key(3), COUNT), same))
  change = np.abs(pair.test - pair.reference).max(-1)
  least = config().fills.min_change
  np.testing.assert_array_equal(pair.mask > 0, change > least)
  changed = pair.mask.any((1, 2))
  assert 0.25 * COUNT < changed.sum() < 0.7 * COUNT
  assert (pair.labels.kind == labelled.NO_KIND).all()
  assert (pair.labels.share == 0).all()
  with pytest.raises(ValueError, match='changes_share is -1'):
    labelled.build_labelled(config(), nuisance_share=0.0, changes_share=-1)


def test_what_does_not_divide_is_refused():
  with pytest.raises(ValueError, match='7 pairs of a device do not divide'):
    mix(2, count=7)
  with pytest.raises(ValueError, match='synthetic_every is -1'):
    mix(-1)


def test_the_share_of_nuisances_goes_from_none_to_all():
  def pictures(settings, share):
    pair = draw(settings, windows(), nuisance_share=share)
    return np.stack([pair.reference, pair.test])

  none = pictures(config, 0.0)
  np.testing.assert_array_equal(none, pictures(still, 1.0))
  assert (none != pictures(config, 1.0)).any()
  with pytest.raises(ValueError, match=r'nuisance_share is 1\.5'):
    labelled.build_labelled(config(), nuisance_share=1.5)
