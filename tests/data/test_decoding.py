"""Every kind of file that a camera, a phone or a microscope writes."""

from __future__ import annotations

import builtins
import io

import cv2
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from tests import tiffs
from zeroshot.data import decoding, pictures, readable
from zeroshot.data.manifest import read_manifest

TAGS = range(1, 9)
# What a viewer does with a stored picture, by EXIF's orientation.
UPRIGHT = {
  1: lambda a: a,
  2: lambda a: a[:, ::-1],
  3: lambda a: a[::-1, ::-1],
  4: lambda a: a[::-1],
  5: lambda a: a.swapaxes(0, 1),
  6: lambda a: np.rot90(a, -1),
  7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
  8: lambda a: np.rot90(a),
}


def corners():
  """A picture whose corners all differ, uint8 ``[24, 32, 3]``."""
  picture = np.full((24, 32, 3), 30, np.uint8)
  picture[:8, :16], picture[:8, 16:] = (250, 20, 20), (20, 250, 20)
  picture[16:, :16] = (20, 20, 250)
  return picture


def ramp(most, *shape):
  """All values from 0 to ``most``, repeated."""
  values = np.arange(np.prod(shape)).reshape(shape) * 37 % (most + 1)
  return values.astype(np.uint8 if most < 256 else np.uint16)


def decode(data, name='a.tiff', upright=True):
  return decoding.decode(data, name, max_megapixels=1, upright=upright)


def saved(kind, tag, **options):
  exif = Image.Exif()
  exif[0x112] = tag
  content = io.BytesIO()
  picture = Image.fromarray(corners())
  if kind == 'HEIF':
    heif = pillow_heif.from_pillow(picture)
    heif.save(content, quality=-1, exif=exif.tobytes(), chroma=444)
  else:
    picture.save(content, kind, exif=exif, **options)
  return content.getvalue()


@pytest.mark.parametrize('tag', TAGS)
@pytest.mark.parametrize(
  ('kind', 'options'),
  [
    ('JPEG', {'quality': 100, 'subsampling': 0}),
    ('PNG', {}),
    ('WEBP', {'lossless': True}),
    ('TIFF', {}),
    ('TIFF', {'compression': 'tiff_lzw'}),
  ],
)
def test_an_orientation_is_applied(kind, options, tag):
  data = saved(kind, tag, **options)
  upright = decode(data).astype(int)
  expected = UPRIGHT[tag](corners())
  assert upright.shape == expected.shape
  assert np.abs(upright - expected).max() < 8
  stored = decode(data, upright=False).astype(int)
  expected = expected if kind == 'TIFF' else corners()
  assert stored.shape == expected.shape
  assert np.abs(stored - expected).max() < 8


@pytest.mark.parametrize('tag', TAGS)
def test_the_orientation_of_other_tiffs_is_applied(tag):
  values = ramp(15, 6, 9)
  data = tiffs.encode(values, bits=4, tags=((274, tag),))
  np.testing.assert_array_equal(decode(data)[..., 0], UPRIGHT[tag](values) * 17)
  half = values.astype(np.float16)
  data = tiffs.encode(
    half, bits=16, sample_format=tiffs.FLOATING, tags=((274, tag),)
  )
  np.testing.assert_array_equal(decode(data)[..., 0], UPRIGHT[tag](values))


@pytest.mark.parametrize('bits', [1, 2, 4, 8, 10, 12, 14, 16])
@pytest.mark.parametrize('inverted', [False, True])
def test_samples_of_any_number_of_bits(bits, inverted):
  most = 2**bits - 1
  values = ramp(most, 20, 23)
  photometric = tiffs.WHITE_IS_ZERO if inverted else tiffs.BLACK_IS_ZERO
  data = tiffs.encode(values, bits=bits, photometric=photometric)
  pixels = pictures.as_image(decode(data))
  expected = values / most
  tolerance = 2 ** -min(bits, 16) if bits > 8 else 1e-6
  np.testing.assert_allclose(
    pixels[..., 1], 1 - expected if inverted else expected, atol=tolerance
  )


