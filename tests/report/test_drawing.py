"""Pictures of results: drawn boxes, and pixels that stay unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.report import drawing
from zeroshot.types import Boxes

GREY = np.full((40, 50, 3), 0.4, np.float32)


def boxes(*xyxy):
  return Boxes(
    np.array(xyxy, np.float32).reshape(-1, 4),
    np.full(len(xyxy), 0.87, np.float32),
    ('difference',) * len(xyxy),
  )


def test_a_box_is_drawn_just_inside_its_half_open_edges():
  drawn = drawing.draw_boxes(
    GREY, boxes((10, 20, 30, 35)), colour=(255, 0, 0), label=False
  )
  red = (drawn == (1, 0, 0)).all(-1)
  y, x = np.nonzero(red)
  assert (x.min(), y.min(), x.max() + 1, y.max() + 1) == (10, 20, 30, 35)
  assert not red[21:34, 11:29].any()


def test_a_label_is_written_above_its_box():
  drawn = drawing.draw_boxes(
    GREY, boxes((10, 20, 30, 35)), colour=(255, 0, 0), label=True
  )
  assert np.abs(drawn[9:19, 10:25] - 0.4).max() > 0.3


def test_boxes_leave_the_image_given_alone():
  image = GREY.copy()
  drawing.draw_boxes(image, boxes((1, 1, 9, 9)), colour=(0, 0, 0), label=True)
  np.testing.assert_array_equal(image, GREY)


def test_a_result_is_three_panels_in_range():
  scores = np.linspace(0, 1, 2000, dtype=np.float32).reshape(40, 50)
  result = drawing.draw_result(
    GREY, GREY, scores, boxes((10, 20, 30, 35)), boxes((0, 0, 50, 40))
  )
  assert result.shape == (40, 3 * 50 + 2 * drawing.GAP_PX, 3)
  assert result.dtype == np.float32
  assert result.min() >= 0
  assert result.max() <= 1
  np.testing.assert_array_equal(result[:, :50], GREY)
  np.testing.assert_array_equal(result[:, -50:, 0], scores)


def test_no_boxes_and_no_truth_draw_none():
  scores = np.zeros((40, 50), np.float32)
  result = drawing.draw_result(GREY, GREY, scores, boxes())
  middle = result[:, 50 + drawing.GAP_PX : 100 + drawing.GAP_PX]
  np.testing.assert_allclose(middle, GREY, atol=1e-6)


def test_laid_over_each_other_each_has_its_colour():
  dark, bright = np.full((4, 5, 3), 40, np.uint8), np.full((4, 5, 3), 200, int)
  bright = bright.astype(np.uint8)
  assert (drawing.lay_over(dark, dark) == 40).all()
  assert (drawing.lay_over(bright, dark) == (200, 40, 40)).all()
  valid = np.zeros((4, 5), bool)
  valid[0] = True
  drawn = drawing.lay_over(bright, dark, valid)
  assert (drawn[0] == (200, 40, 40)).all()
  assert (drawn[1:] == (0, 40, 40)).all()


def test_what_is_hatched_is_dimmed_and_the_rest_left_alone():
  canvas = np.full((600, 30, 3), 240, np.uint8)
  mask = np.zeros((600, 30), bool)
  mask[:, 10:] = True
  drawing.hatch(canvas, mask)
  assert (canvas[:, :10] == 240).all()
  lines = (canvas[:, 10:] == drawing.HATCH_COLOUR).all(-1)
  assert (canvas[:, 10:][~lines] == 120).all()
  assert np.mean(lines) == pytest.approx(2 / 12, abs=0.01)
  # Lines go on from one band of rows to the next.
  assert np.array_equal(lines[240:255], lines[252:267])


def test_an_arrow_points_to_where_the_reference_was_moved():
  canvas = np.zeros((100, 100, 3), np.uint8)
  drawing.draw_arrows(canvas, np.array([[90.0, 50.0, 2.0, 0.0]]))
  y, x = np.nonzero(canvas[..., 0] > 128)
  assert (x.min(), x.max()) == (0, 90)
  assert abs(np.mean(y) - 50) < 1
  drawing.draw_arrows(canvas, np.zeros((1, 4)))  # nothing to point at
