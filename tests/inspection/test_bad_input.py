"""Whatever is handed in: the right answer, or an error that helps."""

from __future__ import annotations

import io
import os
import struct
import types
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

import zeroshot
from zeroshot.commands import main
from zeroshot.data import pictures

FOUND_AT = (50, 40, 70, 60)  # where the pair below differs


@pytest.fixture(scope='module')
def detector():
  return zeroshot.Detector.load('default')


def reference_picture(size_px=120, seed=0):
  """Cells, light and dark, uint8."""
  cells = np.random.default_rng(seed).integers(0, 2, (8, 8), np.uint8)
  plane = np.kron(60 + 140 * cells, np.ones((15, 15), np.uint8))
  return np.repeat(plane[:size_px, :size_px, None], 3, axis=2)


def pair():
  """A reference, and a test picture in which a square is inverted."""
  reference = reference_picture()
  test = reference.copy()
  x1, y1, x2, y2 = FOUND_AT
  test[y1:y2, x1:x2] = 255 - test[y1:y2, x1:x2]
  return reference, test


def found_where_it_is(found, at=FOUND_AT):
  """Whether the surest boxes lie where the pair differs, and all within."""
  height, width = found.test.shape[:2]
  for x1, y1, x2, y2, *_ in found.candidates:
    assert 0 <= x1 <= x2 <= width
    assert 0 <= y1 <= y2 <= height
  x1, y1, x2, y2 = np.array([box[:4] for box in found.boxes]).reshape(-1, 4).T
  across, down = (x1 + x2) / 2, (y1 + y2) / 2
  inside = (at[0] <= across) & (across <= at[2])
  inside &= (at[1] <= down) & (down <= at[3])
  return found.verdict == 'different' and bool(inside.all())


def encoded(picture, kind, **options):
  content = io.BytesIO()
  picture.save(content, kind, **options)
  return content.getvalue()


def frames(kind):
  shades = [Image.new('L', (120, 120), shade) for shade in (9, 99, 200)]
  return encoded(shades[0], kind, save_all=True, append_images=shades[1:])


def announcing(width, height):
  """A small PNG whose header is right, and says that it is large."""

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


def cut(kind):
  data = encoded(Image.fromarray(pair()[1]), kind)
  return data[: int(0.7 * len(data))]


def float_tiff():
  return cv2.imencode('.tiff', np.ones((120, 120, 3), np.float32))[1].tobytes()


AGAIN, CONVERT, SCALE = 'copy it again', 'convert it to PNG', 'scale it down'
ONE = 'save the one that is meant'

