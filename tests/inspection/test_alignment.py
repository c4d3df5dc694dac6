"""The residual displacement of a pair, in pixels."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from zeroshot.data import pictures
from zeroshot.detect import registered_pair
from zeroshot.inspection import alignment
from zeroshot.registration import warp


def texture(size=160):
  draws = np.random.default_rng(0)
  smooth = cv2.GaussianBlur(draws.uniform(size=(size, size)), (0, 0), 2)
  image = np.clip(0.5 + 4 * (smooth - smooth.mean()), 0, 1)
  return np.repeat(image[..., None], 3, axis=2).astype(np.float32)


def move(image, dx, dy):
  matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
  size = image.shape[1], image.shape[0]
  return cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)


def residual(reference, test, valid=None):
  pair = (pictures.as_uint8(image.clip(0, 1)) for image in (reference, test))
  return alignment.residual_px(
    registered_pair.register_pair(*pair, warp.identity(test.shape[:2]), valid)
  )


@pytest.mark.parametrize(('dx', 'dy'), [(0, 0), (0.3, 0.4), (-2, 1.5)])
def test_a_known_shift_is_read(dx, dy):
  test = texture()
  offset = residual(0.7 * move(test, dx, dy) + 0.2, test)
  assert offset == pytest.approx(np.hypot(dx, dy), abs=0.06)


def test_a_defect_has_no_say():
  test = texture()
  changed = move(test, 1, 0)
  changed[20:70, 20:70] = 0
  assert residual(changed, test) == pytest.approx(1, abs=0.05)


def test_what_the_reference_does_not_hold_is_left_out():
  test = texture()
  reference = test.copy()
  reference[80:] = move(test, 3, 0)[80:]
  valid = np.zeros((160, 160), np.float32)
  valid[:80] = 1
  assert residual(reference, test, valid) < 0.05


def test_without_texture_in_common_there_is_none():
  draws = np.random.default_rng(1)
  noise = draws.normal(0.5, 0.1, (2, 128, 128, 1)).clip(0, 1)
  first, second = np.repeat(noise, 3, axis=3).astype(np.float32)
  flat = np.full_like(first, 0.5)
  assert math.isnan(residual(first, second))
  assert math.isnan(residual(flat, flat))
  assert math.isnan(residual(flat[:1, :1], flat[:1, :1]))


def test_a_real_board_moved_by_a_known_part_of_a_pixel(shared):
  folder = shared / 'deeppcb/PCBData/group00041/00041'
  test = pictures.read_picture(folder / '00041000_temp.jpg')
  offset = residual(move(test, 0.5, 0.5), test)
  assert offset == pytest.approx(0.71, abs=0.03)
