"""Synthesised pairs: the mask is where the pictures differ."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import changes, fills, pairs, regions

COUNT = 8
KEYS = parts.keys(COUNT, seed=1)


def compile_synthesis(config):
  return jax.jit(pairs.build_synthesis(config))


@functools.cache
def build_toy():
  """The synthesis of the toy config, half of its pairs without a defect."""
  return pairs.build_synthesis(parts.config(defect_free_share=0.5))


@functools.cache
def draw_toy():
  return jax.device_get(jax.jit(build_toy())(KEYS, None))


@jax.jit
def synthesise_with(keys, weights, probabilities, ragged_px, free_share):
  """One program for all weights and probabilities: they are arguments."""
  config = parts.config()
  nuisance = config.nuisances.to_dict()
  for name, probability in probabilities.items():
    nuisance[name]['probability'] = probability
  nuisance['binarisation']['max_ragged_px'] = ragged_px
  region = dict(size=parts.SIZE + 2 * parts.MARGIN, min_px=4.0, max_px=12.0)
  make_changes = functools.partial(
    changes.change,
    region_kinds=kinds_of(regions, weights['regions'], **region),
    fill_kinds=kinds_of(fills, weights['fills']),
    num_regions_min=config.regions.num_min,
    num_regions_max=config.regions.num_max,
    defect_free_share=free_share,
    blend_px=config.fills.blend_px,
  )
  flat = functools.partial(
    pairs.flat_pair, min_change=config.fills.min_change, nuisance=nuisance
  )
  make = functools.partial(
    pairs.synthesise_pair,
    bank=None,
    size_px=config.size_px,
    margin_px=config.margin_px,
    background_weights=config.backgrounds.to_dict(),
    make_changes=make_changes,
    families=([flat], [1.0]),
  )
  return jax.vmap(make)(keys)


def kinds_of(module, weights, **settings):
  """The functions of a family, and their weights."""
  functions = [
    functools.partial(getattr(module, name), **settings) for name in weights
  ]
  return functions, list(weights.values())


@functools.cache
def draw(
  probability=0.0,
  *,
  binarisation=0.0,
  ragged_px=1.0,
  defect_free_share=0.0,
  only=None,
):
  """Pairs with each nuisance but binarisation at a probability.

  ``only`` is a family and the one kind of it that has weight.
  """
  config = parts.config()
  if only:
    parts.only(config, *only)
  weights = {
    name: {kind: config[name][kind] for kind in parts.family(name)}
    for name in ('regions', 'fills')
  }
  probabilities = dict.fromkeys(config.nuisances, probability)
  probabilities['binarisation'] = binarisation
  return jax.device_get(
    synthesise_with(KEYS, weights, probabilities, ragged_px, defect_free_share)
  )


def test_shapes_ranges_and_types():
  for pair in (draw(), draw(1.0)):
    side = parts.SIZE
    assert pair.reference.shape == pair.test.shape == (COUNT, side, side, 3)
    assert pair.mask.shape == (COUNT, side, side)
    assert all(array.dtype == np.float32 for array in pair[:3])
    assert all(np.isfinite(array).all() for array in pair[:3])
    for image in pair[:2]:
      assert image.min() >= 0
      assert image.max() <= 1
    assert set(np.unique(pair.mask)) <= {0.0, 1.0}


def test_without_nuisances_the_mask_is_where_pixels_changed():
  pair = draw()
  changed = parts.difference(pair)
  least = parts.config().fills.min_change
  # Relighting lifts blacks by up to 1e-4 even where it changes nothing.
  clear = np.abs(changed - least) > 2e-4
  assert clear.mean() > 0.999
  np.testing.assert_array_equal(pair.mask[clear], changed[clear] > least)
  assert (pair.mask.sum((1, 2)) > 0).sum() >= COUNT - 2
  assert pair.mask.mean() < 0.5


def test_without_defects_and_nuisances_both_are_the_same():
  """To rounding: XLA may compute a scene twice, once for each picture."""
  pair = draw(defect_free_share=1.0)
  np.testing.assert_allclose(pair.test, pair.reference, atol=1e-5)
  assert not pair.mask.any()
  assert len({image.tobytes() for image in pair.test}) == COUNT


@pytest.mark.parametrize('binarisation', [0.0, 1.0])
def test_nuisances_never_label(binarisation):
  pair = draw(1.0, binarisation=binarisation, defect_free_share=1.0)
  assert not pair.mask.any()
  assert parts.difference(pair).max((1, 2)).min() > 0.1


def test_nuisances_do_not_change_the_label():
  np.testing.assert_array_equal(draw(1.0).mask, draw().mask)


def test_black_and_white_pairs_are_labelled_as_they_look():
  """Only what differs after binarisation is a difference."""
  pair = draw(binarisation=1.0, ragged_px=0.0)
  for image in pair[:2]:
    np.testing.assert_allclose(image, image[..., :1].repeat(3, -1), atol=1e-6)
  assert pair.mask.any()
  least = parts.config().fills.min_change
  # The cut's own level follows the picture's mean, so a defect moves all of
  # the edges a little; beyond those, label and change agree.
  agree = (parts.difference(pair) > least) == (pair.mask > 0)
  assert agree.mean() > 0.9


def test_a_pair_depends_on_its_key_alone():
  synthesise = jax.jit(build_toy())
  first = draw_toy()
  again = jax.device_get(synthesise(KEYS, None))
  turned = jax.device_get(synthesise(KEYS[::-1], None))
  for a, b, c in zip(first[:3], again[:3], turned[:3], strict=True):
    np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(a, c[::-1], atol=1e-5)
  has_defect = first.mask.any((1, 2))
  assert 0 < has_defect.sum() < COUNT


@functools.cache
def toss():
  """Flat scenes in which one of the two pictures is changed."""
  config = parts.config(**{'regions.num_max': 1})
  parts.only(config, 'backgrounds', 'photographs')
  parts.only(config, 'regions', 'blobs')
  parts.only(config, 'fills', 'inverted')
  bank = np.full((2, 40, 40, 3), 51, np.uint8)
  return jax.device_get(compile_synthesis(config)(parts.keys(32), bank))


def test_what_appears_and_what_vanishes_both_occur():
  pair = toss()
  least = parts.config().fills.min_change
  in_reference, in_test = (
    np.ptp(image, axis=(1, 2, 3)) > least for image in pair[:2]
  )
  changed = pair.mask.any((1, 2))
  np.testing.assert_array_equal(in_reference ^ in_test, changed)
  assert 4 <= in_test[changed].sum() <= changed.sum() - 4


def test_photographs_come_from_the_bank():
  pair = toss()
  values = np.median(np.concatenate(pair[:2]), axis=(1, 2, 3))
  distance = np.minimum(np.abs(values - 0.2), np.abs(values - 0.8))
  assert distance.max() < 1e-3


def test_defects_are_as_many_as_asked_for():
  config = parts.config()
  parts.only(config, 'regions', 'polygons')
  parts.only(config, 'fills', 'constant')
  config.regions.size_px = (4.0, 4.0)
  few = jax.device_get(compile_synthesis(config)(KEYS, None)).mask.mean()
  config.regions.num_max = 12
  config.regions.num_min = 12
  many = jax.device_get(compile_synthesis(config)(KEYS, None)).mask.mean()
  assert many > 2 * few > 0


def assert_labelled_as_changed(pair):
  changed = parts.difference(pair)
  least = parts.config().fills.min_change
  clear = np.abs(changed - least) > 2e-4
  np.testing.assert_array_equal(pair.mask[clear], changed[clear] > least)
  assert pair.mask.any()


@pytest.mark.slow
@pytest.mark.parametrize('kind', parts.family('backgrounds'))
def test_each_background_works_alone(kind):
  config = parts.config()
  parts.only(config, 'backgrounds', kind)
  pair = compile_synthesis(config)(KEYS, parts.BANK)
  assert_labelled_as_changed(jax.device_get(pair))


@pytest.mark.parametrize(
  ('family', 'kind'),
  [
    (family, kind)
    for family in ('regions', 'fills')
    for kind in parts.family(family)
  ],
)
def test_each_region_and_fill_works_alone(family, kind):
  assert_labelled_as_changed(draw(only=(family, kind)))


@pytest.mark.parametrize(
  ('region', 'fill'),
  [*zip(parts.family('regions'), parts.family('fills'), strict=True)],
)
def test_only_the_kinds_with_weight_are_called(monkeypatch, region, fill):
  def broken(*args, **kwargs):
    raise AssertionError

  config = parts.config()
  for module, family, kind in (
    (regions, 'regions', region),
    (fills, 'fills', fill),
  ):
    parts.only(config, family, kind)
    for other in parts.family(family):
      if other != kind:
        monkeypatch.setattr(module, other, broken)
  jax.eval_shape(pairs.build_synthesis(config), KEYS, None)


@pytest.mark.slow
def test_jit_equals_eager():
  eager = jax.device_get(build_toy()(KEYS, None))
  for a, b in zip(draw_toy()[:3], eager[:3], strict=True):
    assert np.mean(np.abs(a - b) > 1e-4) < 1e-3


def test_a_kind_without_weight_is_not_drawn(monkeypatch):
  def broken(*args, **kwargs):
    raise AssertionError

  monkeypatch.setattr(pairs.backgrounds, 'strokes', broken)
  monkeypatch.setattr(pairs.regions, 'scratches', broken)
  monkeypatch.setattr(pairs.fills, 'recoloured', broken)
  pair = jax.eval_shape(pairs.build_synthesis(parts.config()), KEYS, None)
  assert pair.test.shape == (COUNT, parts.SIZE, parts.SIZE, 3)
