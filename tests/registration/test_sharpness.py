"""Which of two pictures is blurred, by how much, and what is done about it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.registration import sharpness
from zeroshot.types import Tile

HEIGHT, WIDTH = 320, 400
WHOLE = Tile(0, 0, HEIGHT, WIDTH)


@pytest.fixture(scope='module')
def scene():
  """Boxes and discs with sharp edges, and the noise of a camera."""
  random = np.random.default_rng(0)
  picture = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
  for _ in range(400):
    left, top = random.integers(0, (WIDTH, HEIGHT)).tolist()
    colour = random.integers(20, 235, 3).tolist()
    cv2.circle(picture, (left, top), int(random.integers(3, 14)), colour, -1)
  return picture


def blurred(picture, sigma_px):
  return cv2.GaussianBlur(picture, (0, 0), sigma_px)


def fit(reference, test):
  def read_window(tile):
    return reference[tile.window], test[tile.window], 1.0

  return sharpness.fit_sharpness(read_window, *test.shape[:2])


def difference(a, b):
  return np.abs(a.astype(int) - b)[16:-16, 16:-16].mean()


@pytest.mark.parametrize('sigma_px', [1.5, 2.5, 4.0])
@pytest.mark.parametrize('of_test', [False, True])
def test_it_tells_the_blur_and_whose_it_is(scene, sigma_px, of_test):
  pair = (scene, blurred(scene, sigma_px))
  reference, test = pair if of_test else pair[::-1]
  fitted = fit(reference, test)
  sign = -1 if of_test else 1  # the other one is to be blurred
  np.testing.assert_allclose(fitted.sigma_px, sign * sigma_px, rtol=0.2)
  matched = fitted.on(reference, test, WHOLE)
  assert difference(*matched) < 0.25 * difference(reference, test)


def test_equally_sharp_pictures_stay_as_they_are(scene):
  assert fit(scene, scene) is None
  noise = np.random.default_rng(1).normal(0, 3, scene.shape)
  noisy = np.clip(scene + noise, 0, 255).astype(np.uint8)
  assert fit(scene, noisy) is None
  assert fit(scene, blurred(scene, 0.6)) is None  # the network's to tolerate


def test_the_blur_may_differ_from_place_to_place(scene):
  test = scene.copy()
  test[:, WIDTH // 2 :] = blurred(scene, 3.0)[:, WIDTH // 2 :]
  fitted = fit(scene, test)
  assert np.abs(fitted.sigma_px[:, 0]).max() < 0.6
  np.testing.assert_allclose(fitted.sigma_px[:, -1], -3.0, rtol=0.25)


def test_a_smear_is_no_defocus(scene):
  test = scene.copy()
  smear = (slice(80, 180), slice(100, 220))
  test[smear] = blurred(scene, 4.0)[smear]
  assert fit(scene, test) is None


def test_what_is_gone_is_not_blurred_away(scene):
  test = blurred(scene, 2.0)
  gone = (slice(120, 180), slice(150, 220))
  test[gone] = 120
  reference, matched = fit(scene, test).on(scene, test, WHOLE)
  np.testing.assert_array_equal(matched[gone], test[gone])
  inside = np.abs(reference[gone].astype(int) - test[gone]).mean()
  assert inside > 0.5 * np.abs(blurred(scene, 2.0)[gone] - 120.0).mean()


def test_windows_agree_with_the_whole(scene):
  fitted = fit(scene, blurred(scene, 2.0))
  tile = Tile(64, 96, 160, 200)
  whole = fitted.on(scene, scene, WHOLE)[0][tile.window]
  window = fitted.on(scene[tile.window], scene[tile.window], tile)[0]
  inner = (slice(20, -20), slice(20, -20))
  assert np.abs(whole[inner].astype(int) - window[inner]).max() <= 1


def test_small_and_blank_pictures_tell_nothing(scene):
  small = scene[:100, :100]
  assert fit(small, blurred(small, 3.0)) is None
  blank = np.full_like(scene, 90)
  assert fit(blank, blank) is None


def test_one_that_shows_nothing_tells_nothing(scene):
  # Its blur could only be guessed.
  blank = np.full_like(scene, 120)
  assert fit(scene, blank) is None
  assert fit(blank, scene) is None
  both = (scene.copy(), scene.copy())
  both[0][:, : WIDTH // 2], both[1][:, WIDTH // 2 :] = 120, 120
  assert fit(*both) is None
