"""The image bank: what loads, and what is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.data import bank


def test_loads_what_was_saved(tmp_path):
  pictures = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
  np.savez(tmp_path / 'bank.npz', pictures=pictures)
  loaded = bank.load_bank(tmp_path / 'bank.npz')
  assert loaded.dtype == np.uint8
  np.testing.assert_array_equal(loaded, pictures)


def test_missing_file_says_how_to_pack_one(tmp_path):
  with pytest.raises(ValueError, match=r'none\.npz.*pack_backgrounds'):
    bank.load_bank(tmp_path / 'none.npz')


@pytest.mark.parametrize(
  'pictures',
  [
    np.zeros((2, 4, 4, 3), np.float32),
    np.zeros((2, 4, 5, 3), np.uint8),
    np.zeros((2, 4, 4), np.uint8),
    np.zeros((0, 4, 4, 3), np.uint8),
  ],
  ids=['float', 'oblong', 'grey', 'empty'],
)
def test_wrong_shape_or_type_is_refused(tmp_path, pictures):
  np.savez(tmp_path / 'bank.npz', pictures=pictures)
  with pytest.raises(ValueError, match=r'bank\.npz.*not uint8 \[N, S, S, 3\]'):
    bank.load_bank(tmp_path / 'bank.npz')


def test_an_archive_without_pictures_is_refused(tmp_path):
  np.savez(tmp_path / 'bank.npz', others=np.zeros(3))
  with pytest.raises(ValueError, match="no array 'pictures'"):
    bank.load_bank(tmp_path / 'bank.npz')


def test_a_pickle_is_refused(tmp_path):
  pictures = np.array([{'a': 1}], dtype=object)
  np.savez(tmp_path / 'bank.npz', pictures=pictures)
  with pytest.raises(ValueError, match='not an image bank'):
    bank.load_bank(tmp_path / 'bank.npz')


@pytest.mark.parametrize('content', [b'', b'no zip at all', b'PK\x03\x04cut'])
def test_a_damaged_file_is_refused(tmp_path, content):
  (tmp_path / 'bank.npz').write_bytes(content)
  with pytest.raises(ValueError, match=r'bank\.npz'):
    bank.load_bank(tmp_path / 'bank.npz')


def test_a_bare_array_is_refused(tmp_path):
  with (tmp_path / 'bank.npz').open('wb') as file:
    np.save(file, np.zeros((2, 4, 4, 3), np.uint8))
  with pytest.raises(ValueError, match='not an image bank'):
    bank.load_bank(tmp_path / 'bank.npz')
