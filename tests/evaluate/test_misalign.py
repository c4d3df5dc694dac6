"""Moved references, and where they have content."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate import misalign

STILL = {'shift_px': 0.0, 'rotation_deg': 0.0, 'scale': 1.0}


def picture(height=40, width=50):
  random = np.random.default_rng(0)
  return random.random((height, width, 3)).astype(np.float32)


def test_no_move_is_the_input_bit_for_bit():
  image = picture()
  moved, valid = misalign.move_reference(image, **STILL)
  np.testing.assert_array_equal(moved, image)
  assert (valid == 1).all()
  assert valid.shape == (40, 50)
  assert valid.dtype == np.float32


@pytest.mark.parametrize('shift', [3, -4])
def test_a_shift_goes_right_and_down(shift):
  image = picture()
  moved, valid = misalign.move_reference(image, **STILL | {'shift_px': shift})
  index_y = np.clip(np.arange(40) - shift, 0, 39)  # edges replicated
  index_x = np.clip(np.arange(50) - shift, 0, 49)
  np.testing.assert_allclose(moved, image[index_y][:, index_x], atol=1e-5)
  # Streaks on one side; on the other, what was moved out of the picture.
  expected = np.zeros((40, 50))
  here = slice(abs(shift), -abs(shift))
  expected[here, here] = 1
  np.testing.assert_array_equal(valid, expected)


def test_half_a_pixel_is_bilinear():
  image = picture()
  moved, valid = misalign.move_reference(image, **STILL | {'shift_px': 0.5})
  mean = (image[1:, 1:] + image[:-1, 1:] + image[1:, :-1] + image[:-1, :-1]) / 4
  np.testing.assert_allclose(moved[1:, 1:], mean, atol=1e-5)
  assert valid[1:-1, 1:-1].all()
  assert not valid[[0, -1]].any()
  assert not valid[:, [0, -1]].any()


def test_a_positive_turn_is_counter_clockwise():
  image = picture(41, 41)
  moved, valid = misalign.move_reference(
    image, **STILL | {'rotation_deg': 90.0}
  )
  np.testing.assert_allclose(moved, np.rot90(image), atol=1e-3)
  assert valid.all()


def test_scale_is_about_the_centre():
  image = np.zeros((41, 41, 3), np.float32)
  image[20, 20] = 1
  image[20, 30] = 1
  larger, valid = misalign.move_reference(image, **STILL | {'scale': 1.5})
  assert larger[20, 20, 0] == pytest.approx(1)
  assert larger[20, 35, 0] == pytest.approx(1)
  expected = np.zeros((41, 41))  # two thirds of the reach stay in view
  expected[7:34, 7:34] = 1
  np.testing.assert_array_equal(valid, expected)
  _, valid = misalign.move_reference(image, **STILL | {'scale': 0.5})
  expected = np.zeros((41, 41))
  expected[10:31, 10:31] = 1
  np.testing.assert_array_equal(valid, expected)


def test_the_turn_comes_before_the_shift():
  image = np.zeros((41, 41, 3), np.float32)
  image[20, 30] = 1  # 10 px right of the centre
  moved, _ = misalign.move_reference(
    image, shift_px=5, rotation_deg=90, scale=1
  )
  y, x = np.unravel_index(moved[..., 0].argmax(), (41, 41))
  assert (y, x) == (10 + 5, 20 + 5)


def test_valid_pixels_have_content_here_and_there():
  settings = {'shift_px': 3.3, 'rotation_deg': 7.0, 'scale': 0.95}
  _, valid = misalign.move_reference(picture(), **settings)
  assert 0.5 < valid.mean() < 1
  # By a plain loop over pixels, the move written out: turn, scale, shift.
  turn = np.deg2rad(settings['rotation_deg'])
  for y in range(0, 40, 3):
    for x in range(0, 50, 3):
      ends = []
      for sign in (1, -1):
        dy, dx, gain = y - 19.5, x - 24.5, settings['scale'] ** sign
        if sign < 0:
          dy, dx = dy - settings['shift_px'], dx - settings['shift_px']
        to_x = gain * (np.cos(turn) * dx + sign * np.sin(turn) * dy) + 24.5
        to_y = gain * (np.cos(turn) * dy - sign * np.sin(turn) * dx) + 19.5
        if sign > 0:
          to_x, to_y = to_x + settings['shift_px'], to_y + settings['shift_px']
        ends.append(0 <= to_x <= 49 and 0 <= to_y <= 39)
      assert valid[y, x] == all(ends), (y, x)


@pytest.mark.parametrize(
  'change',
  [
    {'scale': 0.0},
    {'scale': float('nan')},
    {'shift_px': float('inf')},
    {'rotation_deg': float('nan')},
  ],
)
def test_impossible_moves_are_refused(change):
  with pytest.raises(ValueError, match=next(iter(change))):
    misalign.move_reference(picture(), **STILL | change)
