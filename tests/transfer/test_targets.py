"""The differing pixels of boxes, on drawn copper."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.transfer import targets


def board():
  """A dark trace across a bright board."""
  picture = np.ones((64, 64, 3), np.float32)
  picture[28:36] = 0.0
  return picture


def box_deltas(test, instance, boxes, hidden_px=0.0):
  return targets.box_deltas(
    board(), test, instance, boxes, extent_share=0.4, hidden_px=hidden_px
  ).tolist()


def annotate(x1, y1, x2, y2, margin=10):
  """As annotators draw what covers the pixels from x1 to x2 - 1."""
  return [x1 - margin, y1 - margin, x2 - 1 + margin, y2 - 1 + margin]


def tight(*boxes, margin=10):
  return targets.tight(np.array(boxes, np.float32), margin_px=margin)


def test_the_margin_and_the_inclusive_corner_are_taken_off():
  assert tight(annotate(20, 28, 24, 36)).tolist() == [[20, 28, 24, 36]]
  assert tight([0, 0, 4, 40]).tolist() == [[2, 10, 3, 31]]  # a pixel at least
  assert targets.tight(np.zeros((0, 4)), margin_px=10).shape == (0, 4)


def test_the_pixels_of_a_cut_are_those_that_differ():
  test = board()
  test[28:36, 20:24] = 1.0
  boxes = tight(annotate(20, 28, 24, 36))
  instance = targets.instances(board(), test, boxes)
  expected = np.zeros((64, 64), bool)
  expected[28:36, 20:24] = True
  np.testing.assert_array_equal(instance == 1, expected)
  assert box_deltas(test, instance, boxes) == [[0, 0, 0, 0]]
  # A bite that opens onto bare board is drawn 2 px farther there unaided.
  assert box_deltas(test, instance, boxes, hidden_px=2.0) == [[0, -2, 0, -2]]


def test_edges_photographed_differently_are_no_part_of_it():
  test = np.roll(board(), 1, axis=0)  # every edge a pixel lower
  test[29:37, 20:26] = 1.0
  instance = targets.instances(board(), test, tight(annotate(20, 29, 26, 37)))
  assert (instance[30:36, 20:26] == 1).all()
  assert not (instance[:, :17] == 1).any()
  assert not (instance[:, 29:] == 1).any()


def test_what_lies_outside_all_boxes_is_the_same():
  test = board()
  test[28:36, 50:54] = 1.0  # not annotated
  test[28:36, 10:14] = 1.0
  instance = targets.instances(board(), test, tight(annotate(10, 28, 14, 36)))
  assert (instance[:, 40:] == targets.SAME).all()
  assert (instance[28:36, 10:14] == 1).all()


def test_a_box_in_which_nothing_differs_is_open():
  instance = targets.instances(
    board(), board(), tight(annotate(20, 28, 24, 36))
  )
  assert (instance[28:36, 20:24] == targets.OPEN).all()
  assert (instance != 1).all()
  boxes = tight(annotate(20, 28, 24, 36))
  assert box_deltas(board(), instance, boxes) == [[0, 0, 0, 0]]


def test_a_faint_rim_is_open():
  test = board()
  test[28:36, 20:26] = 1.0
  test = cv2.GaussianBlur(test, (0, 0), 1.5)
  reference = cv2.GaussianBlur(board(), (0, 0), 1.5)
  instance = targets.instances(reference, test, tight(annotate(20, 28, 26, 36)))
  assert (instance == 1).sum() > 10
  assert (instance == targets.OPEN).sum() > 10
  change = np.abs(reference - test).max(axis=2)
  assert change[instance == targets.OPEN].max() < change[instance == 1].max()


def test_overlapping_boxes_leave_a_pixel_to_the_smaller():
  test = board()
  test[28:36, 10:40] = 1.0
  test[28:36, 24:26] = 0.0
  boxes = tight(annotate(10, 28, 40, 36), annotate(30, 28, 36, 36))
  instance = targets.instances(board(), test, boxes)
  assert (instance[28:36, 30:36] == 2).all()
  assert (instance[28:36, 12:18] == 1).all()


def test_sides_say_how_far_a_box_lies_beyond_what_is_drawn():
  test = board()
  test[28:36, 20:24] = 1.0
  boxes = tight([8, 17, 35, 46])
  instance = targets.instances(board(), test, boxes)
  assert box_deltas(test, instance, boxes) == [[2, 1, 2, 1]]


def test_a_box_at_the_border_stays_in_the_picture():
  test = board()
  test[28:36, :3] = 1.0
  boxes = tight(annotate(-2, 28, 3, 36))
  instance = targets.instances(board(), test, boxes)
  assert (instance[28:36, :3] == 1).all()


def test_more_boxes_than_numbers_are_refused():
  boxes = np.zeros((255, 4), np.float32)
  with pytest.raises(ValueError, match='255 boxes'):
    targets.instances(board(), board(), boxes)
