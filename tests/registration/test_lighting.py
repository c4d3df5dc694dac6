"""Relighting: the fitted line, and its robustness."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.registration.lighting import with_lighting_of


def noise(height=48, width=64, seed=0):
  return np.random.default_rng(seed).random((height, width, 3), np.float32)


def paint(image, value, share):
  """The picture with so much of its rows in one colour."""
  image = image.copy()
  image[: round(share * len(image))] = value
  return image


@pytest.mark.parametrize(
  'shape', [(1, 1), (1, 9), (7, 1), (48, 64), (600, 400)]
)
def test_equal_pictures_stay_equal_bit_for_bit(shape):
  image = noise(*shape)
  relit = with_lighting_of(image, image.copy())
  np.testing.assert_array_equal(relit, image)
  assert relit.dtype == np.float32


@pytest.mark.parametrize('shape', [(48, 64), (600, 400)])
@pytest.mark.parametrize(
  ('gain', 'offset'), [(0.6, 0.1), (1.4, -0.2), (1, 0.3)]
)
def test_a_gain_and_an_offset_are_found(shape, gain, offset):
  image = noise(*shape)
  test = (gain * image + offset).astype(np.float32)
  np.testing.assert_allclose(with_lighting_of(test, image), test, atol=1e-4)


def test_each_channel_has_its_own():
  image = noise()
  gains, offsets = np.array([0.6, 1.0, 1.7]), np.array([0.3, -0.1, 0.0])
  test = (gains * image + offsets).astype(np.float32)
  np.testing.assert_allclose(with_lighting_of(test, image), test, atol=1e-4)


def test_the_reference_s_own_light_does_not_count():
  image, test = noise(), noise(seed=1)
  plain = with_lighting_of(test, image)
  relit = with_lighting_of(test, (0.8 * image + 0.1).astype(np.float32))
  assert np.abs(plain - image).max() > 1e-3
  np.testing.assert_allclose(relit, plain, atol=1e-3)


def test_a_defect_takes_no_part():
  image = noise()
  good = (0.7 * image + 0.2).astype(np.float32)
  relit = with_lighting_of(paint(good, 0.0, share=0.15), image)
  np.testing.assert_allclose(relit, good, atol=1e-4)
  # More than a fifth is no defect.
  relit = with_lighting_of(paint(good, 0.0, share=0.5), image)
  assert np.abs(relit - good).max() > 0.1


@pytest.mark.parametrize(('gain', 'most'), [(0.2, 0.5), (5.0, 2.0)])
def test_contrast_changes_by_a_factor_of_two_at_most(gain, most):
  image = noise()
  test = (gain * (image - 0.5) + 0.5).astype(np.float32)
  relit = with_lighting_of(test, image)
  np.testing.assert_allclose(
    relit.std((0, 1)), most * image.std((0, 1)), rtol=1e-3
  )


def test_flat_pictures_tell_their_brightness_alone():
  flat = np.full((20, 30, 3), 0.25, np.float32)
  image = noise(20, 30)
  relit = with_lighting_of(flat, image)
  np.testing.assert_allclose(relit.std((0, 1)), image.std((0, 1)), rtol=1e-3)
  lighter = with_lighting_of(np.full_like(flat, 0.75), flat)
  np.testing.assert_allclose(lighter, 0.75, atol=1e-6)


def test_few_dark_pixels_keep_their_contrast():
  image = np.ones((80, 80, 3), np.float32)
  image[20:28, 10:70] = 0  # less than a fifth of the picture
  expected = 0.7 * image + 0.1
  # They fit worst of all, and still tell the gain.
  signs = np.random.default_rng(0).choice([-1, 1], image.shape)
  error = np.where(image > 0.5, 0.002, 0.05) * signs
  test = (expected + error).astype(np.float32)
  np.testing.assert_allclose(with_lighting_of(test, image), expected, atol=0.03)


def test_nothing_is_clipped():
  image = noise()
  test = (1.5 * image - 0.5).astype(np.float32)
  image[:2] = 1.4
  relit = with_lighting_of(test, image)
  assert relit.min() < -0.4
  assert relit.max() > 1.5


@pytest.mark.parametrize('share', [0.1, 0.5, 0.9])
def test_what_is_not_valid_tells_nothing(share):
  image = noise()
  expected = (0.7 * image + 0.2).astype(np.float32)
  valid = paint(np.ones(image.shape[:2], np.float32), 0.0, share)
  test = paint(expected, 0.0, share)
  relit = with_lighting_of(test, image, valid)
  np.testing.assert_allclose(relit, expected, atol=1e-4)
  everywhere = with_lighting_of(test, image, np.ones_like(valid))
  np.testing.assert_array_equal(everywhere, with_lighting_of(test, image))


def test_nothing_valid_changes_nothing():
  image = noise()
  relit = with_lighting_of(0.5 * image, image, np.zeros(image.shape[:2]))
  np.testing.assert_array_equal(relit, image)


def test_the_pictures_are_left_as_they_were():
  image, test = noise(), noise(seed=1)
  kept = image.copy(), test.copy()
  assert (with_lighting_of(test, image) != image).any()
  np.testing.assert_array_equal(image, kept[0])
  np.testing.assert_array_equal(test, kept[1])
