"""Drawn pairs in folders; what draws them is replaced by what compiles fast."""

from __future__ import annotations

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from zeroshot.data import manifest, pictures
from zeroshot.evaluate import drawn_sets
from zeroshot.synthesis import suites
from zeroshot.types import Pair

SIZE = 128


def build(level, *, size_px):
  """Squares on noise; every third defect lies at the rim."""
  del level

  def draw(keys, suite):
    def one(key):
      ground = 0.5 * jax.random.uniform(key, (size_px, size_px, 3))
      top = jnp.where(jax.random.uniform(key) < 0.3, 0, 40)
      y, x = jnp.mgrid[:size_px, :size_px]
      inside = (y >= top) & (y < top + 10) & (x >= 50) & (x < 62)
      mask = jnp.where(suite == 0, 0.0, inside * 1.0)
      return Pair(ground, jnp.maximum(ground, mask[..., None]), mask)

    return jax.vmap(one)(keys)

  return draw


@pytest.fixture(autouse=True)
def quick(monkeypatch):
  monkeypatch.setattr(suites, 'build', build)


def write(folder, **changes):
  given = dict(num_pairs=3, size_px=SIZE, seed=0, names=('faint',)) | changes
  return drawn_sets.write(folder, **given)


def test_a_set_is_pictures_masks_and_a_manifest(tmp_path):
  path = write(tmp_path)['faint']
  pairs = manifest.read_manifest(path)
  assert [pair.name for pair in pairs] == [
    'faint_0000',
    'faint_0001',
    'faint_0002',
  ]
  for pair in pairs:
    np.testing.assert_array_equal(pair.truth.xyxy, [[50, 40, 61, 49]])
    test = pictures.read_picture(pair.test_path)
    mask = pictures.read_picture(path.parent / 'masks' / f'{pair.name}.png')
    assert test.shape == mask.shape == (SIZE, SIZE, 3)
    assert mask[40:50, 50:62].all()
    assert mask.sum() == 3 * 120


def test_good_pairs_have_no_box(tmp_path):
  path = write(tmp_path, names=('good_easier',))['good_easier']
  assert all(not len(p.truth.xyxy) for p in manifest.read_manifest(path))


def test_the_same_seed_draws_the_same_pairs(tmp_path):
  first = write(tmp_path / 'a')['faint']
  again = write(tmp_path / 'b')['faint']
  other = write(tmp_path / 'c', seed=1)['faint']
  picture = 'faint_0001_test.png'
  data = [
    (path.parent / picture).read_bytes() for path in (first, again, other)
  ]
  assert data[0] == data[1] != data[2]


def test_what_is_there_is_not_drawn_again(tmp_path, monkeypatch):
  write(tmp_path)
  monkeypatch.setattr(suites, 'build', None)
  write(tmp_path)


def test_another_set_in_the_folder_is_refused(tmp_path):
  write(tmp_path)
  with pytest.raises(ValueError, match='another folder, or remove this one'):
    write(tmp_path, seed=1)


@pytest.mark.parametrize(
  ('changes', 'message'),
  [
    (dict(names=('paint',)), 'no set'),
    (dict(num_pairs=0), 'num_pairs is 0'),
  ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, changes, message):
  with pytest.raises(ValueError, match=message):
    write(tmp_path, **changes)


def test_names_tell_levels_where_there_are_two():
  assert set(drawn_sets.NAMES) == {
    'relief_easier',
    'relief_harder',
    'good_easier',
    'good_harder',
    'colour',
    'faint',
    'thin',
    'moved',
  }


def test_near_pixels_are_one_defect_and_specks_are_none():
  mask = np.zeros((64, 64), np.float32)
  mask[10:14, 10:14] = mask[10:14, 18:22] = 1  # 4 px apart
  mask[40:44, 40:44] = 1
  mask[60, 60] = 1
  assert drawn_sets.boxes_of(mask) == [[10, 10, 21, 13], [40, 40, 43, 43]]
  assert drawn_sets.boxes_of(mask, as_one=True) == [[10, 10, 60, 60]]


def test_what_a_set_was_drawn_by_is_stored(tmp_path):
  write(tmp_path)
  stored = json.loads((tmp_path / 'faint' / 'drawn.json').read_text())
  assert stored == dict(
    version=suites.VERSION, num_pairs=3, size_px=SIZE, seed=0
  )
