"""False boxes on simulated retakes, and the threshold chosen on them."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.detect.detector import Detection
from zeroshot.evaluate import defect_free
from zeroshot.evaluate.retakes import RetakeRanges
from zeroshot.types import Boxes

RANGES = RetakeRanges(
  shift_px=5.0,
  rotation_deg=3.0,
  scale_change=0.05,
  brightness=0.3,
  contrast=0.5,
  gamma_log2=1.0,
  blur_px=2.0,
  noise_std=0.2,
)


def picture(seed=0):
  return np.random.default_rng(seed).random((41, 51, 3), np.float32)


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
    return Detection(np.zeros(test.shape[:2], np.float32), boxes, None, None)


def retakes(images, *, seed=0):
  detector = Remembers()
  defect_free.false_confidences(images, detector, seed=seed, ranges=RANGES)
  return [test for _, test in detector.seen]


def test_every_box_counts_and_the_picture_is_the_reference():
  images = [picture(seed=seed) for seed in range(3)]
  detector = Remembers()
  confidences = defect_free.false_confidences(
    iter(images), detector, seed=0, ranges=RANGES
  )
  assert [one.tolist() for one in confidences] == [[0.75]] * 3
  for image, (reference, test) in zip(images, detector.seen, strict=True):
    np.testing.assert_array_equal(reference, image)
    assert np.abs(test - image).max() > 0.01
  assert defect_free.false_boxes_per_pair(confidences, threshold=0.0) == 1
  assert defect_free.false_boxes_per_pair(confidences, threshold=0.75) == 1
  assert defect_free.false_boxes_per_pair(confidences, threshold=0.76) == 0


def test_a_retake_depends_on_the_seed_and_on_its_index_alone():
  image, other = picture(), picture(seed=1)
  first, second = retakes([image, image])
  assert np.abs(first - second).max() > 0.05
  np.testing.assert_array_equal(retakes([other, image])[1], second)
  np.testing.assert_array_equal(retakes([image])[0], first)
  assert np.abs(retakes([image], seed=1)[0] - first).max() > 0.05


def test_no_picture_has_no_rate():
  assert retakes([]) == []
  assert np.isnan(defect_free.false_boxes_per_pair([], threshold=0.5))


def test_false_boxes_per_pair_by_hand():
  confidences = [
    np.array([0.9, 0.5]),
    np.zeros(0),
    np.array([0.5]),
    np.array([0.2]),
  ]

  def rate(threshold):
    return defect_free.false_boxes_per_pair(confidences, threshold=threshold)

  assert [rate(t) for t in (0.0, 0.2, 0.5, 0.51, 0.9, 1.0)] == [
    1.0,
    1.0,
    0.75,
    0.25,
    0.25,
    0.0,
  ]
  assert defect_free.false_boxes_per_pair([np.zeros(0)], threshold=0) == 0


def above(value):
  return float(np.nextafter(np.float32(value), np.float32(2)))


@pytest.mark.parametrize(
  ('allowed', 'threshold', 'rate'),
  [
    (0.25, above(0.5), 0.25),  # one box: the two of 0.5 tie, and both go
    (0.5, above(0.5), 0.25),  # two
    (0.7, above(0.5), 0.25),  # no more than two
    (0.75, above(0.2), 0.75),  # three
    (1.0, 0.0, 1.0),  # all
    (9.0, 0.0, 1.0),
  ],
)
def test_threshold_by_hand(allowed, threshold, rate):
  confidences = [
    np.array(one, np.float32) for one in ([0.9, 0.5], [], [0.5], [0.2])
  ]
  chosen = defect_free.threshold_for(confidences, false_boxes_per_pair=allowed)
  assert chosen == threshold
  assert defect_free.false_boxes_per_pair(confidences, threshold=chosen) == rate


@pytest.mark.parametrize('allowed', [0.02, 0.1, 0.29, 0.5, 1.0, 2.5])
@pytest.mark.parametrize('digits', [1, 7])
def test_the_threshold_is_the_least_that_keeps_the_rate(allowed, digits):
  random = np.random.default_rng(0)
  confidences = [
    random.random(count).round(digits).astype(np.float32)
    for count in random.integers(0, 6, 100)
  ]
  chosen = defect_free.threshold_for(confidences, false_boxes_per_pair=allowed)
  rate = defect_free.false_boxes_per_pair(confidences, threshold=chosen)
  assert rate <= allowed
  lower = float(np.nextafter(np.float32(chosen), np.float32(-1)))
  assert (
    defect_free.false_boxes_per_pair(confidences, threshold=lower) > allowed
  )
  if digits == 7:  # no ties: it is used up
    assert rate == pytest.approx(allowed)


@pytest.mark.parametrize('confidence', [0.0, 1.0])
def test_a_detector_that_always_fires_is_silenced(confidence):
  confidences = [np.array([confidence], np.float32)] * 50
  chosen = defect_free.threshold_for(confidences, false_boxes_per_pair=0.02)
  assert chosen == above(confidence)
  assert defect_free.false_boxes_per_pair(confidences, threshold=chosen) == 0


def test_nothing_found_needs_no_threshold():
  nothing = [np.zeros(0, np.float32)] * 50
  assert defect_free.threshold_for(nothing, false_boxes_per_pair=0.02) == 0


@pytest.mark.parametrize(
  ('pairs', 'allowed', 'words'),
  [
    (49, 0.02, '49 defect-free pairs cannot show.* at least 50'),
    (4, 0.2, 'give at least 5'),
    (0, 1.0, '0 defect-free pairs'),
    (9, 0.0, 'false_boxes_per_pair is 0.0'),
    (9, -1.0, 'false_boxes_per_pair is -1.0'),
    (9, float('nan'), 'false_boxes_per_pair is nan'),
  ],
)
def test_a_rate_that_cannot_be_shown_is_refused(pairs, allowed, words):
  with pytest.raises(ValueError, match=words):
    defect_free.threshold_for(
      [np.zeros(0, np.float32)] * pairs, false_boxes_per_pair=allowed
    )


def test_a_cautious_threshold_doubles_the_odds_of_the_surest():
  confidences = [np.array([0.2, 0.5]), np.zeros(0), np.array([0.1])]
  threshold = defect_free.cautious_threshold(confidences, min_threshold=0.3)
  assert threshold / (1 - threshold) == pytest.approx(2.0)
  assert defect_free.cautious_threshold(confidences, min_threshold=0.9) == 0.9
  assert defect_free.cautious_threshold([np.zeros(0)], min_threshold=0.3) == 0.3


def test_no_false_box_in_n_pairs_leaves_three_in_n():
  assert defect_free.highest_rate(0, 20) == pytest.approx(-np.log(0.05) / 20)
  assert defect_free.highest_rate(1, 100) == pytest.approx(0.0474, abs=1e-4)


def test_the_highest_rate_holds_for_a_threshold_chosen_on_the_same_boxes():
  rng, rate, num_pairs = np.random.default_rng(0), 0.5, 40
  exceeded = []
  for _ in range(500):
    confidences = [rng.random(rng.poisson(rate)) for _ in range(num_pairs)]
    threshold = defect_free.threshold_for(
      confidences, false_boxes_per_pair=0.05
    )
    observed = defect_free.false_boxes_per_pair(
      confidences, threshold=threshold
    )
    bound = defect_free.highest_rate(round(observed * num_pairs), num_pairs)
    exceeded.append(rate * (1 - threshold) > bound)
  assert np.mean(exceeded) == pytest.approx(0.05, abs=0.02)