@pytest.mark.parametrize('bits', [8, 12, 16])
@pytest.mark.parametrize('planar', [False, True])
def test_colours_keep_their_channels(bits, planar):
  values = ramp(2**bits - 1, 20, 24, 3)
  data = tiffs.encode(values, bits=bits, photometric=tiffs.RGB, planar=planar)
  pixels = decode(data)
  if bits == 12:
    pixels = pixels // (1 if planar else 16)
  np.testing.assert_array_equal(pixels, values)


@pytest.mark.parametrize('bits', [16, 32, 64])
@pytest.mark.parametrize('planar', [False, True])
def test_floating_samples(bits, planar):
  values = (ramp(255, 20, 24, 3) / 64 - 1).astype(f'f{bits // 8}')
  data = tiffs.encode(
    values,
    bits=bits,
    photometric=tiffs.RGB,
    planar=planar,
    sample_format=tiffs.FLOATING,
  )
  np.testing.assert_array_equal(decode(data), values)


@pytest.mark.parametrize('kind', ['int8', 'int16', 'int32', 'uint32'])
def test_other_integers(kind):
  limits = np.iinfo(kind)
  values = np.linspace(limits.min, limits.max, 480).astype(kind).reshape(20, 24)
  sample_format = tiffs.UNSIGNED if kind == 'uint32' else tiffs.SIGNED
  data = tiffs.encode(values, bits=limits.bits, sample_format=sample_format)
  pixels = decode(data)
  assert pixels.dtype == kind
  np.testing.assert_array_equal(pixels[..., 2], values)


@pytest.mark.parametrize(
  'options',
  [
    {'tile': (16, 16)},
    {'bigtiff': True},
    {'byteorder': '>'},
    {'rowsperstrip': 3},
    {'compression': 'zlib', 'predictor': True},
    {'compression': 'lzw'},
    {'compression': 'zstd'},
    {'compression': 'lzma'},
  ],
)
@pytest.mark.parametrize('kind', ['uint8', 'uint16', 'float32', 'float16'])
def test_how_samples_are_laid_out_does_not_matter(options, kind):
  if kind == 'float16' and options.get('predictor'):
    options = {**options, 'predictor': False}
  values = ramp(255, 48, 64).astype(kind)
  content = io.BytesIO()
  tifffile.imwrite(content, values, **options)
  np.testing.assert_array_equal(decode(content.getvalue())[..., 0], values)


def hide(monkeypatch, package):
  """Makes a package look as if it were not installed."""
  find = builtins.__import__

  def find_others(name, *arguments, **options):
    if name.partition('.')[0] == package:
      raise ModuleNotFoundError(f'No module named {name!r}', name=name)
    return find(name, *arguments, **options)

  monkeypatch.setattr(builtins, '__import__', find_others)


def heic(pixels=None, mode='RGB', **options):
  pixels = corners() if pixels is None else pixels
  content = io.BytesIO()
  height, width = pixels.shape[:2]
  made = pillow_heif.from_bytes(mode, (width, height), pixels.tobytes())
  made.save(content, quality=-1, chroma=444, **options)
  return content.getvalue()


@pytest.mark.parametrize('tag', TAGS)
def test_heic_is_read_upright(tag):
  pixels = decode(saved('HEIF', tag), 'a.heic')
  expected = UPRIGHT[tag](corners())
  assert pixels.shape == expected.shape
  assert np.abs(pixels.astype(int) - expected).max() < 12


