"""The picture of a table: its size, its dots and their bars."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zeroshot.report.row_plot import row_plot

BLUE = np.array([31, 119, 180], np.float32) / 255  # matplotlib's C0


def of(mean, std=math.nan):
  return dict(mean=mean, std=std)


def ink(values, num_series=1):
  """Rows and columns of the first metric's pixels, the legend's left out."""
  series = {f'AP {n}': values for n in range(num_series)}
  image = row_plot([str(n) for n in range(len(values))], series)
  assert image.shape == (120 + 34 * len(values), 800, 3)
  assert image.dtype == np.float32
  rows, columns = np.nonzero(np.abs(image - BLUE).max(-1) < 0.02)
  return rows[rows > 65], columns[rows > 65]


def test_a_larger_value_is_farther_to_the_right():
  rows, columns = ink([of(0.2), of(0.9)])
  middle = (rows.min() + rows.max()) / 2
  upper, lower = columns[rows < middle], columns[rows > middle]
  assert lower.mean() - upper.mean() == pytest.approx(0.7 / 1.04 * 592, abs=2)


def test_a_deviation_is_a_bar_and_none_is_a_dot():
  _, dot = ink([of(0.5)])
  _, bar = ink([of(0.5, 0.1)])
  assert np.ptp(dot) < 12
  assert np.ptp(bar) == pytest.approx(0.2 / 1.04 * 592, abs=3)


def test_what_was_not_measured_is_left_out():
  _, columns = ink([of(math.nan), of(math.nan)], num_series=2)
  assert not len(columns)
