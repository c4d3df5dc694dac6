"""Which pairs are black and white, and that each goes to its detector."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.detect import pair_input, two_tone

DRAWS = np.random.default_rng(0)


def board(side=128, low=0, high=255):
  """Bright traces on a dark board."""
  picture = np.full((side, side, 3), low, np.uint8)
  for row in range(8, side - 8, 24):
    picture[row : row + 10, 6 : side - 6] = high
  return picture


def photograph(side=128):
  noise = DRAWS.uniform(0, 255, (side // 8, side // 8, 3)).astype(np.float32)
  return cv2.resize(noise, (side, side)).astype(np.uint8)


def turned(picture):
  side = picture.shape[0]
  move = cv2.getRotationMatrix2D((side / 2, side / 2), 2.5, 1.0)
  return cv2.warpAffine(picture, move, (side, side))


def noisy(picture):
  return np.clip(picture + DRAWS.normal(0, 6, picture.shape), 0, 255).astype(
    np.uint8
  )


@pytest.mark.parametrize(
  'test',
  [
    board(),
    board(side=96),
    turned(board(side=512))[::2, ::2],
    noisy(board()),
    np.zeros((64, 64, 3), np.uint8),  # nothing is on it
    np.float32(board() / 255),
    np.uint16(board()) * 257,
  ],
)
def test_boards_are_of_two_tones(test):
  assert two_tone.is_two_tone(board(), test)
  assert two_tone.is_two_tone(test, board())


@pytest.mark.parametrize(
  'test',
  [
    photograph(),
    board(high=120),  # too little contrast
    board() * np.array([1, 0, 0], np.uint8),  # of a colour
    cv2.GaussianBlur(board(), (0, 0), 4),
    np.full((64, 64, 3), 255, np.uint8),
  ],
)
def test_other_pictures_are_not(test):
  assert not two_tone.is_two_tone(test, test)
  other = photograph()
  assert not two_tone.is_two_tone(other, board())
  assert not two_tone.is_two_tone(board(), other)


def test_each_pair_goes_to_its_detector():
  def named(name):
    return lambda *given, **options: (name, given, options)

  detect = two_tone.choose(named('photographs'), named('two tones'))
  known = pair_input.KnownReference(board(), prepared=())
  name, given, options = detect(known, board(), None, roi_mask=1)
  assert name == 'two tones'
  assert given[0] is known
  assert given[2:] == (None,)
  assert options == {'roi_mask': 1}
  assert detect(photograph(), photograph())[0] == 'photographs'
