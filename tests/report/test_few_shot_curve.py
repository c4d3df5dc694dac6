"""The curve: its size, its points and its intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zeroshot.report.few_shot_curve import Point, few_shot_curve

BLUE = np.array([31, 119, 180], np.float32) / 255  # matplotlib's C0


def alone(num_pairs, ap=0.9):
  return Point(num_pairs, ap, math.nan, math.nan)


def ink(image):
  """Rows and columns of the blue pixels."""
  return np.nonzero(np.abs(image - BLUE).max(-1) < 0.02)


@pytest.mark.parametrize(
  'points',
  [
    [],
    [alone(0)],
    [alone(1), alone(1)],
    [alone(0), Point(10, 0.9, 0.5, 1.3), alone(1000, 1.0)],
    [Point(5, 0.1, -0.7, 0.9)],
  ],
)
def test_it_is_an_image_of_one_size(points):
  image = few_shot_curve(points)
  assert image.shape == (450, 650, 3)
  assert image.dtype == np.float32
  assert image.min() >= 0
  assert image.max() == 1
  assert len(ink(image)[0]) > 0 or not points


def test_more_pairs_stand_further_right_and_higher_ap_higher():
  points = [alone(0, 0.5), alone(10, 0.9)]
  y, x = ink(few_shot_curve(points))
  assert y[np.argmin(x)] > y[np.argmax(x)] + 100
  assert x.min() < 120
  assert x.max() > 400


def test_tenfold_steps_are_of_one_length():
  # The second run of ink begins where the second point stands.
  places = []
  for number in (1, 10, 100):
    _, x = ink(few_shot_curve([alone(1000, 0.2), alone(number, 0.9)]))
    places.append(x.min())
  steps = np.diff(places)
  assert steps[0] == pytest.approx(steps[1], abs=4)
  assert steps[0] > 50


def test_an_interval_is_a_bar_through_its_point():
  heights = []
  for point in (alone(1, 0.7), Point(1, 0.7, 0.6, 0.8)):
    y, _ = ink(few_shot_curve([point, alone(2, 0.7), alone(3, 0.4)]))
    heights.append(y.min())
  assert heights[1] < heights[0] - 20


def test_the_order_of_the_points_does_not_matter():
  points = [alone(0, 0.5), alone(5, 0.8), alone(50, 0.9)]
  one, two = few_shot_curve(points), few_shot_curve(points[::-1])
  np.testing.assert_array_equal(one, two)
