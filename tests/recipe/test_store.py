"""Recipes on disk: whole or not at all, folder or zip."""

from __future__ import annotations

import dataclasses
import os
import shutil

import numpy as np
import pytest

from tests.recipe.test_recipe import settings
from zeroshot import recipe as package
from zeroshot.recipe import recipe as recipes
from zeroshot.recipe import store
from zeroshot.recipe.taught import BAR, Taught
from zeroshot.registration.warp import LocalField, Warp


@pytest.fixture
def taught():
  draws = np.random.default_rng(0)
  goods = (
    draws.integers(0, 256, (40, 60, 3)).astype(np.uint8),
    draws.integers(0, 65536, (44, 64, 3)).astype(np.uint16),
  )
  field = LocalField(np.ones((3, 4, 2), np.float32), 40, 60)
  turned = np.array([[1, 0.01, 2], [-0.01, 1, 3], [0, 0, 1]])
  moves = (
    Warp(np.eye(3), (40, 60), (40, 60)),
    Warp(turned, (44, 64), (40, 60), field),
  )
  recipe = recipes.from_json(settings(has_ignore_mask=True), place='')
  ignored = np.zeros((40, 60), bool)
  ignored[:5] = True
  maps = {BAR: np.full((10, 15), 20, np.float32)}
  return Taught(recipe, goods, moves, maps, ignored, ({'what': 'taught'},))


@pytest.mark.parametrize('name', ['plug.recipe', 'plug.zip'])
def test_a_recipe_is_read_as_it_was_written(taught, tmp_path, name):
  path = tmp_path / name
  store.write(path, taught)
  assert store.is_recipe(path)
  assert package.load(path) == taught.recipe
  read = store.read(path)
  for good, before in zip(read.goods, taught.goods, strict=True):
    assert good.dtype == before.dtype
    np.testing.assert_array_equal(good, before)
  np.testing.assert_array_equal(read.moves[1].matrix, taught.moves[1].matrix)
  np.testing.assert_array_equal(
    read.moves[1].field.nodes, taught.moves[1].field.nodes
  )
  np.testing.assert_array_equal(read.maps[BAR], taught.maps[BAR])
  np.testing.assert_array_equal(read.ignored, taught.ignored)
  assert read.history == taught.history
  assert os.listdir(tmp_path) == [name]


def test_a_write_that_fails_leaves_the_old_recipe(
  taught, tmp_path, monkeypatch
):
  path = tmp_path / 'plug.recipe'
  store.write(path, taught)
  other = dataclasses.replace(taught.recipe, name='other')
  with monkeypatch.context() as patched:
    patched.setattr(store.os, 'replace', _fail)
    with pytest.raises(OSError, match='full'):
      store.write(path, taught._replace(recipe=other))
  assert store.load(path).name == 'plug'
  assert os.listdir(tmp_path) == ['plug.recipe']


def _fail(*_):
  raise OSError('the disk is full')


def test_a_writer_killed_between_its_renames_loses_nothing(taught, tmp_path):
  path = tmp_path / 'plug.recipe'
  store.write(path, taught)
  path.rename(tmp_path / 'plug.recipe.replaced')
  assert store.load(path).name == 'plug'
  store.write(path, taught)
  assert os.listdir(tmp_path) == ['plug.recipe']


def test_a_pickle_is_not_loaded(taught, tmp_path):
  path = tmp_path / 'plug.recipe'
  store.write(path, taught)
  np.savez(path / store.VARIATION, matrices=np.array([{}], object))
  with pytest.raises(ValueError, match=r'variation\.npz is damaged'):
    store.read(path)


def test_damage_is_named(taught, tmp_path):
  path = tmp_path / 'plug.recipe'
  with pytest.raises(ValueError, match='there is no recipe'):
    store.load(path)
  store.write(path, taught)
  (path / 'good/0002.png').unlink()
  with pytest.raises(ValueError, match=r'0002\.png cannot be read'):
    store.read(path)
  shutil.copy(path / 'good/0001.png', path / 'good/0002.png')
  with pytest.raises(ValueError, match=r'0002\.png is 60x40, not'):
    store.read(path)
  (path / store.RECIPE).write_text('{')
  with pytest.raises(ValueError, match=r'recipe\.json is no JSON'):
    store.load(path)


def test_what_is_no_recipe_is_not_replaced(taught, tmp_path):
  (tmp_path / 'photos').mkdir()
  with pytest.raises(ValueError, match='no recipe'):
    store.check_free(tmp_path / 'photos', replace=True)
  store.write(tmp_path / 'plug.recipe', taught)
  with pytest.raises(ValueError, match='zeroshot accept'):
    store.check_free(tmp_path / 'plug.recipe', replace=False)
  store.check_free(tmp_path / 'plug.recipe', replace=True)
