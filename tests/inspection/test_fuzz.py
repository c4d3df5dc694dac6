"""Damaged pictures and manifests: an image, or an error that names the file.

``ZEROSHOT_FUZZ_CASES`` sets how many damaged pictures are read.
"""

from __future__ import annotations

import io
import os
import random
import re
import time
from collections import Counter

import cv2
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from tests import tiffs
from zeroshot.data import manifest, pair_list, pictures
from zeroshot.inspection import inputs

NUM_PICTURES = int(os.environ.get('ZEROSHOT_FUZZ_CASES', '4000'))
NUM_MANIFESTS = 1000
LONGEST_S = 5.0  # that one case may take on a busy machine
EXTREMES = (b'\0', b'\xff', b'\x7f', b'\x80', b'\1')


def saved(mode, kind, **options):
  """The bytes of a small picture."""
  noise = np.random.default_rng(0).integers(0, 256, (20, 24, 3), np.uint8)
  content = io.BytesIO()
  Image.fromarray(noise).convert(mode).save(content, kind, **options)
  return content.getvalue()


def whole_pictures():
  deep = np.random.default_rng(1).integers(0, 65536, (9, 7, 3))
  deep = deep.astype(np.uint16)
  frames = [Image.new('L', (24, 20), shade) for shade in (9, 99)]
  moving = {'save_all': True, 'append_images': frames}
  return [
    *(saved(mode, 'PNG') for mode in ('RGB', 'L', 'P', '1', 'RGBA')),
    *(saved(mode, 'BMP') for mode in ('RGB', 'P', '1')),
    *(saved(mode, 'JPEG') for mode in ('RGB', 'L', 'CMYK')),
    saved('RGB', 'JPEG', progressive=True),
    *(
      saved('RGB', 'TIFF', compression=name)
      for name in ('raw', 'tiff_lzw', 'tiff_adobe_deflate', 'jpeg', 'packbits')
    ),
    saved('1', 'TIFF', compression='group4'),
    saved('RGB', 'WEBP'),
    saved('RGBA', 'WEBP', lossless=True),
    saved('RGB', 'GIF'),
    saved('RGB', 'PPM'),
    *(saved('L', kind, **moving) for kind in ('GIF', 'PNG', 'WEBP', 'TIFF')),
    *(cv2.imencode(suffix, deep)[1].tobytes() for suffix in ('.png', '.tiff')),
  ]


def damage(whole, others, chance):
  """One to three kinds of damage, at random places and of random sizes."""
  data = bytearray(whole)
  for _ in range(chance.randint(1, 3)):
    kind = chance.choice(('flip', 'cut', 'splice', 'header', 'repeat', 'drop'))
    place = chance.randrange(len(data) + 1)
    size = chance.randint(1, 16)
    if kind == 'flip':
      for _ in range(size):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == 'cut':
      del data[place:]
    elif kind == 'splice':
      other = chance.choice(others)
      data[place:] = other[chance.randrange(len(other)) :]
    elif kind == 'header':
      place = chance.randrange(min(len(data), 160))
      size = chance.randint(1, 4)
      data[place : place + size] = chance.choice(EXTREMES) * size
    elif kind == 'repeat':
      data[place:place] = data[place : place + 8 * size]
    else:
      del data[place : place + size]
    if not data:
      break
  return bytes(data)


def read(path, reader, **options):
  """The content of a file and '', or None and the reader's error."""
  try:
    return reader(path, **options), ''
  except ValueError as error:
    return None, str(error)


def test_a_damaged_picture_is_an_image_or_an_error_that_names_it(tmp_path):
  chance = random.Random(0)
  wholes = whole_pictures()
  path = tmp_path / 'damaged.png'
  counts = Counter()
  for case in range(NUM_PICTURES):
    path.write_bytes(damage(wholes[case % len(wholes)], wholes, chance))
    start = time.perf_counter()
    image, fault = read(path, pictures.read_picture, max_megapixels=1)
    if image is None:
      assert fault.startswith(f'{path}: '), case
      reason = fault.removeprefix(f'{path}: ')
      counts[re.sub(r'[\d.]+', '0', reason)[:24]] += 1
    else:
      assert image.dtype == np.float32, case
      assert image.shape[2:] == (3,), case
      assert image.size > 0, case
      assert image.min() >= 0, case  # NaN fails as well
      assert image.max() <= 1, case
      counts['image'] += 1
    assert time.perf_counter() - start < LONGEST_S, case
  print(counts)
  assert counts['image'] > 0
  assert counts.total() == NUM_PICTURES


