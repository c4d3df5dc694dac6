"""Depths, ranges and dark pictures: one scale for both pictures of a pair."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests import samples, tiffs
from zeroshot.commands import main
from zeroshot.data import pictures
from zeroshot.inspection import brightness, inputs


@pytest.fixture(scope='module')
def detector():
  return samples.load_detector()


def ramp(low, high, *, noise=0.0, seed=0):
  """Smooth values with noise, float64 ``[120, 160, 3]``."""
  x, y = np.meshgrid(np.linspace(0, 1, 160), np.linspace(0, 1, 120))
  levels = low + (high - low) * (x + y) / 2
  draws = np.random.default_rng(seed).normal(0, noise or 1e-9, (120, 160, 3))
  return np.clip(levels[..., None] + draws, 0, None)


def load(reference, test, **options):
  return inputs.load_pair(reference, test, max_megapixels=1, **options)


@pytest.mark.parametrize('bits', [8, 10, 12, 14, 16])
@pytest.mark.parametrize('shifted', [False, True])
def test_pictures_of_any_depth_become_the_same(bits, shifted):
  most = 2**bits - 1
  values = np.rint(ramp(0, most)).astype(np.uint16)
  values[:9, :9] = most
  stored = values << (16 - bits if shifted else 0)
  for given in (None, bits):
    pair = load(stored, stored, bits=given)
    assert pair.warnings == ()
    for pixels in pair[:2]:
      np.testing.assert_allclose(
        pictures.as_image(pixels), values / most, atol=1e-5
      )


def test_both_of_a_pair_take_the_larger_depth():
  full = np.rint(ramp(0, 4095)).astype(np.uint16)
  half = full // 4  # 10 bits would hold it
  pair = load(full, half)
  ratio = pair.test.astype(float).mean() / pair.reference.mean()
  assert ratio == pytest.approx(0.25, rel=0.01)
  assert pair.warnings == ()


def test_values_beyond_the_bits_name_file_and_remedy(tmp_path, capsys):
  path = tmp_path / 'deep.png'
  cv2.imwrite(str(path), np.full((64, 64), 5001, np.uint16))
  assert main.main(['inspect', str(path), str(path), '--bits=12']) == 2
  err = capsys.readouterr().err
  assert f'the reference {path} has a pixel of 5001' in err
  assert 'give bits=13 or more' in err
  with pytest.raises(SystemExit):
    main.main(['inspect', str(path), str(path), '--bits=17'])
  shallow = samples.write_good(tmp_path / 'shallow.png')
  with pytest.raises(ValueError, match='uint8, which cannot have 12 bits'):
    load(shallow, path, bits=12)


def test_nothing_is_copied_that_needs_no_change():
  good = inputs.load_picture(
    np.full((60, 80, 3), 200, np.uint8), role='reference', max_megapixels=1
  )
  for test in (np.full((60, 80), 150, np.uint8), np.full((60, 80), 0.7)):
    other = inputs.load_picture(test, role='test', max_megapixels=1)
    pair = inputs.join(good, other)
    assert pair.reference is good.stored.pixels
    assert pair.test is other.stored.pixels


@pytest.mark.parametrize('kind', ['uint8', 'uint16', 'float32'])
def test_dark_pictures_are_stretched_alike_with_a_warning(kind):
  full = {'uint8': 255, 'uint16': 65535, 'float32': 1}[kind]
  # Noise of half a per cent of white once stretched.
  first, second = (
    ramp(0.01, 0.18, noise=0.001, seed=seed) * full for seed in (0, 1)
  )
  second *= 0.8
  if full > 1:
    first, second = np.rint(first), np.rint(second)
  if kind == 'uint16':  # otherwise of fewer bits
    first[0, 0] = second[0, 0] = full
  pair = load(first.astype(kind), second.astype(kind))
  ratio = pictures.as_image(pair.test).mean()
  ratio /= pictures.as_image(pair.reference).mean()
  assert ratio == pytest.approx(0.8, abs=0.02)  # one stretch for both
  assert pictures.as_image(pair.reference).max() > 0.5
  assert len(pair.warnings) == 2
  assert pair.warnings[0].startswith('the reference (array) is dark: ')
  assert 'expose longer' in pair.warnings[1]


def test_of_exposures_that_differ_only_the_dark_one_is_stretched():
  bright = np.rint(ramp(10, 240)).astype(np.uint8)
  dark = np.rint(ramp(1, 40)).astype(np.uint8)
  pair = load(bright, dark)
  np.testing.assert_array_equal(pair.reference, bright)
  assert pair.test.max() > 150
  (warning,) = pair.warnings
  assert warning.startswith('the test (array) is dark: ')


def test_a_pair_about_the_limit_keeps_its_difference_of_brightness():
  first = np.rint(ramp(1, 54)).astype(np.uint8)  # not dark
  second = np.rint(ramp(1, 45)).astype(np.uint8)
  pair = load(first, second)
  ratio = pair.test.astype(float).mean() / pair.reference.mean()
  assert ratio == pytest.approx(second.mean() / first.mean(), abs=0.01)


@pytest.mark.parametrize(
  ('picture', 'words'),
  [
    (np.zeros((60, 80), np.uint8), '0 levels above its darkest'),
    (np.rint(ramp(1, 20)).astype(np.uint8), 'levels .* 24 are needed'),
    (ramp(0.02, 0.05, noise=0.01).astype(np.float32), 'noise would be .* 4%'),
    (np.zeros((60, 80), np.float32), 'noise would be'),
  ],
)
def test_what_stretching_cannot_help_is_refused(picture, words):
  bright = np.rint(ramp(10, 240)).astype(np.uint8)
  with pytest.raises(ValueError, match=f'the test .* is too dark.*{words}'):
    load(bright, picture)


@pytest.mark.parametrize('noise', [0.002, 0.005, 0.02])
@pytest.mark.parametrize('textured', [False, True])
def test_noise_is_measured_beside_texture(noise, textured):
  picture = ramp(0.05, 0.15, noise=noise) + 0.2
  if textured:
    picture[:, ::7] += 0.2
    picture[40:80, ::2] += 0.1
  stored = brightness.measure(picture.astype(np.float32), name='a', bits=None)
  assert brightness._noise(stored) == pytest.approx(noise, rel=0.35)


def test_a_dark_pair_is_inspected_and_its_difference_found(detector, tmp_path):
  paths = [tmp_path / f'{role}.png' for role in ('reference', 'test')]
  for picture, path in zip(samples.cell_pair(), paths, strict=True):
    stored = (picture[..., 0].astype(np.uint16) * 16) // 8  # 12 bits
    stored[0, 0] = 4095
    cv2.imwrite(str(path), stored)
  inspection = detector.inspect(*paths)
  assert samples.is_detected(inspection)
  assert len(inspection.warnings) >= 2
  assert inspection.to_dict()['warnings'] == list(inspection.warnings)


def floating(values):
  return tiffs.encode(
    np.asarray(values, np.float32), bits=32, sample_format=tiffs.FLOATING
  )


def test_files_of_any_range_are_scaled_with_a_warning(tmp_path):
  values = ramp(-300, 900)[..., 0]
  for name, content in (('a', values), ('b', values * 1.1), ('c', values / 9)):
    (tmp_path / f'{name}.tiff').write_bytes(floating(content))
  pair = load(tmp_path / 'a.tiff', tmp_path / 'b.tiff')
  assert len(pair.warnings) == 2
  assert 'a.tiff has values beyond black and white' in pair.warnings[0]
  spans = [np.ptp(pixels) for pixels in pair[:2]]
  assert spans[1] / spans[0] == pytest.approx(1.1, abs=0.01)  # one scale
  pair = load(tmp_path / 'a.tiff', tmp_path / 'c.tiff')
  spans = [np.ptp(pixels) for pixels in pair[:2]]
  assert spans[1] / spans[0] == pytest.approx(1, abs=0.01)  # each its own
  for pixels in pair[:2]:
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() < 0.2
    assert 0.8 < pixels.max() <= 1


def test_floating_files_of_a_picture_are_left_alone(tmp_path):
  values = ramp(0, 1)[..., 0]
  (tmp_path / 'a.tiff').write_bytes(floating(values))
  pair = load(tmp_path / 'a.tiff', tmp_path / 'a.tiff')
  assert pair.warnings == ()
  np.testing.assert_allclose(pair.test[..., 0], values, atol=1e-6)
  values[4, 5] = np.nan
  (tmp_path / 'a.tiff').write_bytes(floating(values))
  with pytest.raises(ValueError, match=r'a\.tiff has 3 values that are NaN'):
    load(tmp_path / 'a.tiff', tmp_path / 'a.tiff')


@pytest.mark.parametrize('kind', ['uint32', 'int16', 'int32'])
def test_integers_that_fit_are_as_deep_as_they_look(tmp_path, kind):
  values = np.rint(ramp(0, 1023)).astype(kind)[..., 0]
  data = tiffs.encode(
    values,
    bits=np.iinfo(kind).bits,
    sample_format=tiffs.UNSIGNED if kind[0] == 'u' else tiffs.SIGNED,
  )
  (tmp_path / 'a.tiff').write_bytes(data)
  pair = load(tmp_path / 'a.tiff', tmp_path / 'a.tiff')
  assert pair.warnings == ()
  np.testing.assert_allclose(
    pictures.as_image(pair.test)[..., 0], values / 1023, atol=1e-4
  )
