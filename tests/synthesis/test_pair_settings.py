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


def numbers(section, path=()):
  """Every number of a section, by its dotted name."""
  for name, value in section.items():
    if hasattr(value, 'items'):
      yield from numbers(value, (*path, name))
    else:
      yield '.'.join((*path, name)), value


RELIEF = dict(numbers(parts.config().relief))


@pytest.mark.parametrize('value', [-0.1, float('nan'), float('inf')])
@pytest.mark.parametrize('field', RELIEF)
def test_each_number_of_relief_scenes_is_checked(field, value):
  config = parts.config(**{f'relief.{field}': value})
  with pytest.raises(
    ValueError, match=rf'synthesis\.relief\.{field} is {value}; it must be'
  ):
    pairs.build_synthesis(config)


@pytest.mark.parametrize(
  ('field', 'value', 'range_of_it'),
  [
    ('parts_share', 1.1, r'in \[0, 1\]'),
    ('cast_shadow_share', 2.0, r'in \[0, 1\]'),
    ('lamp.probability', 1.5, r'in \[0, 1\]'),
    ('camera.chroma.probability', 1.5, r'in \[0, 1\]'),
    ('camera.shadow.max_change', 1.5, r'in \[0, 1\]'),
    ('faint.least', 0.0, r'in \(0, 1\]'),
    ('faint.least', 1.5, r'in \(0, 1\]'),
    ('scale.max_change', 1.0, r'in \[0, 1\)'),
    ('warp.cell_px', 0.0, 'greater than 0'),
    ('max_height_px', -1.0, 'at least 0, and finite'),
  ],
)
def test_the_range_of_a_number_of_relief_scenes_is_told(
  field, value, range_of_it
):
  config = parts.config(**{f'relief.{field}': value})
  with pytest.raises(ValueError, match=f'{field} is {value}.*{range_of_it}'):
    pairs.build_synthesis(config)


@pytest.mark.parametrize(
  ('field', 'value', 'range_of_it'),
  [
    ('moved_share', 1.1, r'in \[0, 1\]'),
    ('focus.probability', -0.5, r'in \[0, 1\]'),
    ('scale.max_change', 1.0, r'in \[0, 1\)'),
    ('max_carving_px', -1.0, 'at least 0, and finite'),
    ('max_slant', 0.5, 'at least 1'),
  ],
)
def test_the_range_of_a_number_of_relit_scenes_is_told(
  field, value, range_of_it
):
  config = parts.config(**{f'relit.{field}': value})
  with pytest.raises(
    ValueError,
    match=rf'synthesis\.relit\.{field} is {value}.*{range_of_it}',
  ):
    pairs.build_synthesis(config)


@pytest.mark.parametrize('value', [0.0, 1.0])
@pytest.mark.parametrize(
  'field', [f for f in RELIEF if f.endswith(('probability', '_share'))]
)
def test_shares_of_relief_scenes_may_be_none_or_all(field, value):
  pairs.build_synthesis(parts.config(**{f'relief.{field}': value}))


@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    ({'families.relief': -1.0}, r'synthesis\.families\.relief is -1'),
    ({'families.flat': float('nan')}, r'synthesis\.families\.flat is nan'),
    ({'families.flat': 0.0}, r'every weight of synthesis\.families'),
  ],
)
def test_families_without_sense_are_named(changes, message):
  with pytest.raises(ValueError, match=message):
    pairs.build_synthesis(parts.config(**changes))


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
