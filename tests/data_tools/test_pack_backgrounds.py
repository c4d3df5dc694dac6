"""Packing photographs into an image bank."""

from __future__ import annotations

import numpy as np
import pytest

from data_tools import pack_backgrounds
from zeroshot.data import bank, pictures


def write(folder, name, shape, value=0.5):
  folder.mkdir(exist_ok=True)
  pictures.write_picture(folder / name, np.full((*shape, 3), value, np.float32))


def test_packs_in_the_order_of_names(tmp_path):
  photographs = tmp_path / 'photographs'
  write(photographs, 'b.png', (20, 30), 1.0)
  write(photographs, 'a.png', (40, 24), 0.0)
  (photographs / 'manifest.csv').write_text('not a picture')
  out = tmp_path / 'sub' / 'bank.npz'
  assert pack_backgrounds.pack(photographs, out, size_px=16) == 2
  packed = bank.load_bank(out)
  assert packed.shape == (2, 16, 16, 3)
  assert (packed[0] == 0).all()
  assert (packed[1] == 255).all()
  with np.load(out, allow_pickle=False) as archive:
    assert archive['names'].tolist() == ['a.png', 'b.png']
  assert [file.name for file in out.parent.iterdir()] == ['bank.npz']


def test_same_folder_gives_the_same_bytes(tmp_path):
  write(tmp_path / 'photographs', 'a.png', (20, 30))
  for name in ('one.npz', 'two.npz'):
    pack_backgrounds.pack(tmp_path / 'photographs', tmp_path / name, size_px=8)
  one, two = (tmp_path / name for name in ('one.npz', 'two.npz'))
  assert one.read_bytes() == two.read_bytes()


def test_every_unreadable_picture_is_named_and_nothing_written(tmp_path):
  photographs = tmp_path / 'photographs'
  write(photographs, 'good.png', (20, 30))
  (photographs / 'empty.jpg').touch()
  (photographs / 'text.png').write_text('not a picture')
  out = tmp_path / 'bank.npz'
  with pytest.raises(ValueError, match='2 of 3') as caught:
    pack_backgrounds.pack(photographs, out, size_px=16)
  assert 'empty.jpg' in str(caught.value)
  assert 'text.png' in str(caught.value)
  assert not out.exists()


def test_an_old_bank_survives_a_bad_photograph(tmp_path):
  write(tmp_path / 'photographs', 'a.png', (20, 30))
  out = tmp_path / 'bank.npz'
  pack_backgrounds.pack(tmp_path / 'photographs', out, size_px=8)
  before = out.read_bytes()
  for index in range(22):
    (tmp_path / 'photographs' / f'{index:02}.jpg').touch()
  with pytest.raises(ValueError, match=r'22 of 23 .*19\.jpg: .*; and 2 more$'):
    pack_backgrounds.pack(tmp_path / 'photographs', out, size_px=8)
  assert out.read_bytes() == before
  assert [file.name for file in tmp_path.glob('bank*')] == ['bank.npz']


@pytest.mark.parametrize(
  ('name', 'out', 'size_px', 'message'),
  [
    ('missing', 'bank.npz', 16, 'no such folder'),
    ('photographs', 'bank.npz', 16, 'no file ends in'),
    ('photographs', 'bank.zip', 16, r'\.npz'),
    ('photographs', 'bank.npz', 0, 'size_px is 0'),
  ],
)
def test_wrong_arguments_are_refused(tmp_path, name, out, size_px, message):
  (tmp_path / 'photographs').mkdir()
  with pytest.raises(ValueError, match=message):
    pack_backgrounds.pack(tmp_path / name, tmp_path / out, size_px=size_px)


def test_square_takes_the_middle():
  image = np.zeros((10, 30, 3), np.float32)
  image[:, 10:20] = 1.0
  assert (pack_backgrounds.square(image, size_px=5) == 255).all()


def test_square_averages_what_it_shrinks():
  image = np.indices((16, 16)).sum(0)[..., None] % 2 * np.ones(3, np.float32)
  shrunk = pack_backgrounds.square(image.astype(np.float32), size_px=4)
  assert (np.abs(shrunk.astype(int) - 128) <= 1).all()


def test_real_photographs_pack(shared, tmp_path):
  photographs = tmp_path / 'photographs'
  photographs.mkdir()
  files = sorted((shared / 'backgrounds').glob('*.jpg'))[:3]
  for file in files:
    (photographs / file.name).symlink_to(file)
  pack_backgrounds.pack(photographs, tmp_path / 'bank.npz', size_px=64)
  packed = bank.load_bank(tmp_path / 'bank.npz')
  assert packed.shape == (3, 64, 64, 3)
  assert packed.std(axis=(1, 2, 3)).min() > 5
