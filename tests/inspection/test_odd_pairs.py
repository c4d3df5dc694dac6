"""Pairs that are readable and odd: the right answer, or a helpful error."""

from __future__ import annotations

import pickle

import cv2
import numpy as np
import pytest
from PIL import Image

import zeroshot
from tests.samples import (
  cell_pair,
  cells,
  check_candidates,
  is_detected,
  load_detector,
)


@pytest.fixture(scope='module')
def detector():
  return load_detector()


def test_other_parts_and_mirrored_ones_are_refused(detector, tmp_path):
  path = tmp_path / 'other.png'
  Image.fromarray(cells(seed=9)).save(path)
  reference, _ = cell_pair()
  with pytest.raises(ValueError, match=r'other\.png do not show .*check that'):
    detector.inspect(reference, path)
  with pytest.raises(ValueError, match='mirror images; flip'):
    detector.inspect(reference, reference[:, ::-1])


def test_a_refusal_shows_both_laid_over_each_other(detector):
  reference, test = cells(), cells(seed=9)
  with pytest.raises(zeroshot.CouldNotAlignError) as raised:
    detector.inspect(reference, test)
  error = pickle.loads(pickle.dumps(raised.value))  # as from a process
  assert str(error).startswith('could not align: reference (array) and test')
  assert error.reason.startswith('do not show the same part')
  assert (error.picture.shape, error.picture.dtype) == (test.shape, np.uint8)
  # Grey where both agree, red where only the reference is bright.
  red, cyan, blue = np.moveaxis(error.picture.astype(float), 2, 0)
  assert np.array_equal(cyan, blue)
  assert np.corrcoef(cyan.ravel(), test[..., 0].ravel())[0, 1] > 0.99
  with pytest.raises(zeroshot.CouldNotAlignError) as raised:
    detector.inspect(reference[:, ::-1], reference)
  assert raised.value.reason == 'are mirror images'
  red = raised.value.picture[..., 0]  # as it came, not flipped
  assert np.corrcoef(red.ravel(), reference[:, ::-1, 0].ravel())[0, 1] > 0.99


def test_slender_pictures_of_other_parts_are_refused(detector):
  strips = [
    np.concatenate([cells(64, seed + i) for i in range(20)], axis=1)
    for seed in (0, 50)
  ]
  with pytest.raises(ValueError, match='do not show the same part'):
    detector.inspect(*strips)


@pytest.mark.parametrize('quarters', [1, 2, 3])
def test_a_turned_reference_is_turned_back(detector, quarters):
  reference, test = cell_pair()
  inspection = detector.inspect(np.rot90(reference, -quarters), test)
  assert is_detected(inspection)
  turned = inspection.registration.rotation_deg + 90 * quarters
  assert abs((turned + 180) % 360 - 180) < 1


def test_a_component_that_was_replaced_is_found_with_a_roi_round_it(detector):
  reference, test = cells(), cells()
  test[30:90, 30:90] = cells(60, seed=9)
  place = (30, 30, 90, 90)
  for roi in ((), (place,)):
    assert detector.inspect(reference, test, roi=roi).verdict == 'different'


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
  for picture, path in zip(cell_pair(), paths, strict=True):
    if mode == 'I;16':
      stored = Image.fromarray(picture[..., 0].astype(np.uint16) * 257)
    else:
      stored = Image.fromarray(picture).convert(mode, dither=Image.Dither.NONE)
    stored.save(path, **options)
  assert is_detected(detector.inspect(*paths))


def test_where_one_has_colours_both_are_compared_as_grey(detector):
  reference, test = cell_pair()
  coloured = reference.copy()
  coloured[70:100, 10:60] = (200, 110, 40)
  grey = np.repeat(
    cv2.cvtColor(coloured, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2
  )
  assert detector.inspect(coloured, grey).verdict == 'same'
  assert detector.inspect(grey, coloured).verdict == 'same'
  assert is_detected(detector.inspect(reference, test))


def test_kinds_may_be_left_out():
  inspection = zeroshot.Detector.load(kinds='none').inspect(*cell_pair())
  assert {box.kind for box in inspection.boxes} == {'difference'}


def test_swapped_pictures_differ_and_equal_ones_do_not(detector):
  reference, test = cell_pair()
  assert is_detected(detector.inspect(test, reference))
  assert detector.inspect(test, test).verdict == 'same'


def test_what_is_too_dark_to_be_compared_is_refused(detector, tmp_path):
  path = tmp_path / 'dark.png'
  reference, test = cell_pair()
  Image.fromarray(test // 16).save(path)
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
  assert is_detected(detector.inspect(plate(0), scratched), (30, 58, 90, 61))
  assert detector.inspect(plate(0), plate(1)).verdict == 'same'


@pytest.mark.parametrize('shape', [(1, 1), (31, 7), (1, 500)])
def test_the_smallest_pictures_are_inspected(detector, shape):
  grey, white = np.full(shape, 0.3), np.ones(shape)
  check_candidates(detector.inspect(grey, white))
  assert detector.inspect(white, white).verdict == 'same'
