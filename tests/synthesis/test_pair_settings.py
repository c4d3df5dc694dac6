"""Settings that make no sense are refused by name before anything is drawn."""

from __future__ import annotations

import jax
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import pairs


def test_photographs_need_a_bank():
  config = parts.config(**{'backgrounds.photographs': 1.0})
  with pytest.raises(
    ValueError, match='photographs has weight but there is no'
  ):
    jax.eval_shape(pairs.build_synthesis(config), parts.keys(8), None)


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
    jax.eval_shape(pairs.build_synthesis(config), parts.keys(8), None)
