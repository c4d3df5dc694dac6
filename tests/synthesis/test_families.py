"""Families of scenes: drawn by weight, each with what the config gives it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import pairs
from zeroshot.types import Pair

SIDE = parts.SIZE
NAMES = ('flat', 'relief', 'relit')


@pytest.fixture
def calls(monkeypatch):
  """Families that give pictures of 0 and of 1; what they are called with."""
  seen = {}

  def stub(name, value):
    def make(key, **given):
      seen[name] = given
      picture = jnp.full((SIDE, SIDE, 3), value)
      return Pair(picture, picture, picture[..., 0])

    return make

  monkeypatch.setattr(pairs, 'flat_pair', stub('flat', 0.0))
  monkeypatch.setattr(pairs.relief, 'pair', stub('relief', 1.0))
  monkeypatch.setattr(pairs.relit, 'pair', stub('relit', 2.0))
  return seen


def drawn(keys=400, **changes):
  synthesise = pairs.build_synthesis(parts.config(**changes))
  return np.asarray(jax.jit(synthesise)(parts.keys(keys), None).mask[:, 0, 0])


def test_families_are_drawn_as_often_as_they_weigh(calls):
  values = drawn(**{'families.flat': 1.0, 'families.relief': 3.0})
  assert values.mean() == pytest.approx(0.75, abs=0.06)
  assert set(calls) == {'flat', 'relief'}


@pytest.mark.parametrize('name', NAMES)
def test_a_family_without_weight_is_not_called(calls, name):
  values = drawn(**{f'families.{other}': other == name for other in NAMES})
  assert set(values) == {float(NAMES.index(name))}
  assert set(calls) == {name}


def test_the_default_is_of_flat_scenes(calls):
  assert set(drawn(keys=20)) == {0.0}


def test_families_get_their_own_settings(calls):
  changes = {
    'families.relief': 1.0,
    'fills.min_change': 0.2,
    'nuisances.shift.max_px': 3.0,
    'relief.shift.max_px': 0.5,
    'relief.min_change': 0.01,
    'margin_px': 5,
  }
  drawn(keys=2, **changes)
  flat, relief = calls['flat'], calls['relief']
  assert flat['margin_px'] == relief['margin_px'] == 5
  assert flat['min_change'] == 0.2
  assert flat['nuisance']['shift']['max_px'] == 3
  assert relief['nuisance']['shift']['max_px'] == 0.5
  assert set(relief['nuisance']) == {'shift', 'rotation', 'scale', 'warp'}
  assert relief['settings']['min_change'] == 0.01
  scene = flat['draw_background'](jax.random.key(0))
  assert scene.shape == (SIDE + 10, SIDE + 10, 3)
  changed = relief['make_changes'](jax.random.key(1), scene, 1 - scene)
  assert changed.shape == scene.shape
  assert np.abs(changed - scene).max() > 0.05


def test_relit_scenes_have_backgrounds_of_their_own(monkeypatch, calls):
  seen = []
  monkeypatch.setattr(
    pairs,
    'background_drawer',
    lambda weights, bank, *, size: seen.append((weights, bank)),
  )
  changes = {
    'families.relief': 1.0,
    'families.relit': 1.0,
    'relit.backgrounds.photographs': 5.0,
  }
  for share in (0.0, 1.0):
    drawn(keys=2, **changes, **{'backgrounds.photographs': share})
  assert [weights['photographs'] for weights, _ in seen] == [0, 0, 0, 1, 1, 5]
  assert seen[0][0] == seen[1][0]
  assert seen[2][0]['polygons'] == 0 < seen[0][0]['polygons']
  assert calls['relit']['settings']['max_slant'] > 1
  assert set(calls['relit']['nuisance']) == set(calls['relief']['nuisance'])


@pytest.mark.parametrize('size', [32, 48])
def test_pairs_of_all_families_have_the_same_shapes(size):
  shapes = [
    jax.eval_shape(
      pairs.build_synthesis(
        parts.config(
          **{f'families.{other}': other == name for other in NAMES},
          size_px=size,
        )
      ),
      parts.keys(3),
      None,
    )
    for name in NAMES
  ]
  assert shapes[0] == shapes[1] == shapes[2]
  assert shapes[0].test.shape == (3, size, size, 3)