def test_heic_of_more_bits_and_several_pictures():
  deep = ramp(65535, 40, 48, 3) & 0xFFC0  # 10 bits
  pixels = decode(heic(deep, 'RGB;16'), 'a.heic')
  assert pixels.dtype == np.uint16
  assert np.abs(pixels.astype(int) - deep).mean() < 600
  content = io.BytesIO()
  two = pillow_heif.from_pillow(Image.fromarray(corners()))
  two.add_from_pillow(Image.fromarray(corners()))
  two.save(content)
  with pytest.raises(ValueError, match=r'a\.heic: holds several pictures'):
    decode(content.getvalue(), 'a.heic')
  with pytest.raises(ValueError, match='raise max_megapixels to'):
    decoding.decode(heic(), 'a.heic', max_megapixels=1e-4, upright=True)
  whole = heic()
  with pytest.raises(ValueError, match=r'a\.heic: .*copy it again'):
    decode(whole[: len(whole) // 2], 'a.heic')


def test_a_missing_package_is_named(monkeypatch):
  data = heic()
  hide(monkeypatch, 'pillow_heif')
  with pytest.raises(ValueError, match=r"a\.heic: .*-inspection\[heic\]'"):
    decode(data, 'a.heic')
  hide(monkeypatch, 'rawpy')
  with pytest.raises(ValueError, match=r"a\.dng: .*-inspection\[raw\]'"):
    decode(dng(), 'a.dng')
  hide(monkeypatch, 'tifffile')
  half = np.zeros((4, 4), np.float16)
  data = tiffs.encode(half, bits=16, sample_format=tiffs.FLOATING)
  with pytest.raises(ValueError, match=r'a\.tiff: .*package tifffile'):
    decode(data)


def dng(height=64, width=96):
  """A small raw picture: a bright square on a dark ground, Bayer RGGB."""
  mosaic = np.full((height, width), 800, np.uint16)
  mosaic[16:48, 32:64] = 12000
  matrix = [1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1]  # unit
  content = io.BytesIO()
  tifffile.imwrite(
    content,
    mosaic,
    photometric='CFA',
    extratags=[
      (33421, 'H', 2, (2, 2), True),  # CFARepeatPatternDim
      (33422, 'B', 4, bytes((0, 1, 1, 2)), True),  # CFAPattern
      (50706, 'B', 4, bytes((1, 4, 0, 0)), True),  # DNGVersion
      (50708, 's', 0, 'Drawn camera', True),  # UniqueCameraModel
      (50714, 'H', 1, 0, True),  # BlackLevel
      (50717, 'H', 1, 16383, True),  # WhiteLevel
      (50721, '2i', 9, matrix, True),  # ColorMatrix1
      (50728, '2I', 3, (1, 1, 1, 1, 1, 1), True),  # AsShotNeutral
      (50778, 'H', 1, 21, True),  # CalibrationIlluminant1: D65
    ],
  )
  return content.getvalue()


@pytest.mark.parametrize('name', ['a.dng', 'a.DNG', 'a.tiff'])
def test_a_raw_picture_is_developed(name):
  pixels = decode(dng(), name)
  assert pixels.dtype == np.uint16
  assert pixels.shape == (64, 96, 3)
  inside, outside = pixels[24:40, 40:56], pixels[:8, :8]
  assert inside.mean() > 3 * outside.mean()
  with pytest.raises(ValueError, match=rf'{name}: .*raise max_megapixels'):
    decoding.decode(dng(), name, max_megapixels=0.001, upright=True)


def test_a_damaged_raw_picture_is_refused():
  for data in (dng()[:200], b'FUJIFILMCCD-RAW' + bytes(99)):
    with pytest.raises(ValueError, match=r'a\.raf: .*copy it again'):
      decode(data, 'a.raf')


def test_a_labelled_picture_that_exif_turns_is_a_fault(tmp_path):
  for name, tag in (('good.jpg', 1), ('turned.jpg', 3)):
    (tmp_path / name).write_bytes(saved('JPEG', tag))
  listed = tmp_path / 'pairs.csv'
  for reference, boxes, is_well in (
    ('good.jpg', '1 2 5 6', False),
    ('good.jpg', '', False),
    ('turned.jpg', '1 2 5 6', False),
    ('turned.jpg', '', True),  # both are compared as stored
  ):
    listed.write_text(f'reference,test,boxes\n{reference},turned.jpg,{boxes}\n')
    faults = readable.pair_faults(read_manifest(listed))
    assert (faults == []) == is_well
    for fault in faults:
      assert 'turned.jpg: its EXIF orientation is 3' in fault
    assert readable.pair_faults(read_manifest(listed), labelled=False) == []


def test_opencv_reads_colours_in_one_order():
  values = ramp(65535, 20, 24, 3)
  for suffix in ('.png', '.tiff'):
    data = cv2.imencode(suffix, values[..., ::-1])[1].tobytes()
    np.testing.assert_array_equal(decode(data, f'a{suffix}'), values)
