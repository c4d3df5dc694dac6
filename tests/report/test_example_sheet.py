"""Examples on a sheet: what is not finite, or out of range, can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.report import example_sheet as sheets

MAGENTA, CYAN = sheets.NOT_FINITE_COLOUR, sheets.BEYOND_COLOUR


def count(image, colour):
  return int((image == np.array(colour, np.float32)).all(-1).sum())


def draw(*planes):
  return sheets.draw_example(planes, [])


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_one_value_that_is_not_finite_is_a_magenta_pixel_in_a_frame(value):
  image = np.full((8, 12, 3), 0.5, np.float32)
  image[2, 3, 1] = value
  drawn = draw(image)
  times, frame = 18, 3  # 144 pixels for the shorter side
  height, width = 8 * times, 12 * times
  border = (height + 2 * frame) * (width + 2 * frame) - height * width
  assert count(drawn, MAGENTA) == times**2 + border
  assert count(drawn, CYAN) == 0
  y, x = 2 * times + frame, 3 * times + frame + 8  # right of the gap
  assert count(drawn[y : y + times, x : x + times], MAGENTA) == times**2
  assert np.isfinite(drawn).all()


def test_one_value_out_of_range_is_cyan_unless_by_rounding():
  image = np.full((8, 8), 0.5, np.float32)
  image[0, 0], image[1, 1], image[2, 2] = 1e20, -0.5, 1.0005
  drawn = draw(image)
  border = 150**2 - 144**2
  assert count(drawn, CYAN) == 2 * 18**2 + border
  assert (drawn.min(), drawn.max()) == (0, 1)


def test_what_is_in_order_has_neither_colour_and_keeps_its_pixels():
  grey = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
  drawn = draw(grey)
  assert count(drawn, MAGENTA) == count(drawn, CYAN) == 0
  np.testing.assert_array_equal(
    drawn[3 + 9 : 147 : 18, 11 + 9 : 155 : 18, 0], grey
  )


def test_a_large_picture_is_drawn_as_it_is():
  assert draw(np.zeros((200, 300, 3))).shape == (200 + 6 + 8, 300 + 6 + 16, 3)


def test_text_is_red_where_the_example_is_bad():
  plane = np.zeros((8, 8))
  for is_bad in (False, True):
    drawn = sheets.draw_example([plane], ['example 5'], is_bad=is_bad)
    text = drawn[:16]
    assert text.min() < 0.5  # something is written
    assert (np.ptp(text, axis=-1).max() > 0.5) == is_bad


def test_examples_stand_below_each_other_over_the_legend():
  tiles = [draw(np.full((8, 8), value)) for value in (0.2, 0.8)]
  sheet = sheets.draw_sheet(tiles)
  height = len(tiles[0])
  assert sheet.shape == (2 * height + 16, tiles[0].shape[1], 3)
  np.testing.assert_array_equal(sheet[:height], tiles[0])
  np.testing.assert_array_equal(sheet[height : 2 * height], tiles[1])
  assert sheet[2 * height :].min() < 0.5
