"""The diagram: its size, its title, and that the bins move its points."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate.reliability import reliability
from zeroshot.report import reliability_diagram as diagram

BLUE = np.array([31, 119, 180], np.float32) / 255  # matplotlib's C0


def bins(confidence, correct, num_bins=10):
  return reliability(
    np.asarray(confidence, np.float64),
    np.asarray(correct, bool),
    num_bins=num_bins,
  )


def point(image):
  """Position of the points' ink in the square, as shares of the picture."""
  left, bottom, width, height = diagram._MAIN
  h, w = image.shape[:2]
  y, x = np.nonzero(np.abs(image - BLUE).max(-1) < 0.02)
  above = y < h * (1 - bottom)
  x, y = x[above] / w, 1 - y[above] / h
  return (np.median(x) - left) / width, (np.median(y) - bottom) / height


@pytest.mark.parametrize(
  ('confidence', 'correct', 'num_bins'),
  [
    ([], [], 10),
    ([0.5], [True], 1),
    (np.linspace(0, 1, 300), np.arange(300) % 3 > 0, 40),
  ],
)
def test_it_is_an_image_of_one_size(confidence, correct, num_bins):
  image = diagram.draw_reliability(bins(confidence, correct, num_bins))
  assert image.shape == (650, 500, 3)
  assert image.dtype == np.float32
  assert image.min() >= 0
  assert image.max() == 1
  assert image.min() < 0.2  # the axes' lines


def test_a_point_stands_at_its_confidence_and_share():
  # So many that the interval is shorter than the point.
  correct = np.arange(4000) < 1000
  x, y = point(diagram.draw_reliability(bins(np.full(4000, 0.8), correct)))
  assert x == pytest.approx((0.8 + 0.02) / 1.04, abs=0.01)
  assert y == pytest.approx((0.25 + 0.02) / 1.04, abs=0.01)


def test_an_interval_is_a_bar_through_its_point():
  few = diagram.draw_reliability(bins(np.full(4, 0.8), [1, 1, 0, 0]))
  many = diagram.draw_reliability(bins(np.full(4000, 0.8), np.arange(4000) % 2))
  column = round(500 * (0.15 + 0.8 * 0.82 / 1.04))
  lengths = []
  for image in (few, many):
    ink = np.abs(image[60:440, column - 1 : column + 2] - BLUE).max(-1) < 0.1
    lengths.append(np.count_nonzero(ink.any(1)) / 400)
  # Two of four: Wilson says 0.15 to 0.85.
  assert lengths[0] == pytest.approx(0.70 / 1.04, abs=0.03)
  assert lengths[1] < 0.05


def test_counts_change_the_bars_below():
  one = diagram.draw_reliability(bins([0.15, 0.95], [1, 1]))
  two = diagram.draw_reliability(bins([0.15, 0.95, 0.95], [1, 1, 1]))
  _, bottom, _, height = diagram._BELOW
  below = slice(round(650 * (1 - bottom - height)), 650)
  left = slice(75, 250)  # the lower bar is half as high now
  assert np.abs(one[below, left] - two[below, left]).max() > 0.3


def test_title():
  assert diagram.format_title(bins([0.75, 0.75], [1, 0])) == 'ECE 0.250, N = 2'
  assert diagram.format_title(bins([], [])) == 'ECE undefined, N = 0'


def test_the_same_figures_give_the_same_picture():
  summary = bins([0.2, 0.4, 0.9], [0, 1, 1])
  np.testing.assert_array_equal(
    diagram.draw_reliability(summary), diagram.draw_reliability(summary)
  )
