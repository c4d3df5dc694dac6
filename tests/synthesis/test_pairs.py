"""Synthesised pairs: the mask is where the pictures differ."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import pairs

COUNT = 8
KEYS = parts.keys(COUNT, seed=1)


def synthesis(config):
  return jax.jit(pairs.build_synthesis(config))


@functools.cache
def draw(probability=0.0, *, cut=False, defect_free_share=0.0):
  """Pairs with every nuisance at a probability; ``cut`` is black and white."""
  config = parts.config(defect_free_share=defect_free_share)
  for name, values in config.nuisances.items():
    if name != 'binarisation' or cut:
      values.probability = probability
  return jax.device_get(synthesis(config)(KEYS, None))


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


@pytest.mark.parametrize('cut', [False, True])
def test_nuisances_never_label(cut):
  pair = draw(1.0, cut=cut, defect_free_share=1.0)
  assert not pair.mask.any()
  assert parts.difference(pair).max((1, 2)).min() > 0.1


def test_nuisances_do_not_change_the_label():
  np.testing.assert_array_equal(draw(1.0).mask, draw().mask)


def test_black_and_white_pairs_are_labelled_as_they_look():
  """Only what differs after binarisation is a difference."""
  config = parts.config()
  config.nuisances.binarisation.probability = 1.0
  config.nuisances.binarisation.max_ragged_px = 0.0
  pair = jax.device_get(synthesis(config)(KEYS, None))
  for image in pair[:2]:
    np.testing.assert_allclose(image, image[..., :1].repeat(3, -1), atol=1e-6)
  assert pair.mask.any()
  # The cut's own level follows the picture's mean, so a defect moves all of
  # the edges a little; beyond those, label and change agree.
  agree = (parts.difference(pair) > config.fills.min_change) == (pair.mask > 0)
  assert agree.mean() > 0.9


def test_a_pair_depends_on_its_key_alone():
  config = parts.config(defect_free_share=0.5)
  synthesise = synthesis(config)
  first = jax.device_get(synthesise(KEYS, None))
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
  return jax.device_get(synthesis(config)(parts.keys(32), bank))


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
  few = jax.device_get(synthesis(config)(KEYS, None)).mask.mean()
  config.regions.num_max = 12
  config.regions.num_min = 12
  many = jax.device_get(synthesis(config)(KEYS, None)).mask.mean()
  assert many > 2 * few > 0


@pytest.mark.slow
@pytest.mark.parametrize(
  ('family', 'kind'),
  [
    (family, kind)
    for family in ('backgrounds', 'regions', 'fills')
    for kind in parts.family(family)
  ],
)
def test_each_kind_works_alone(family, kind):
  config = parts.config()
  parts.only(config, family, kind)
  pair = jax.device_get(synthesis(config)(KEYS, parts.BANK))
  changed = parts.difference(pair)
  clear = np.abs(changed - config.fills.min_change) > 2e-4
  np.testing.assert_array_equal(
    pair.mask[clear], changed[clear] > config.fills.min_change
  )
  assert pair.mask.any()


@pytest.mark.slow
def test_jit_equals_eager():
  synthesise = pairs.build_synthesis(parts.config())
  eager = synthesise(KEYS, None)
  for a, b in zip(draw()[:3], jax.device_get(eager)[:3], strict=True):
    assert np.mean(np.abs(a - b) > 1e-4) < 1e-3


def test_a_kind_without_weight_is_not_drawn(monkeypatch):
  def broken(*args, **kwargs):
    raise AssertionError

  monkeypatch.setattr(pairs.backgrounds, 'strokes', broken)
  monkeypatch.setattr(pairs.regions, 'scratches', broken)
  monkeypatch.setattr(pairs.fills, 'recoloured', broken)
  pair = jax.eval_shape(pairs.build_synthesis(parts.config()), KEYS, None)
  assert pair.test.shape == (COUNT, parts.SIZE, parts.SIZE, 3)


def test_photographs_need_a_bank():
  config = parts.config(**{'backgrounds.photographs': 1.0})
  with pytest.raises(
    ValueError, match='photographs has weight but there is no'
  ):
    jax.eval_shape(pairs.build_synthesis(config), KEYS, None)


@pytest.mark.parametrize(
  ('field', 'value', 'message'),
  [
    ('size_px', 30, r'synthesis\.size_px is 30'),
    ('regions.size_px', (0.0, 4.0), r'synthesis\.regions\.size_px'),
    ('regions.size_px', (8.0, 4.0), r'synthesis\.regions\.size_px'),
    ('regions.num_min', 0, r'synthesis\.regions\.num_min is 0'),
    ('regions.num_max', 0, 'num_max 0'),
    ('regions.polygons', -1.0, r'synthesis\.regions\.polygons is -1'),
    ('fills.constant', -2.0, r'synthesis\.fills\.constant is -2'),
    (
      'nuisances.noise.probability',
      1.5,
      r'synthesis\.nuisances\.noise\.probability is 1\.5',
    ),
    (
      'nuisances.shift.probability',
      -0.1,
      r'synthesis\.nuisances\.shift\.probability',
    ),
    ('defect_free_share', -0.1, r'synthesis\.defect_free_share is -0\.1'),
    (
      'defect_free_share',
      float('nan'),
      r'synthesis\.defect_free_share is nan',
    ),
  ],
)
def test_settings_that_make_no_sense_are_named(field, value, message):
  config = parts.config(**{field: value})
  with pytest.raises(ValueError, match=message):
    pairs.build_synthesis(config)


@pytest.mark.parametrize('family', ['regions', 'fills'])
def test_a_family_without_weight_is_named(family):
  config = parts.config()
  parts.only(config, family)
  with pytest.raises(ValueError, match=rf'every weight of synthesis\.{family}'):
    pairs.build_synthesis(config)


@pytest.mark.parametrize(
  ('change', 'message'),
  [
    ({}, r'every weight of synthesis\.backgrounds'),
    ({'backgrounds.soft': -1.0}, r'synthesis\.backgrounds\.soft is -1'),
  ],
)
def test_backgrounds_without_sense_are_named(change, message):
  config = parts.config()
  parts.only(config, 'backgrounds')
  config.update_from_flattened_dict(change)
  with pytest.raises(ValueError, match=message):
    jax.eval_shape(pairs.build_synthesis(config), KEYS, None)
