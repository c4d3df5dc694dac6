"""Pictures in, pictures out, and broken ones refused by name."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.data import pictures


def noise(height=24, width=31, dtype=np.uint8, channels=3):
  shape = (height, width, channels) if channels > 1 else (height, width)
  most = np.iinfo(dtype).max
  return np.random.default_rng(0).integers(0, most + 1, shape).astype(dtype)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
@pytest.mark.parametrize('channels', [1, 3, 4])
def test_reads_every_depth_and_channel_count(tmp_path, dtype, channels):
  stored = noise(dtype=dtype, channels=channels)
  path = tmp_path / 'a.png'
  assert cv2.imwrite(str(path), stored)
  image = pictures.read_picture(path)
  assert image.shape == (24, 31, 3)
  assert image.dtype == np.float32
  expected = np.atleast_3d(stored)[..., [2, 1, 0] if channels > 1 else [0] * 3]
  np.testing.assert_allclose(
    image, expected / np.float64(np.iinfo(dtype).max), rtol=1e-6
  )


def test_full_scale_is_exactly_one(tmp_path):
  for dtype in (np.uint8, np.uint16):
    path = tmp_path / 'white.png'
    cv2.imwrite(str(path), np.full((2, 3), np.iinfo(dtype).max, dtype))
    assert (pictures.read_picture(path) == 1).all()


def test_channels_are_rgb(tmp_path):
  path = tmp_path / 'red.png'
  pictures.write_picture(path, np.float32([[[1, 0, 0.2]]]))
  assert cv2.imread(str(path))[0, 0].tolist() == [51, 0, 255]  # BGR
  np.testing.assert_allclose(
    pictures.read_picture(path), [[[1, 0, 0.2]]], atol=1e-6
  )


@pytest.mark.parametrize('shape', [(5, 7), (5, 7, 3)])
def test_what_was_read_is_written_bit_for_bit(tmp_path, shape):
  image = np.random.default_rng(1).integers(0, 256, shape) / np.float32(255)
  pictures.write_picture(tmp_path / 'a.png', image)
  again = pictures.read_picture(tmp_path / 'a.png')
  pictures.write_picture(tmp_path / 'b.png', again)
  np.testing.assert_array_equal(
    again, pictures.read_picture(tmp_path / 'b.png')
  )
  whole = again if image.ndim == 3 else again[..., 0]
  np.testing.assert_allclose(whole, image, atol=1e-6)


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp'])
@pytest.mark.parametrize('share', [0.3, 0.7, 0.95])
def test_a_picture_cut_short_is_refused(tmp_path, suffix, share):
  data = cv2.imencode(suffix, noise(120, 160))[1].tobytes()
  path = tmp_path / f'cut{suffix}'
  path.write_bytes(data)
  assert pictures.read_picture(path).shape == (120, 160, 3)
  path.write_bytes(data[: int(share * len(data))])
  with pytest.raises(ValueError, match=rf'cut\{suffix}: .*cut short'):
    pictures.read_picture(path)


def test_a_jpeg_without_its_last_byte_is_refused(tmp_path):
  path = tmp_path / 'a.jpg'
  path.write_bytes(cv2.imencode('.jpg', noise())[1].tobytes()[:-1])
  with pytest.raises(ValueError, match='cut short'):
    pictures.read_picture(path)


def test_the_end_of_a_thumbnail_is_not_the_end(tmp_path):
  data = cv2.imencode('.jpg', noise(120, 160))[1].tobytes()
  thumbnail = b'Exif\0\0' + cv2.imencode('.jpg', noise(4, 4))[1].tobytes()
  segment = b'\xff\xe1' + (len(thumbnail) + 2).to_bytes(2, 'big') + thumbnail
  whole = data[:2] + segment + data[2:]
  path = tmp_path / 'a.jpg'
  path.write_bytes(whole + b'appended by a camera')
  assert pictures.read_picture(path).shape == (120, 160, 3)
  path.write_bytes(whole[: len(segment) + 500])
  with pytest.raises(ValueError, match='cut short'):
    pictures.read_picture(path)


@pytest.mark.parametrize(
  ('flags', 'name'),
  [
    ([cv2.IMWRITE_JPEG_PROGRESSIVE, 1], 'progressive'),
    ([cv2.IMWRITE_JPEG_RST_INTERVAL, 2], 'restart markers'),
  ],
)
def test_whole_jpegs_of_other_kinds_are_read(tmp_path, flags, name):
  data = cv2.imencode('.jpg', noise(64, 64), flags)[1].tobytes()
  path = tmp_path / 'a.jpg'
  path.write_bytes(data)
  assert pictures.read_picture(path).shape == (64, 64, 3), name


@pytest.mark.parametrize(
  ('content', 'message'),
  [
    (None, 'no such file'),
    (b'', 'empty'),
    (b'not a picture', 'not a picture'),
  ],
)
def test_what_is_no_picture_is_refused(tmp_path, content, message):
  path = tmp_path / 'a.png'
  if content is not None:
    path.write_bytes(content)
  with pytest.raises(ValueError, match=rf'a\.png: .*{message}'):
    pictures.read_picture(path)


def test_a_folder_and_a_float_picture_are_refused(tmp_path):
  with pytest.raises(ValueError, match='cannot be read'):
    pictures.read_picture(tmp_path)
  path = tmp_path / 'a.tiff'
  cv2.imwrite(str(path), np.ones((4, 4, 3), np.float32))
  with pytest.raises(ValueError, match='float32'):
    pictures.read_picture(path)


@pytest.mark.parametrize(
  ('name', 'image', 'message'),
  [
    ('missing/a.png', np.zeros((2, 2, 3)), 'cannot be written'),
    ('a.unknown', np.zeros((2, 2, 3)), 'suffix'),
    ('a.png', np.zeros((2, 2, 4)), 'shape'),
    ('a.png', np.zeros((0, 2, 3)), 'no pixel'),
    ('a.png', np.full((2, 2, 3), 255.0), r'scale it to \[0, 1\]'),
    ('a.png', np.full((2, 2, 3), np.nan), r'scale it to \[0, 1\]'),
  ],
)
def test_what_cannot_be_written_is_refused(tmp_path, name, image, message):
  with pytest.raises(ValueError, match=message):
    pictures.write_picture(tmp_path / name, image)
  assert list(tmp_path.iterdir()) == []


def test_a_pair_must_agree_in_size(tmp_path):
  pictures.write_picture(tmp_path / 'a.png', np.zeros((4, 6, 3)))
  pictures.write_picture(tmp_path / 'b.png', np.ones((4, 6, 3)))
  pictures.write_picture(tmp_path / 'c.png', np.zeros((4, 7, 3)))
  reference, test = pictures.read_pair(tmp_path / 'a.png', tmp_path / 'b.png')
  assert reference.max() == 0
  assert test.min() == 1
  with pytest.raises(ValueError, match=r'a\.png is 6x4 .*c\.png is 7x4'):
    pictures.read_pair(tmp_path / 'a.png', tmp_path / 'c.png')