def rare_pictures():
  """Pictures that other packages than OpenCV decode, and deep ones."""
  draws = np.random.default_rng(2)
  half = draws.random((20, 24, 3)).astype(np.float16)
  deep = draws.integers(0, 4096, (20, 24, 3))
  heic = io.BytesIO()
  noise = draws.integers(0, 256, (64, 64, 3), np.uint8)
  pillow_heif.from_pillow(Image.fromarray(noise)).save(heic)
  kinds = {'photometric': tiffs.RGB, 'planar': True}
  tiled = io.BytesIO()
  tifffile.imwrite(tiled, half[..., 0], tile=(16, 16), compression='zlib')
  return [
    tiffs.encode(half, bits=16, sample_format=tiffs.FLOATING, **kinds),
    tiffs.encode(deep[..., 0], bits=12),
    tiffs.encode(deep.astype(np.uint16), bits=16, **kinds),
    *(tiffs.encode(deep[..., 0] % 2**bits, bits=bits) for bits in (1, 2, 4)),
    tiffs.encode(deep.astype('f4'), bits=32, sample_format=tiffs.FLOATING),
    tiffs.encode(-deep.astype('i4'), bits=32, sample_format=tiffs.SIGNED),
    heic.getvalue(),
    tiled.getvalue(),
  ]


def load(path):
  """A pair of one picture twice, as an inspection loads it."""
  return inputs.load_pair(path, path, max_megapixels=1)


def test_a_damaged_rare_picture_is_a_pair_or_an_error_that_names_it(tmp_path):
  chance = random.Random(1)
  wholes = rare_pictures()
  counts = Counter()
  for case in range(NUM_PICTURES // 8):
    # A raw picture is known by its suffix.
    path = tmp_path / ('damaged.dng' if case % 7 == 0 else 'damaged.tiff')
    whole = wholes[case % len(wholes)]
    is_whole = case < len(wholes) and path.suffix == '.tiff'
    path.write_bytes(whole if is_whole else damage(whole, wholes, chance))
    pair, fault = read(path, load)
    if pair is None:
      assert str(path) in fault, case
      counts['refused'] += 1
      continue
    for pixels in (pair.reference, pair.test):
      image = pictures.as_image(pixels)
      assert image.dtype == np.float32, case
      assert image.shape[2:] == (3,), case
      assert image.min() >= 0, case  # NaN fails as well
      assert image.max() <= 1, case
    counts['pair'] += 1
  print(counts)
  assert counts['pair'] > 5
  assert counts['refused'] > 5


JSON_LINES = (
  b'{"reference": "a.png", "test": "b.png", "boxes": [[1, 2, 3, 4]]}\n'
  b'{"reference": "a.png", "test": "c.png", "boxes": [], "group": "lot 3"}\n'
  b'{"reference": "a.png", "test": "\xc3\xa9.png", "boxes": [[0, 0, 5, 5]],'
  b' "kinds": ["scratch"]}\n'
)
HOSTILE = (
  b'[' * 100_000,
  b'{"reference": "a", "test": "\\u0000", "boxes": [[1, 2, 3, 1e999]]}',
  b'{"reference": "a", "test": "b", "boxes": [[1, 2, 3, %s]]}' % (b'9' * 5000),
  b'{"reference": "a", "test": "b", "boxes": [[1, 2, 3, %s]]}' % (b'9' * 60),
  b'{"reference": null, "test": [], "boxes": {"a": NaN}}',
  b'\xff\xfe\x00{',
  b'\0' * 64,
)
TABLE = (
  b'reference,test,name,boxes,group\n'
  b'a.png,b.png,first,1 2 3 4,lot 3\n'
  b'a.png,"c.png",second,,lot 3\r\n'
  b'a.png,\xc3\xa9.png,third,0 0 5 5; 6 6 7 7,\n'
)
# Reader, content that it reads, and the suffix of its file.
READERS = {
  'json lines': (manifest.read_manifest, JSON_LINES, '.jsonl'),
  'table': (manifest.read_manifest, TABLE, '.csv'),
  'list of pairs': (pair_list.read_pair_list, TABLE, '.csv'),
}


@pytest.mark.parametrize('kind', READERS)
def test_a_damaged_manifest_is_pairs_or_an_error_that_names_it(tmp_path, kind):
  reader, whole, suffix = READERS[kind]
  for name in ('a.png', 'b.png', 'c.png', 'é.png'):
    (tmp_path / name).touch()
  path = tmp_path / f'pairs{suffix}'
  chance = random.Random(0)
  cases = [damage(whole, [whole], chance) for _ in range(NUM_MANIFESTS)]
  counts = Counter()
  for content in (whole, *HOSTILE, *cases):
    path.write_bytes(content)
    pairs, fault = read(path, reader)
    assert pairs or str(path) in fault, content
    counts['read' if pairs else 'refused'] += 1
  print(counts)
  assert counts['read'] > 0
  assert counts['refused'] > 0
