"""Second takes of a picture, and what is counted on them."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.detect.detector import Detection
from zeroshot.evaluate import defect_free
from zeroshot.types import Boxes

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


def take(image, seed=0, **changes):
  return defect_free.second_take(
    image, np.random.default_rng(seed), **STILL | changes
  )


class Remembers:
  """A detector that finds one sure box in every pair."""

  def __init__(self):
    self.seen = []

  def __call__(self, reference, test):
    self.seen.append((reference, test))
    boxes = Boxes(
      np.array([[0, 0, 5, 5]], np.float32),
      np.array([0.75], np.float32),
      ('difference',),
    )
    return Detection(np.zeros(test.shape[:2], np.float32), boxes, None)


def takes(images, *, seed=0, nuisances=ALL):
  detector = Remembers()
  defect_free.false_confidences(
    images, detector, seed=seed, nuisances=nuisances
  )
  return [test for _, test in detector.seen]


# --- A second take ----------------------------------------------------------


def test_nothing_that_differs_gives_the_very_picture():
  image = picture()
  np.testing.assert_allclose(take(image), image, atol=1e-7)


@pytest.mark.parametrize('name', STILL)
@pytest.mark.parametrize('seed', range(3))
def test_each_nuisance_changes_the_picture_and_stays_in_range(name, seed):
  image = picture()
  kept = image.copy()
  found = take(image, seed, **{name: ALL[name]})
  assert np.abs(found - image).max() > 0.005
  assert found.shape == image.shape
  assert found.dtype == np.float32
  assert 0 <= found.min() <= found.max() <= 1
  np.testing.assert_array_equal(image, kept)


@pytest.mark.parametrize('seed', range(5))
def test_together_they_stay_in_range(seed):
  found = take(picture(), seed, **ALL)
  assert found.dtype == np.float32
  assert 0 <= found.min() <= found.max() <= 1
  assert found.std() > 0.02


def test_what_depends_on_chance_depends_on_it_alone():
  image = picture()
  first, again, other = (take(image, seed, **ALL) for seed in (1, 1, 2))
  np.testing.assert_array_equal(first, again)
  assert np.abs(first - other).max() > 0.1


def drawn(measure, image, **changes):
  """What 40 takes differ by."""
  return np.array([measure(take(image, seed, **changes)) for seed in range(40)])


def assert_fills(values, low, high):
  """Uniform draws keep to their range, and come near both of its ends."""
  slack = 0.15 * (high - low)
  assert low - 1e-3 <= values.min() < low + slack
  assert high - slack < values.max() <= high + 1e-3


def test_brightness_is_added():
  image = picture(low=0.35, high=0.65)
  change = drawn(lambda found: found - image, image, brightness=0.3)
  assert np.ptp(change, axis=(1, 2, 3)).max() < 1e-6
  assert_fills(change.mean((1, 2, 3)), -0.3, 0.3)


def test_contrast_turns_about_mid_grey():
  image = picture(low=0.6, high=0.8)
  gain = drawn(lambda found: (found - 0.5) / (image - 0.5), image, contrast=0.5)
  assert np.ptp(gain, axis=(1, 2, 3)).max() < 1e-4
  assert_fills(gain.mean((1, 2, 3)), 0.5, 1.5)


def test_gamma_is_an_exponent():
  image = picture(low=0.2, high=0.8)
  power = drawn(
    lambda found: np.log2(np.log(found) / np.log(image)), image, gamma_log2=1.0
  )
  assert np.ptp(power, axis=(1, 2, 3)).max() < 1e-3
  assert_fills(power.mean((1, 2, 3)), -1.0, 1.0)


def test_noise_is_as_strong_as_drawn():
  image = np.full((64, 64, 3), 0.5, np.float32)
  strength = drawn(lambda found: found.std(), image, noise_std=0.1)
  assert_fills(strength, 0.0, 0.1)
  means = drawn(lambda found: found.mean(), image, noise_std=0.1)
  assert np.abs(means - 0.5).max() < 0.01


def test_blur_evens_out():
  image = picture()
  spread = drawn(lambda found: found.std(), image, blur_px=2.0) / image.std()
  assert spread.max() == pytest.approx(1, abs=0.02)
  assert spread.min() < 0.3


def ramp(slope_x, slope_y):
  """A plane of brightness, 0.5 at its centre."""
  y, x = np.mgrid[-20:21, -25:26]
  plane = 0.5 + slope_x * x + slope_y * y
  return np.repeat(plane[..., None], 3, axis=2).astype(np.float32)


def test_shift_goes_along_the_diagonal():
  change = drawn(
    lambda found: 0.5 - found[20, 25, 0], ramp(0.01, 0.005), shift_px=5.0
  )
  assert_fills(change / 0.015, -5.0, 5.0)


def test_rotation_and_scale_are_about_the_centre():
  image = ramp(0.01, 0.0)
  for changes in (dict(rotation_deg=3.0), dict(scale_change=0.05)):
    centre = drawn(lambda found: found[20, 25, 0], image, **changes)
    np.testing.assert_allclose(centre, 0.5, atol=1e-3)
  # 15 px above the centre turn to the side; 20 px beside it move outwards.
  turned = drawn(
    lambda found: (found[5, 25, 0] - 0.5) / 0.01, image, rotation_deg=3.0
  )
  assert_fills(turned, -15 * np.sin(np.deg2rad(3)), 15 * np.sin(np.deg2rad(3)))
  scaled = drawn(
    lambda found: 0.2 / (found[20, 45, 0] - 0.5) - 1, image, scale_change=0.05
  )
  assert_fills(scaled, -0.05, 0.05)


# --- What is found on them --------------------------------------------------


def test_every_box_counts_and_the_picture_is_the_reference():
  images = [picture(seed=seed) for seed in range(3)]
  detector = Remembers()
  found = defect_free.false_confidences(
    iter(images), detector, seed=0, nuisances=ALL
  )
  assert [one.tolist() for one in found] == [[0.75]] * 3
  for image, (reference, test) in zip(images, detector.seen, strict=True):
    np.testing.assert_array_equal(reference, image)
    assert np.abs(test - image).max() > 0.01
  assert defect_free.false_boxes_per_pair(found, threshold=0.0) == 1
  assert defect_free.false_boxes_per_pair(found, threshold=0.75) == 1
  assert defect_free.false_boxes_per_pair(found, threshold=0.76) == 0


def test_a_take_depends_on_the_seed_and_on_its_place_alone():
  image, other = picture(), picture(seed=1)
  first, second = takes([image, image])
  assert np.abs(first - second).max() > 0.05
  np.testing.assert_array_equal(takes([other, image])[1], second)
  np.testing.assert_array_equal(takes([image])[0], first)
  assert np.abs(takes([image], seed=1)[0] - first).max() > 0.05


def test_no_picture_has_no_rate():
  assert takes([]) == []
  assert np.isnan(defect_free.false_boxes_per_pair([], threshold=0.5))


def test_false_boxes_per_pair_by_hand():
  found = [np.array([0.9, 0.5]), np.zeros(0), np.array([0.5]), np.array([0.2])]

  def rate(threshold):
    return defect_free.false_boxes_per_pair(found, threshold=threshold)

  assert [rate(t) for t in (0.0, 0.2, 0.5, 0.51, 0.9, 1.0)] == [
    1.0,
    1.0,
    0.75,
    0.25,
    0.25,
    0.0,
  ]
  assert defect_free.false_boxes_per_pair([np.zeros(0)], threshold=0) == 0


# --- The threshold ----------------------------------------------------------


def above(value):
  return float(np.nextafter(np.float32(value), np.float32(2)))


@pytest.mark.parametrize(
  ('wanted', 'threshold', 'rate'),
  [
    (0.25, above(0.5), 0.25),  # one box: the two of 0.5 tie, and both go
    (0.5, above(0.5), 0.25),  # two
    (0.7, above(0.5), 0.25),  # no more than two
    (0.75, above(0.2), 0.75),  # three
    (1.0, 0.0, 1.0),  # all
    (9.0, 0.0, 1.0),
  ],
)
def test_threshold_by_hand(wanted, threshold, rate):
  found = [np.array(one, np.float32) for one in ([0.9, 0.5], [], [0.5], [0.2])]
  chosen = defect_free.threshold_for(found, false_boxes_per_pair=wanted)
  assert chosen == threshold
  assert defect_free.false_boxes_per_pair(found, threshold=chosen) == rate


@pytest.mark.parametrize('wanted', [0.02, 0.1, 0.29, 0.5, 1.0, 2.5])
@pytest.mark.parametrize('digits', [1, 7])
def test_the_threshold_is_the_least_that_keeps_the_rate(wanted, digits):
  random = np.random.default_rng(0)
  found = [
    random.random(count).round(digits).astype(np.float32)
    for count in random.integers(0, 6, 100)
  ]
  chosen = defect_free.threshold_for(found, false_boxes_per_pair=wanted)
  rate = defect_free.false_boxes_per_pair(found, threshold=chosen)
  assert rate <= wanted
  lower = float(np.nextafter(np.float32(chosen), np.float32(-1)))
  assert defect_free.false_boxes_per_pair(found, threshold=lower) > wanted
  if digits == 7:  # no ties: it is used up
    assert rate == pytest.approx(wanted)


@pytest.mark.parametrize('confidence', [0.0, 1.0])
def test_a_detector_that_always_fires_is_silenced(confidence):
  found = [np.array([confidence], np.float32)] * 50
  chosen = defect_free.threshold_for(found, false_boxes_per_pair=0.02)
  assert chosen == above(confidence)
  assert defect_free.false_boxes_per_pair(found, threshold=chosen) == 0


def test_nothing_found_needs_no_threshold():
  nothing = [np.zeros(0, np.float32)] * 50
  assert defect_free.threshold_for(nothing, false_boxes_per_pair=0.02) == 0


@pytest.mark.parametrize(
  ('pairs', 'wanted', 'words'),
  [
    (49, 0.02, '49 defect-free pairs cannot show.* at least 50'),
    (4, 0.2, 'give at least 5'),
    (0, 1.0, '0 defect-free pairs'),
    (9, 0.0, 'false_boxes_per_pair is 0.0'),
    (9, -1.0, 'false_boxes_per_pair is -1.0'),
    (9, float('nan'), 'false_boxes_per_pair is nan'),
  ],
)
def test_a_rate_that_cannot_be_shown_is_refused(pairs, wanted, words):
  with pytest.raises(ValueError, match=words):
    defect_free.threshold_for(
      [np.zeros(0, np.float32)] * pairs, false_boxes_per_pair=wanted
    )


def test_a_cautious_threshold_doubles_the_odds_of_the_surest():
  found = [np.array([0.2, 0.5]), np.zeros(0), np.array([0.1])]
  threshold = defect_free.cautious_threshold(found, least=0.3)
  assert threshold / (1 - threshold) == pytest.approx(2.0)
  assert defect_free.cautious_threshold(found, least=0.9) == 0.9
  assert defect_free.cautious_threshold([np.zeros(0)], least=0.3) == 0.3


def test_no_false_box_in_n_pairs_leaves_three_in_n():
  assert defect_free.highest_rate(0, 20) == pytest.approx(-np.log(0.05) / 20)
  assert defect_free.highest_rate(1, 100) == pytest.approx(0.0474, abs=1e-4)


def test_the_highest_rate_holds_for_a_threshold_chosen_on_the_same_boxes():
  rng, rate, num_pairs = np.random.default_rng(0), 0.5, 40
  exceeded = []
  for _ in range(500):
    found = [rng.random(rng.poisson(rate)) for _ in range(num_pairs)]
    threshold = defect_free.threshold_for(found, false_boxes_per_pair=0.05)
    seen = defect_free.false_boxes_per_pair(found, threshold=threshold)
    bound = defect_free.highest_rate(round(seen * num_pairs), num_pairs)
    exceeded.append(rate * (1 - threshold) > bound)
  assert np.mean(exceeded) == pytest.approx(0.05, abs=0.02)
