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
    np.full((2, 4, 4, 3), np.nan),
  ],
  ids=['float', 'oblong', 'grey', 'empty', 'NaN'],
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


def damage(data, rng, count):
  """Copies with a flipped bit, a cut end, or a run of zeros."""
  for _ in range(count):
    place = int(rng.integers(len(data)))
    copy = bytearray(data)
    copy[place] ^= 1 << int(rng.integers(8))
    yield bytes(copy)
    yield data[:place]
    yield data[:place] + bytes(len(data[place : place + 9])) + data[place + 9 :]


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_a_damaged_bank_is_named_or_loads_as_it_was(tmp_path, save):
  rng = np.random.default_rng(0)
  pictures = rng.integers(0, 255, (3, 4, 4, 3), dtype=np.uint8)
  file = tmp_path / 'bank.npz'
  save(file, pictures=pictures, names=np.array(['a', 'b', 'c']))
  refused = 0
  for content in damage(file.read_bytes(), rng, 250):
    file.write_bytes(content)
    try:
      loaded = bank.load_bank(file)
    except ValueError as error:
      loaded, message = None, str(error)
    if loaded is not None:
      np.testing.assert_array_equal(loaded, pictures)
      continue
    assert message.startswith(f'{file}: ')
    assert 'pack_backgrounds' in message
    refused += 1
  assert 300 < refused < 750  # the names and dates of members are not read


def test_a_header_that_asks_for_less_is_not_believed(tmp_path):
  """NumPy would not read to the end, where the checksum is tested.

  Large enough that the end is not read ahead.
  """
  file = tmp_path / 'bank.npz'
  np.savez(file, pictures=np.zeros((9, 64, 64, 3), np.uint8))
  content = file.read_bytes()
  assert content.count(b'(9, 64, 64, 3)') == 1
  file.write_bytes(content.replace(b'(9, 64, 64, 3)', b'(1, 64, 64, 3)'))
  with pytest.raises(ValueError, match=r'bank\.npz: .*damaged'):
    bank.load_bank(file)


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
