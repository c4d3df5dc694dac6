"""Bad files and arrays: each is refused with its name and a remedy."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

import zeroshot
from tests.samples import cell_pair, load_detector
from zeroshot.commands import main
from zeroshot.data import pictures


@pytest.fixture(scope='module')
def detector():
  return load_detector()


def encode(picture, kind, **options):
  content = io.BytesIO()
  picture.save(content, kind, **options)
  return content.getvalue()


def frames(kind):
  shades = [Image.new('L', (120, 120), shade) for shade in (9, 99, 200)]
  return encode(shades[0], kind, save_all=True, append_images=shades[1:])


def thumbnail_first():
  """A TIFF whose first page is a smaller copy of its second."""
  content = io.BytesIO()
  small, whole = (Image.new('L', (side, side), 99) for side in (40, 120))
  reduced = TiffImagePlugin.ImageFileDirectory_v2()
  reduced[254] = 1  # NewSubfileType
  small.save(
    content, 'TIFF', save_all=True, append_images=[whole], tiffinfo=reduced
  )
  return content.getvalue()


def announcing(width, height):
  """A small PNG whose valid header declares a large size."""

  def chunk(name, body):
    checksum = struct.pack('>I', zlib.crc32(name + body))
    return struct.pack('>I', len(body)) + name + body + checksum

  header = struct.pack('>IIBBBBB', width, height, 8, 0, 0, 0, 0)
  return (
    b'\x89PNG\r\n\x1a\n'
    + chunk(b'IHDR', header)
    + chunk(b'IDAT', zlib.compress(bytes(1000)))
    + chunk(b'IEND', b'')
  )


def truncate(kind):
  data = encode(Image.fromarray(cell_pair()[1]), kind)
  return data[: int(0.7 * len(data))]


AGAIN, CONVERT, SCALE = 'copy it again', 'convert it to PNG', 'scale it down'
ONE = 'save the one that is meant'

# Name of a file -> its content, and the remedy in the error.
CONTENT = {
  'empty.png': (b'', AGAIN),
  'cut.png': (truncate('PNG'), AGAIN),
  'cut.jpg': (truncate('JPEG'), AGAIN),
  'cut.bmp': (truncate('BMP'), AGAIN),
  'cut.tiff': (truncate('TIFF'), AGAIN),
  'cut.webp': (truncate('WEBP'), AGAIN),
  'cut.gif': (truncate('GIF'), AGAIN),
  'text.png': (b'a note, renamed', CONVERT),
  'film.mp4': (b'\0\0\0\x18ftypisom\0\0\2\0isomiso2' + bytes(99), CONVERT),
  'film.avi': (b'RIFF\xff\0\0\0AVI LIST' + bytes(99), CONVERT),
  'drawing.pdf': (b'%PDF-1.7\n' + bytes(99), CONVERT),
  'animated.gif': (frames('GIF'), ONE),
  'animated.webp': (frames('WEBP'), ONE),
  'animated.png': (frames('PNG'), ONE),
  'pages.tiff': (frames('TIFF'), ONE),
  'thumbnail.tiff': (thumbnail_first(), ONE),
  'bomb.png': (announcing(60_000, 60_000), SCALE),
  'side.png': (announcing(40_000, 40_000), SCALE),
  'large.png': (announcing(30_000, 30_000), 'raise max_megapixels to 901'),
  '<b>a\nname.png': (b'', AGAIN),
}


def no_file(folder):
  return folder / 'missing.png', 'check the path'


def a_folder(folder):
  return folder, 'give a readable file'


def a_loop(folder):
  path = folder / 'loop.png'
  path.symlink_to(path)
  return path, 'give a readable file'


def a_pipe(folder):
  path = folder / 'pipe.png'
  os.mkfifo(path)
  return path, 'give a readable file'


def a_device(folder):
  return '/dev/zero', 'give a readable file'


def a_nul(folder):
  return f'{folder}/a\0.png', 'give a readable file'


def a_long_name(folder):
  return folder / ('a' * 300 + '.png'), 'give a readable file'


PLACES = (
  no_file,
  a_folder,
  a_loop,
  a_pipe,
  a_device,
  a_nul,
  a_long_name,
)


@pytest.fixture
def inspect(detector, monkeypatch, capsys):
  """Runs ``zeroshot inspect``; returns its exit status and last message."""
  monkeypatch.setattr(zeroshot.Detector, 'load', lambda *_, **__: detector)

  def run(reference, test):
    status = main.main(['inspect', str(reference), str(test)])
    return status, capsys.readouterr().err.splitlines()[-1]

  return run


def printed(path):
  """A path as an error prints it."""
  text = os.fspath(path)
  return text if text.isprintable() else repr(text)


@pytest.mark.parametrize('name', CONTENT)
def test_a_bad_file_is_refused_by_name(inspect, tmp_path, name):
  content, remedy = CONTENT[name]
  good, bad = tmp_path / 'good.png', tmp_path / name
  good.write_bytes(encode(Image.fromarray(cell_pair()[0]), 'PNG'))
  bad.write_bytes(content)
  status, line = inspect(good, bad)
  assert status == 2
  assert line.startswith(f'error: {printed(bad)}: ')
  assert remedy in line


@pytest.mark.parametrize('place', PLACES)
def test_what_is_no_file_is_refused_by_name(inspect, tmp_path, place):
  bad, remedy = place(tmp_path)
  status, line = inspect(bad, bad)
  assert status == 2
  assert line.startswith(f'error: {printed(bad)}: ')
  assert remedy in line


def test_a_file_that_may_not_be_read_is_refused(
  detector, tmp_path, monkeypatch
):
  def refuse(*_):
    raise PermissionError(13, 'Permission denied')

  monkeypatch.setattr(os, 'open', refuse)  # root may read whatever there is
  with pytest.raises(ValueError, match=r'a\.png: .*Permission denied.*give a'):
    detector.inspect(tmp_path / 'a.png', tmp_path / 'a.png')


def test_a_limit_can_be_raised(tmp_path):
  path = tmp_path / 'a.png'
  path.write_bytes(encode(Image.fromarray(cell_pair()[0]), 'PNG'))
  small = zeroshot.Detector.load('default', max_megapixels=0.01)
  for picture in (path, cell_pair()[0]):
    with pytest.raises(ValueError, match='raise max_megapixels to 1'):
      small.inspect(picture, picture)
  assert pictures.read_picture(path, max_megapixels=0.02).size == 43_200
  for wrong in (0, -1, 1074, float('nan')):
    with pytest.raises(ValueError, match='max_megapixels'):
      zeroshot.Detector.load('default', max_megapixels=wrong)


def with_value(value):
  array = np.full((120, 120, 3), 0.5, np.float32)
  array[3, 4, 0] = value
  return array


@pytest.mark.parametrize(
  ('array', 'message'),
  [
    (with_value(np.nan), 'NaN or infinite; replace'),
    (with_value(np.inf), 'NaN or infinite; replace'),
    (with_value(255), r'scale it to \[0, 1\]'),
    (np.zeros((120, 120), np.int64), 'give uint8'),
    (np.zeros((120, 120), complex), 'give uint8'),
    (np.zeros((120, 120, 5), np.uint8), r'give \[H, W\]'),
    (np.zeros((0, 120), np.uint8), 'no pixel; give'),
    (None, r'give \[H, W\]'),
  ],
)
def test_an_array_that_is_no_picture_is_refused(detector, array, message):
  with pytest.raises(ValueError, match=f'the test picture .*{message}'):
    detector.inspect(cell_pair()[0], array)
