"""A box's surroundings: alignment, and continuation at the border."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.pcb.surroundings import growth_of, surroundings

BOX = np.float32([30.4, 40, 38, 45.5])  # covers 8 x 6 pixels


def scene(seed=0):
  """Blocks of 6 x 6 pixels at random."""
  blocks = np.random.default_rng(seed).random((16, 16)) < 0.5
  return np.kron(blocks, np.ones((6, 6))).astype(np.uint8)


def look(before, after, valid_mask=None, box=BOX):
  valid_mask = np.ones_like(after) if valid_mask is None else valid_mask
  return surroundings(before, after, valid_mask, box, around_px=12)


def test_the_box_lies_in_the_middle():
  place = look(scene(), scene())
  assert place.around_px == 16
  assert place.after.shape == (6 + 32, 8 + 32)
  np.testing.assert_array_equal(place.after, scene()[24:62, 14:54])
  np.testing.assert_array_equal(
    place.after[place.window(0)], scene()[40:46, 30:38]
  )
  np.testing.assert_array_equal(
    place.after[place.window(3)], scene()[37:49, 27:41]
  )


def test_more_surroundings_when_asked_for():
  place = surroundings(
    scene(), scene(), np.ones_like(scene()), BOX, around_px=20
  )
  assert place.around_px == 20


@pytest.mark.parametrize('y', [-2, 0, 1])
@pytest.mark.parametrize('x', [-1, 0, 2])
def test_the_reference_moves_to_where_it_agrees(y, x):
  after = scene()
  after[41:44, 32:36] ^= 1  # a difference stays one
  place = look(np.roll(scene(), (y, x), (0, 1)), after)
  np.testing.assert_array_equal(place.before, scene()[24:62, 14:54])
  np.testing.assert_array_equal(place.after, after[24:62, 14:54])


def test_it_stays_where_a_move_explains_little():
  before = np.zeros((96, 96), np.uint8)
  before[20:30] = 1  # an edge, valid_mask on a few rows
  after = np.roll(before, 1, axis=0)
  after[36:50, 28:40] = 1  # most of what disagrees
  place = look(before, after)
  np.testing.assert_array_equal(place.before, before[24:62, 14:54])


@pytest.mark.parametrize('value', [0, 1])
def test_it_stays_where_there_is_nothing_to_see(value):
  flat = np.full((96, 96), value, np.uint8)
  np.testing.assert_array_equal(look(flat, flat).before, flat[:38, :40])


def test_beyond_the_picture_all_goes_on_and_nothing_is_valid():
  before, after = scene(), scene(seed=1)
  place = look(before, after, box=np.float32([-0.5, 91, 6, 96]))
  padded = np.pad(after, 24, mode='edge')
  np.testing.assert_array_equal(
    place.after, padded[91 - 16 + 24 : 96 + 16 + 24, -17 + 24 : 22 + 24]
  )
  expected = np.pad(np.ones_like(after), 24)
  np.testing.assert_array_equal(
    place.valid_mask, expected[91 - 16 + 24 : 96 + 16 + 24, -17 + 24 : 22 + 24]
  )
  # What differs there is no growth.
  grown = growth_of(place.before, place.after, place)
  assert not (grown & (1 - place.valid_mask)).any()


def test_a_growth_is_the_part_that_belongs_to_the_box():
  before = np.zeros((96, 96), np.uint8)
  after = before.copy()
  after[41:45, 31:60] = 1  # leaves the box, and is followed for a while
  after[52:60, 20:40] = 1  # another one
  after[40, 33] = 1  # hangs on the first
  after[40, 30] = 1  # too little beside it, by itself two pixels away
  after[41, 30] = 0
  after[40, 31:33] = 0
  after[41, 31] = 0
  place = look(before, after)
  grown = growth_of(place.before, place.after, place)
  expected = np.zeros_like(before)
  expected[41:45, 31:40] = 1
  expected[41, 31] = 0
  expected[40, 33] = 1
  np.testing.assert_array_equal(grown, expected[24:62, 14:54])
  assert grown.dtype == np.uint8
  lost = growth_of(1 - place.before, 1 - place.after, place)
  assert not lost.any()
