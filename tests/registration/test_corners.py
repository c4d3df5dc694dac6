"""Corners are found where there are any, and where they may be compared."""

from __future__ import annotations

import numpy as np
import pytest

from tests.registration.test_register import texture
from zeroshot.data.pictures import as_uint8
from zeroshot.registration import corners, transforms
from zeroshot.registration.plane import Plane

HEIGHT, WIDTH = 240, 320
STILL = np.eye(3)


def plane(picture, valid=None):
  return Plane(np.ascontiguousarray(as_uint8(picture)[..., 0]), valid)


def spread(reference, test, matrix=STILL, roi_mask=None):
  return corners.spread(
    reference, test, matrix, roi_mask=roi_mask, half=8, reach=6
  )


def checkers(side_px, height=HEIGHT, width=WIDTH):
  """Black and white squares whose corners are known."""
  picture = np.zeros((height, width, 3), np.float32)
  rows, columns = np.indices((height, width)) // side_px
  picture[(rows + columns) % 2 > 0] = 1
  return plane(picture)


@pytest.mark.parametrize('scale', [1, 2])
def test_corners_are_those_of_the_squares(scale):
  """Planes of 400 px and more are searched at half the size."""
  board = checkers(40 * scale, HEIGHT * scale, WIDTH * scale)
  places = (spread(board, board)[:35] + 0.5) / (40 * scale)
  assert np.abs(places - np.round(places)).max() < 0.08
  assert len(np.unique(np.round(places), axis=0)) == 7 * 5


def test_a_patch_and_its_surroundings_lie_in_the_plane():
  board = plane(texture(0))
  places = spread(board, board)
  assert 40 < len(places) <= 80
  assert places.min() >= 14
  assert (places < np.array([WIDTH, HEIGHT]) - 14).all()


def test_corners_lie_where_both_have_content():
  valid = np.ones((HEIGHT, WIDTH), np.float32)
  valid[:, :100] = 0
  roi = np.zeros((HEIGHT, WIDTH), np.uint8)
  roi[60:] = 1
  moved = transforms.translation(0, 40)  # the reference ends 40 rows earlier
  test = plane(texture(2))
  places = spread(plane(texture(2), valid), test, moved, roi)
  assert len(places) > 20
  assert (places.min(axis=0) >= (107, 67)).all()
  assert places[:, 1].max() < HEIGHT - 40 - 7


def test_a_flat_plane_has_none():
  flat = plane(np.full((HEIGHT, WIDTH, 3), 0.5, np.float32))
  assert spread(flat, flat).shape == (0, 2)


@pytest.mark.parametrize('step', [2, 3])
def test_an_area_is_told_at_every_so_many_pixels(step):
  valid = np.ones((HEIGHT, WIDTH), np.float32)
  valid[100:150, 90:] = 0
  matrix = transforms.translation(30, -20)
  old, shape = plane(texture(1), valid), (HEIGHT, WIDTH)
  whole = corners.compared_area(old, shape, matrix, None)
  some = corners.compared_area(old, shape, matrix, None, step)
  np.testing.assert_array_equal(some, whole[::step, ::step])
