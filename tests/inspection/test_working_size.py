"""Pairs compared at a fraction of their resolution for a least size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests import samples
from zeroshot.detect import working_size
from zeroshot.inspection.could_not_align import CouldNotAlignError

SIDE = 770  # no multiple of 3
DEFECT = (300, 400, 340, 440)
SPECKS = ((120, 130), (600, 200), (500, 650), (222, 640))


def scene(seed=0):
  plane = np.random.default_rng(seed).integers(0, 2, (14, 14), np.uint8)
  plane = np.kron(60 + 140 * plane, np.ones((55, 55), np.uint8))
  return np.repeat(plane[:, :, None], 3, axis=2)


def moved_pair():
  """A reference that lies 6 px to the left, and a test with the defects."""
  good = scene()
  test = good.copy()
  x1, y1, x2, y2 = DEFECT
  test[y1:y2, x1:x2] = 255 - test[y1:y2, x1:x2]
  for x, y in SPECKS:
    test[y : y + 5, x : x + 5] = 255 - test[y : y + 5, x : x + 5]
  return np.roll(good, -6, axis=1), test


@pytest.fixture(scope='module')
def found():
  return samples.load_detector().inspect(*moved_pair(), min_size=36)


def centre_is_in(box, area):
  x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
  return area[0] <= x <= area[2] and area[1] <= y <= area[3]


@pytest.mark.parametrize(
  ('least_px', 'shapes', 'factor'),
  [
    (0, [(960, 1280)], 1),
    (23, [(960, 1280)], 1),
    (24, [(960, 1280)], 2),
    (1.2 / 0.05, [(960, 1280)], 2),  # 23.999999999999996
    (36, [(960, 1280)] * 2, 3),
    (36, [(960, 1280), (700, 900)], 2),
    (500, [(960, 1280)], 3),
    (500, [(64, 64)], 1),
  ],
)
def test_a_least_size_sets_the_resolution(least_px, shapes, factor):
  assert working_size.factor_for(least_px, *shapes) == factor


def test_what_has_the_least_size_is_found_and_specks_are_not(found):
  (box,) = found.boxes
  assert centre_is_in(box, DEFECT)
  assert box.size_px == pytest.approx(40, abs=4)
  assert box.area_px == pytest.approx(1600, rel=0.2)
  assert [box.x1, box.y1, box.x2, box.y2] == pytest.approx(DEFECT, abs=8)
  all_found = samples.load_detector().inspect(*moved_pair())
  assert len(all_found.boxes) == 1 + len(SPECKS)
  assert found.to_dict()['min_size_px'] == 36
  assert all_found.to_dict()['min_size_px'] == 0


def test_all_comes_back_in_pixels_of_the_test_picture(found):
  assert found.score_map.shape == found.valid.shape == (SIDE, SIDE)
  assert found.registration.shift_px == pytest.approx(6, abs=0.3)
  assert found.registration.scale == pytest.approx(1, abs=1e-3)
  x1, y1, x2, y2 = DEFECT
  assert found.score_map[y1 + 8 : y2 - 8, x1 + 8 : x2 - 8].min() > 0.5
  aligned, test = found.aligned_reference, found.test
  inner = np.s_[10:-10, 10:-10]
  difference = cv2.absdiff(aligned, test)[inner]
  assert np.mean(difference > 60) < 0.02
  # The first 6 columns lie outside of the reference.
  assert not found.valid[:, :4].any()
  assert not found.score_map[:, :4].any()


def test_regions_hold_at_any_resolution():
  pair = moved_pair()
  detector = samples.load_detector()
  ignore = np.zeros((SIDE, SIDE), np.uint8)
  ignore[380:460, 280:360] = 255
  assert not detector.inspect(*pair, min_size=36, ignore=ignore).boxes
  beside = detector.inspect(*pair, min_size=36, roi=[(0, 0, 290, 770)])
  assert not beside.boxes
  assert not beside.score_map[:, 290:].any()
  (box,) = detector.inspect(*pair, min_size=36, roi=[(280, 0, 770, 770)]).boxes
  assert centre_is_in(box, DEFECT)


def test_a_prepared_reference_is_shrunk_once():
  reference, test = moved_pair()
  detector = samples.load_detector()
  prepared = detector.prepare(reference)
  pixels = prepared.loaded.stored.pixels
  assert detector.inspect(prepared, test, min_size='36px').boxes
  assert prepared.shrunk(pixels, 3) is prepared.shrunk(pixels, 3)


def test_other_parts_are_refused_with_a_picture_of_both():
  detector = samples.load_detector()
  with pytest.raises(CouldNotAlignError) as raised:
    detector.inspect(scene(), scene(seed=5), min_size=36)
  assert raised.value.picture.shape == (SIDE, SIDE, 3)


def test_severity_ranks_a_splinter_before_a_speck_of_like_confidence():
  reference = scene()
  test = reference.copy()
  cv2.line(test, (110, 120), (210, 220), (255, 220, 0), 5)
  test[600:606, 600:606] = 255 - test[600:606, 600:606]
  found = samples.load_detector().inspect(reference, test)
  by_severity = found.sorted_by('severity')
  first, *_, last = by_severity.boxes
  assert centre_is_in(first, (110, 120, 210, 220))
  assert first.size_px == pytest.approx(145, abs=15)
  assert first.sign == 'lighter'
  assert last.size_px < 12
  assert first.severity > 5 * last.severity
  assert sorted(by_severity.boxes) == sorted(found.boxes)
  larger = found.at(found.threshold, 50)
  assert larger.boxes == (first,)
  assert larger.least.px == 50
