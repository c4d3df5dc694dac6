"""What separates into conductor and board, and what does not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.pcb.conductors import conductor_threshold, conductors


def board(dark=0.1, bright=0.9, size=96):
  """A trace of a fifth of the picture, dark."""
  image = np.full((size, size, 3), bright, np.float32)
  image[:, size // 5 : 2 * size // 5] = dark
  return image


def noise(std, size=96):
  rng = np.random.default_rng(0)
  return rng.normal(0, std, (size, size, 3)).astype(np.float32)


@pytest.mark.parametrize(
  ('dark', 'bright'), [(0.0, 1.0), (0.1, 0.9), (0.2, 0.5), (-0.1, 1.2)]
)
def test_the_threshold_lies_halfway(dark, bright):
  threshold = conductor_threshold(board(dark, bright))
  low, high = np.clip([dark, bright], 0, 1)  # light may leave [0, 1]
  assert threshold == pytest.approx((low + high) / 2, abs=1e-5)


@pytest.mark.parametrize('size', [5, 96, 700])
def test_any_size(size):
  assert conductor_threshold(board(size=size)) == pytest.approx(0.5, abs=1e-5)


def test_blur_and_noise_are_borne():
  image = cv2.GaussianBlur(board(), (0, 0), 1.0) + noise(0.05)
  assert conductor_threshold(image) == pytest.approx(0.5, abs=0.03)


def gradient():
  ramp = np.linspace(0, 1, 96, dtype=np.float32)
  return np.tile(ramp[None, :, None], (96, 1, 3))


def coloured():
  image = board()
  image[..., 1] = 1 - image[..., 1]
  return image


def three_greys():
  image = board()
  image[:20] = 0.5
  return image


@pytest.mark.parametrize(
  'image',
  [
    gradient(),
    coloured(),
    board(0.4, 0.6),
    three_greys(),
    board() + noise(0.3),
    0.5 + noise(0.1),
    np.full((8, 8, 3), 0.7, np.float32),
    np.zeros((1, 1, 3), np.float32),
  ],
  ids=['gradient', 'colour', 'faint', 'three', 'noisy', 'noise', 'flat', 'one'],
)
def test_what_does_not_separate(image):
  assert conductor_threshold(image) is None
  assert conductors(image, image) is None


def test_one_of_two_may_be_bare_board():
  bare = np.full((96, 96, 3), 0.9, np.float32)
  before, after = conductors(bare, board())
  assert before.dtype == after.dtype == np.uint8
  assert not before.any()
  np.testing.assert_array_equal(after, board()[..., 0] < 0.5)


def test_both_must_separate():
  assert conductors(board(), gradient()) is None
  assert conductors(coloured(), board()) is None


def test_either_material_may_be_the_dark_one():
  (dark, _), (bright, _) = (
    conductors(board(), board(), dark_is_conductor=value)
    for value in (True, False)
  )
  np.testing.assert_array_equal(dark, 1 - bright)
  assert dark.mean() == pytest.approx(0.2, abs=0.01)
