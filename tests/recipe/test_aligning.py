"""A part on a background that moves under it is aligned by the part."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import zeroshot
from configs import default
from tests.recipe.test_detector import detector_of, teach
from zeroshot.detect import settings
from zeroshot.inspection import prepared
from zeroshot.recipe import aligning

PART = (110, 80, 210, 160)  # x1, y1, x2, y2
SHAPE = (240, 320)


def scene(moved, *, seed, at=(0, 0)):
  """A part on a belt that has moved by (x, y); uint8 ``[240, 320, 3]``."""
  draws = np.random.default_rng(7)
  belt = draws.integers(0, 255, (*SHAPE, 3)).astype(np.uint8)
  belt = cv2.GaussianBlur(belt, (0, 0), 2)
  belt = cv2.normalize(belt, None, 40, 220, cv2.NORM_MINMAX)
  picture = np.roll(belt, moved[::-1], (0, 1))
  part = np.full((80, 100, 3), (120, 122, 125), np.uint8)
  cv2.circle(part, (30, 40), 18, (60, 70, 160), -1)
  cv2.rectangle(part, (60, 15), (85, 60), (150, 60, 60), -1)
  cv2.putText(part, 'C12', (50, 75), 0, 0.5, (220, 220, 220), 1)
  x, y = PART[0] + at[0], PART[1] + at[1]
  picture[y : y + 80, x : x + 100] = part
  noise = np.random.default_rng(seed).normal(0, 3, picture.shape)
  return np.clip(picture + noise, 0, 255).astype(np.uint8)


def region():
  mask = np.zeros(SHAPE, bool)
  mask[PART[1] : PART[3], PART[0] : PART[2]] = True
  return mask


@pytest.fixture(scope='module')
def options():
  return settings.from_config(default.get_config().detect)


def where(move):
  """What the move makes of the middle of the picture, x and y."""
  x, y, _ = move.warp.points(np.array([160.0]), np.array([120.0]))
  return np.array([x[0], y[0]])


@pytest.mark.parametrize(
  ('moved', 'at'), [((15, 0), (0, 0)), ((0, -15), (4, -3)), ((11, 11), (4, -3))]
)
def test_the_part_says_where_it_lies(options, moved, at):
  frame = prepared.prepare(scene((0, 0), seed=0), max_megapixels=1)
  good = prepared.prepare(scene(moved, seed=1, at=at), max_megapixels=1)
  pixels, test = (each.loaded.stored.pixels for each in (frame, good))
  middle = np.array([160.0, 120.0])
  onto = aligning.onto(frame, region(), pixels, test, options)
  assert np.abs(where(onto) - middle + at).max() < 0.5
  into = aligning.into(good, frame, region(), options)
  assert np.abs(where(into) - middle - at).max() < 0.5


def test_all_of_the_picture_goes_with_the_belt(options):
  frame = prepared.prepare(scene((0, 0), seed=0), max_megapixels=1)
  pixels, test = frame.loaded.stored.pixels, scene((15, 0), seed=1)
  everywhere = np.ones(SHAPE, bool)
  for mask in (None, everywhere):
    move = aligning.onto(frame, mask, pixels, test, options)
    assert np.abs(where(move) - (145, 120)).max() < 1


def test_a_region_that_shows_nothing_leaves_it_to_all(options):
  frame = prepared.prepare(scene((0, 0), seed=0), max_megapixels=1)
  test = scene((9, 0), seed=1)
  pixels = frame.loaded.stored.pixels
  bare = np.zeros(SHAPE, bool)
  bare[90:95, 150:160] = True
  move = aligning.onto(frame, bare, pixels, test, options)
  by_all = aligning.onto(frame, None, pixels, test, options)
  np.testing.assert_array_equal(move.warp.matrix, by_all.warp.matrix)


def test_a_little_of_what_lies_around_counts():
  around = aligning.with_margin(region())
  assert around.dtype == np.float32
  rows, columns = np.flatnonzero(around.any(1)), np.flatnonzero(around.any(0))
  assert (rows[0], rows[-1]) == (PART[1] - 3, PART[3] + 2)
  assert (columns[0], columns[-1]) == (PART[0] - 3, PART[2] + 2)


def test_a_belt_that_moves_under_a_part_is_no_difference():
  goods = [scene(moved, seed=seed) for seed, moved in enumerate(
    [(0, 0), (7, 2), (-6, 9)]
  )]  # fmt: skip
  outcome = teach(goods, roi=[PART])
  assert not outcome.left_out
  for move in outcome.taught.moves:
    assert np.abs(move.matrix - np.eye(3))[:2].max() < 0.5
  detector = detector_of(outcome.taught)
  test = scene((15, 0), seed=9)
  inspection = detector.inspect(test)
  assert inspection.boxes == ()
  assert inspection.verdict == 'same'
  test[100:112, 116:128] = (20, 200, 40)
  (box,) = detector.inspect(test).boxes
  assert np.abs(np.array(box[:4]) - (116, 100, 128, 112)).max() < 6
  # So it would be by all of the picture.
  by_all = zeroshot.Detector.load().inspect(
    goods[0], scene((15, 0), seed=9), roi=[PART]
  )
  assert by_all.boxes