# Name of a file -> what it holds, and the remedy that the error names.
CONTENT = {
  'empty.png': (b'', AGAIN),
  'cut.png': (cut('PNG'), AGAIN),
  'cut.jpg': (cut('JPEG'), AGAIN),
  'cut.bmp': (cut('BMP'), AGAIN),
  'cut.tiff': (cut('TIFF'), AGAIN),
  'cut.webp': (cut('WEBP'), AGAIN),
  'cut.gif': (cut('GIF'), AGAIN),
  'text.png': (b'a note, renamed', CONVERT),
  'film.mp4': (b'\0\0\0\x18ftypisom\0\0\2\0isomiso2' + bytes(99), CONVERT),
  'film.avi': (b'RIFF\xff\0\0\0AVI LIST' + bytes(99), CONVERT),
  'drawing.pdf': (b'%PDF-1.7\n' + bytes(99), CONVERT),
  'animated.gif': (frames('GIF'), ONE),
  'animated.webp': (frames('WEBP'), ONE),
  'animated.png': (frames('PNG'), ONE),
  'pages.tiff': (frames('TIFF'), ONE),
  'float.tiff': (float_tiff(), 'convert it to 8 or 16 bits'),
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


def command(monkeypatch, detector, capsys, reference, test):
  """Status and last line of a command that inspects a pair."""

  def run(options):
    detector.inspect(reference, test)
    return 0

  module = types.SimpleNamespace(
    SUMMARY='', __doc__='', add_arguments=lambda parser: None, run=run
  )
  monkeypatch.setattr(main, '_SUBCOMMANDS', ('try',))
  monkeypatch.setattr(main, '_module_of', lambda name: module)
  status = main.main(['try'])
  return status, capsys.readouterr().err.splitlines()[-1]


def shown(path):
  """A path as an error shows it."""
  text = os.fspath(path)
  return text if text.isprintable() else repr(text)


@pytest.mark.parametrize('name', CONTENT)
def test_a_bad_file_is_refused_by_name(
  detector, tmp_path, name, monkeypatch, capsys
):
  content, remedy = CONTENT[name]
  good, bad = tmp_path / 'good.png', tmp_path / name
  good.write_bytes(encoded(Image.fromarray(pair()[0]), 'PNG'))
  bad.write_bytes(content)
  status, line = command(monkeypatch, detector, capsys, good, bad)
  assert status == 2
  assert line.startswith(f'error: {shown(bad)}: ')
  assert remedy in line


@pytest.mark.parametrize('place', PLACES)
def test_what_is_no_file_is_refused_by_name(
  detector, tmp_path, place, monkeypatch, capsys
):
  bad, remedy = place(tmp_path)
  status, line = command(monkeypatch, detector, capsys, bad, bad)
  assert status == 2
  assert line.startswith(f'error: {shown(bad)}: ')
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
  path.write_bytes(encoded(Image.fromarray(pair()[0]), 'PNG'))
  small = zeroshot.Detector.load('default', max_megapixels=0.01)
  for picture in (path, pair()[0]):
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
    detector.inspect(pair()[0], array)


def test_sizes_that_differ_are_told_and_why(detector, tmp_path):
  upright, turned = tmp_path / 'upright.jpg', tmp_path / 'turned.jpg'
  tag = Image.Exif()
  tag[0x112] = 6
  picture = Image.fromarray(pair()[0][:80])
  picture.save(upright)
  picture.rotate(90, expand=True).save(turned, exif=tag)
  words = r'upright\.jpg is 120x80 .*turned\.jpg is 80x120; .*save both upright'
  with pytest.raises(ValueError, match=words):
    detector.inspect(upright, turned)
  with pytest.raises(ValueError, match=r'reference \(array\) is 120x80 '):
    detector.inspect(pair()[0][:80], turned)


def test_other_parts_and_mirrored_ones_are_refused(detector, tmp_path):
  path = tmp_path / 'other.png'
  Image.fromarray(reference_picture(seed=9)).save(path)
  reference, _ = pair()
  with pytest.raises(ValueError, match=r'other\.png do not show .*check that'):
    detector.inspect(reference, path)
  with pytest.raises(ValueError, match='mirror images; flip'):
    detector.inspect(reference, reference[:, ::-1])


@pytest.mark.parametrize('quarters', [1, 2, 3])
def test_a_turned_reference_is_turned_back(detector, quarters):
  reference, test = pair()
  found = detector.inspect(np.rot90(reference, -quarters), test)
  assert found_where_it_is(found)
  turned = found.registration.rotation_deg + 90 * quarters
  assert abs((turned + 180) % 360 - 180) < 1


# How a pair is stored -> its suffix, and Pillow's options.
STORED = {
  'CMYK': ('jpg', {'quality': 95}),
  'RGB': ('jpg', {'quality': 95}),
  'P': ('png', {}),
  '1': ('png', {}),
  'I;16': ('png', {}),
  'RGBA': ('png', {}),
  'LA': ('png', {}),
  'L': ('gif', {}),
}


@pytest.mark.parametrize('mode', STORED)
def test_a_difference_is_found_however_it_is_stored(detector, tmp_path, mode):
  suffix, options = STORED[mode]
  paths = [tmp_path / f'{role}.{suffix}' for role in ('reference', 'test')]
  for picture, path in zip(pair(), paths, strict=True):
    if mode == 'I;16':
      stored = Image.fromarray(picture[..., 0].astype(np.uint16) * 257)
    else:
      stored = Image.fromarray(picture).convert(mode, dither=Image.Dither.NONE)
    stored.save(path, **options)
  assert found_where_it_is(detector.inspect(*paths))


def test_swapped_pictures_differ_and_equal_ones_do_not(detector):
  reference, test = pair()
  assert found_where_it_is(detector.inspect(test, reference))
  assert detector.inspect(test, test).verdict == 'same'


def test_what_is_too_dark_to_be_compared_is_refused(detector, tmp_path):
  path = tmp_path / 'dark.png'
  reference, test = pair()
  Image.fromarray(test // 8).save(path)
  with pytest.raises(ValueError, match=r'dark\.png is too dark.*; expose'):
    detector.inspect(reference, path)
  with pytest.raises(ValueError, match=r'the reference .*too dark'):
    detector.inspect(reference * 0, reference * 0)


def plate(seed):
  noise = np.random.default_rng(seed).normal(0, 0.01, (120, 120, 3))
  return np.clip(0.6 + noise, 0, 1).astype(np.float32)


def test_a_blank_plate_is_inspected_and_its_scratch_found(detector):
  scratched = plate(1)
  scratched[58:61, 30:90] = 0.2
  assert found_where_it_is(
    detector.inspect(plate(0), scratched), (30, 58, 90, 61)
  )
  assert detector.inspect(plate(0), plate(1)).verdict == 'same'


@pytest.mark.parametrize('shape', [(1, 1), (31, 7), (1, 500)])
def test_the_smallest_pictures_are_inspected(detector, shape):
  grey, white = np.full(shape, 0.3), np.ones(shape)
  found = detector.inspect(grey, white)
  for x1, y1, x2, y2, *_ in found.candidates:
    assert 0 <= x1 <= x2 <= shape[1]
    assert 0 <= y1 <= y2 <= shape[0]
  assert detector.inspect(white, white).verdict == 'same'
