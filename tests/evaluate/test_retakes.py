"""Simulated retakes of a picture."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate import retakes

STILL = dict(
  shift_px=0.0,
  rotation_deg=0.0,
  scale_change=0.0,
  brightness=0.0,
  contrast=0.0,
  gamma_log2=0.0,
  blur_px=0.0,
  noise_std=0.0,
)
ALL = dict(
  shift_px=5.0,
  rotation_deg=3.0,
  scale_change=0.05,
  brightness=0.3,
  contrast=0.5,
  gamma_log2=1.0,
  blur_px=2.0,
  noise_std=0.2,
)


def picture(height=41, width=51, seed=0, low=0.0, high=1.0):
  noise = np.random.default_rng(seed).random((height, width, 3), np.float32)
  return (low + (high - low) * noise).astype(np.float32)


def retake(image, seed=0, **changes):
  return retakes.simulate_retake(
    image,
    np.random.default_rng(seed),
    retakes.RetakeRanges(**STILL | changes),
  )


def test_nothing_that_differs_gives_the_very_picture():
  image = picture()
  np.testing.assert_allclose(retake(image), image, atol=1e-7)


@pytest.mark.parametrize('name', STILL)
@pytest.mark.parametrize('seed', range(3))
def test_each_nuisance_changes_the_picture_and_stays_in_range(name, seed):
  image = picture()
  kept = image.copy()
  taken = retake(image, seed, **{name: ALL[name]})
  assert np.abs(taken - image).max() > 0.005
  assert taken.shape == image.shape
  assert taken.dtype == np.float32
  assert 0 <= taken.min() <= taken.max() <= 1
  np.testing.assert_array_equal(image, kept)


@pytest.mark.parametrize('seed', range(5))
def test_together_they_stay_in_range(seed):
  taken = retake(picture(), seed, **ALL)
  assert taken.dtype == np.float32
  assert 0 <= taken.min() <= taken.max() <= 1
  assert taken.std() > 0.02


def test_what_depends_on_chance_depends_on_it_alone():
  image = picture()
  first, again, other = (retake(image, seed, **ALL) for seed in (1, 1, 2))
  np.testing.assert_array_equal(first, again)
  assert np.abs(first - other).max() > 0.1


def draw(measure, image, **changes):
  """A measure of 40 retakes."""
  return np.array(
    [measure(retake(image, seed, **changes)) for seed in range(40)]
  )


def assert_fills(values, low, high):
  """Uniform draws stay in their range, and come near both ends."""
  slack = 0.15 * (high - low)
  assert low - 1e-3 <= values.min() < low + slack
  assert high - slack < values.max() <= high + 1e-3


def test_brightness_is_added():
  image = picture(low=0.35, high=0.65)
  change = draw(lambda taken: taken - image, image, brightness=0.3)
  assert np.ptp(change, axis=(1, 2, 3)).max() < 1e-6
  assert_fills(change.mean((1, 2, 3)), -0.3, 0.3)


def test_contrast_turns_about_mid_grey():
  image = picture(low=0.6, high=0.8)
  gain = draw(lambda taken: (taken - 0.5) / (image - 0.5), image, contrast=0.5)
  assert np.ptp(gain, axis=(1, 2, 3)).max() < 1e-4
  assert_fills(gain.mean((1, 2, 3)), 0.5, 1.5)


def test_gamma_is_an_exponent():
  image = picture(low=0.2, high=0.8)
  power = draw(
    lambda taken: np.log2(np.log(taken) / np.log(image)), image, gamma_log2=1.0
  )
  assert np.ptp(power, axis=(1, 2, 3)).max() < 1e-3
  assert_fills(power.mean((1, 2, 3)), -1.0, 1.0)


def test_noise_is_as_strong_as_drawn():
  image = np.full((64, 64, 3), 0.5, np.float32)
  strength = draw(lambda taken: taken.std(), image, noise_std=0.1)
  assert_fills(strength, 0.0, 0.1)
  means = draw(lambda taken: taken.mean(), image, noise_std=0.1)
  assert np.abs(means - 0.5).max() < 0.01


def test_blur_evens_out():
  image = picture()
  spread = draw(lambda taken: taken.std(), image, blur_px=2.0) / image.std()
  assert spread.max() == pytest.approx(1, abs=0.02)
  assert spread.min() < 0.3


def ramp(slope_x, slope_y):
  """A plane of brightness, 0.5 at its centre."""
  y, x = np.mgrid[-20:21, -25:26]
  plane = 0.5 + slope_x * x + slope_y * y
  return np.repeat(plane[..., None], 3, axis=2).astype(np.float32)


def test_shift_goes_along_the_diagonal():
  change = draw(
    lambda taken: 0.5 - taken[20, 25, 0], ramp(0.01, 0.005), shift_px=5.0
  )
  assert_fills(change / 0.015, -5.0, 5.0)


def test_rotation_and_scale_are_about_the_centre():
  image = ramp(0.01, 0.0)
  for changes in (dict(rotation_deg=3.0), dict(scale_change=0.05)):
    centre = draw(lambda taken: taken[20, 25, 0], image, **changes)
    np.testing.assert_allclose(centre, 0.5, atol=1e-3)
  # 15 px above the centre turn to the side; 20 px beside it move outwards.
  turned = draw(
    lambda taken: (taken[5, 25, 0] - 0.5) / 0.01, image, rotation_deg=3.0
  )
  assert_fills(turned, -15 * np.sin(np.deg2rad(3)), 15 * np.sin(np.deg2rad(3)))
  scaled = draw(
    lambda taken: 0.2 / (taken[20, 45, 0] - 0.5) - 1, image, scale_change=0.05
  )
  assert_fills(scaled, -0.05, 0.05)
