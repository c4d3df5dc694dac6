"""Patches looked for in windows: known places, ties and tops between pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.registration.textures import smooth_noise
from zeroshot.registration import windows

HALF, REACH = 8, 6


def plane(seed=0, size=80):
  return smooth_noise(seed, size, size, (2.0, 5.0))[..., 0].copy()


def searched(picture, other, points):
  patches = windows.cut(picture, points, HALF)
  around = windows.cut(other, points, HALF + REACH)
  return windows.search(patches, around)


def test_squares_are_cut_round_points():
  numbers = np.arange(100, dtype=np.float32).reshape(10, 10)
  squares = windows.cut(numbers, np.array([[3, 2], [8, 8]]), 1)
  np.testing.assert_array_equal(
    squares[0], [[12, 13, 14], [22, 23, 24], [32, 33, 34]]
  )
  assert squares[1, 1, 1] == 88
  assert squares.dtype == np.float32
  assert windows.cut(numbers, np.zeros((0, 2), int), 1).shape == (0, 3, 3)


@pytest.mark.parametrize(
  'shift', [(0, 0), (4, -3), (-6, 6), (6, 0), (0, -6)], ids=str
)
def test_a_patch_is_found_where_it_lies(shift):
  picture = plane()
  other = np.roll(picture, shift, axis=(1, 0))
  points = np.array([[30, 40], [40, 30], [50, 45]])
  offset, correlation = searched(picture, other, points)
  np.testing.assert_allclose(offset, [shift] * 3, atol=0.1)
  np.testing.assert_allclose(correlation, 1, atol=1e-3)


def test_a_place_between_pixels_is_found():
  """Averaging pairs of columns moves what they show by half a pixel."""
  picture = cv2.GaussianBlur(plane(1), (0, 0), 1.5)
  points = np.stack(np.meshgrid(range(20, 60, 5), range(20, 60, 5)), axis=-1)
  points = points.reshape(-1, 2)
  for shift in (0.25, -0.25):
    matrix = np.float32([[1, 0, shift], [0, 1, 0]])
    other = cv2.warpAffine(picture, matrix, (80, 80))
    offset, _ = searched(picture, other, points)
    np.testing.assert_allclose(np.median(offset, axis=0), [shift, 0], atol=0.05)


def test_no_points_give_no_places():
  offset, correlation = searched(plane(), plane(), np.zeros((0, 2), int))
  assert offset.shape == (0, 2)
  assert correlation.shape == (0,)


def test_another_texture_correlates_little():
  points = np.array([[30, 40], [40, 30], [50, 45]])
  _, correlation = searched(plane(2), plane(3), points)
  assert (correlation < 0.8).all()
  _, correlation = searched(plane(2), np.zeros((80, 80), np.float32), points)
  assert (correlation == 0).all()


def edge_along(turn_deg, bend=0.0, shift=0.0):
  """A soft edge through the middle, hardly bent and fading a little."""
  y, x = np.indices((80, 80), np.float32) - 40
  turn = np.radians(turn_deg)
  across = x * np.cos(turn) + y * np.sin(turn) + bend * (y - shift) ** 2
  return np.tanh(across / 2).astype(np.float32)


@pytest.mark.parametrize('turn_deg', [0, 30, 45, 90])
@pytest.mark.parametrize('shift', [0, 3, 8])
def test_along_an_edge_the_place_itself_will_do(turn_deg, shift):
  """The best may lie anywhere along it, by a thousandth."""
  bend = 2e-3
  picture = edge_along(turn_deg, bend)
  other = edge_along(turn_deg, bend, shift)
  offset, correlation = searched(picture, other, np.array([[40, 40]]))
  assert correlation[0] > 0.95
  assert np.abs(offset).max() <= 1.5


def test_no_top_of_a_parabola_lies_far_from_its_place():
  """Noise makes some lines of three values nearly straight."""
  random = np.random.default_rng(0)
  for _ in range(40):
    picture = edge_along(0) + random.normal(0, 0.03, (80, 80))
    other = edge_along(0) + random.normal(0, 0.03, (80, 80))
    offset, _ = searched(
      np.float32(picture), np.float32(other), np.array([[40, 40]])
    )
    assert np.abs(offset).max() <= 1.5
