"""What aligned pictures show in common, and what is foreign to them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.registration.test_register import texture
from zeroshot.data.pictures import as_uint8
from zeroshot.registration import patches, transforms
from zeroshot.registration.pyramid import Pyramid

HEIGHT, WIDTH = 120, 160
STILL = np.eye(3)


def scene(seed, width=WIDTH):
  return texture(seed, HEIGHT, width)


def plane(picture, valid=None):
  return Pyramid(as_uint8(picture.astype(np.float32)), valid).plane(1.0)


def flat():
  return np.full((HEIGHT, WIDTH, 3), 0.5, np.float32)


def painted(picture, area, by):
  """A picture that shows another in an area, rows and columns."""
  result = picture.copy()
  result[area] = by[area]
  return result


def test_the_same_picture_shows_all_in_any_light():
  picture = scene(0)
  for light in (picture, 0.5 * picture, 0.4 + 0.5 * picture):
    share = patches.shown_share(plane(picture), plane(light), STILL)
    assert share > 0.98


@pytest.mark.parametrize('seed', range(3))
def test_another_picture_or_place_shows_little(seed):
  picture, other = plane(scene(seed)), plane(scene(seed + 10))
  assert patches.shown_share(picture, other, STILL) < 0.15
  for shift in ((6, 0), (0, -6)):
    moved = transforms.translation(*shift)
    assert patches.shown_share(picture, picture, moved) < 0.15


def test_the_share_is_of_the_reference_s_structure():
  picture, right = scene(0), np.s_[:, 80:]
  half = painted(picture, right, scene(1))
  blank = painted(picture, right, flat())
  full = plane(picture)
  assert patches.shown_share(full, plane(half), STILL) == pytest.approx(
    0.5, abs=0.07
  )
  lacking = patches.shown_share(full, plane(blank), STILL)
  assert lacking == pytest.approx(0.5, abs=0.07)
  # What the test picture alone shows is not asked for.
  assert patches.shown_share(plane(blank), full, STILL) > 0.85


def test_only_what_is_compared_counts():
  picture = scene(0)
  half = plane(painted(picture, np.s_[:, 80:], scene(1)))
  roi = np.zeros((HEIGHT, WIDTH), np.uint8)
  roi[:, :70] = 1
  full = plane(picture)
  assert patches.shown_share(full, half, STILL, roi_mask=roi) > 0.95
  assert patches.shown_share(full, half, STILL, roi_mask=1 - roi) < 0.25
  valid = roi.astype(np.float32)
  assert patches.shown_share(plane(picture, valid), half, STILL) > 0.95


def test_few_patches_show_less_than_as_many_of_more():
  full = plane(scene(0))
  shares = []
  for width in (30, 60, 160):
    roi = np.zeros((HEIGHT, WIDTH), np.uint8)
    roi[:, :width] = 1
    shares.append(patches.shown_share(full, full, STILL, roi_mask=roi))
  count = HEIGHT // 10 * np.array([3, 6, 16])
  np.testing.assert_allclose(shares, count / (count + 3))


def test_a_known_shift_is_followed():
  wide = scene(2, WIDTH + 30)
  reference, test = plane(wide[:, 30:]), plane(wide[:, :-30])
  right = transforms.translation(-30, 0)
  assert patches.shown_share(reference, test, right) > 0.95
  assert patches.shown_share(reference, test, STILL) < 0.15


def test_too_little_structure_says_nothing():
  picture, blank = plane(scene(0)), plane(flat())
  spot = plane(painted(flat(), np.s_[40:60, 40:60], scene(0)))
  away = transforms.translation(WIDTH - 5, 0)
  for pair in (
    (picture, blank, STILL),
    (blank, picture, STILL),
    (spot, picture, STILL),
    (picture, spot, STILL),
    (picture, picture, away),
  ):
    assert math.isnan(patches.shown_share(*pair))
    assert patches.foreign(*pair) is None


def test_structure_must_be_plenty_and_in_the_content():
  picture = scene(0)
  assert patches.has_structure(plane(picture))
  assert not patches.has_structure(plane(flat()))
  noise = np.random.default_rng(0).normal(0.5, 0.006, picture.shape)
  assert not patches.has_structure(plane(noise))
  few = painted(flat(), np.s_[20:50, 20:60], picture)
  assert not patches.has_structure(plane(few))
  hidden = np.zeros((HEIGHT, WIDTH), np.float32)
  assert not patches.has_structure(plane(picture, hidden))
  hidden[:, 80:] = 1
  assert patches.has_structure(plane(picture, hidden))


@pytest.mark.parametrize(
  'area',
  [
    np.s_[:, 100:],
    np.s_[:40],
    np.s_[20:100, 90:],  # at one side of the picture alone
    np.s_[20:100, :70],
    np.s_[:80, 40:120],
    np.s_[50:, 40:120],
  ],
  ids=str,
)
def test_another_background_is_foreign(area):
  picture = scene(3)
  test = plane(painted(picture, area, scene(4)))
  found = patches.foreign(plane(picture), test, STILL)
  expected = np.zeros((HEIGHT, WIDTH), bool)
  expected[area] = True
  expected = expected[5::10, 5::10]
  assert found.shape == expected.shape == (12, 16)
  assert found.dtype == np.uint8
  assert found[expected].mean() > 0.75
  assert found[~expected].mean() < 0.1


@pytest.mark.parametrize(
  'area', [np.s_[30:80, 40:110], np.s_[:, :60], np.s_[:, 60:]], ids=str
)
def test_what_is_missing_or_added_is_not_foreign(area):
  """One picture alone has structure there."""
  full = scene(5)
  bare = painted(full, area, flat())
  assert patches.foreign(plane(full), plane(bare), STILL) is None
  assert patches.foreign(plane(bare), plane(full), STILL) is None


def test_a_changed_component_or_a_small_corner_is_not_foreign():
  picture, other = scene(6), scene(7)
  for area in (np.s_[30:90, 30:120], np.s_[:40, :40], np.s_[100:, :70]):
    changed = plane(painted(picture, area, other))
    assert patches.foreign(plane(picture), changed, STILL) is None
  assert patches.foreign(plane(picture), plane(picture), STILL) is None


def test_a_narrow_frame_is_not_foreign():
  """The light at a picture's border, or what the lens bends there."""
  picture = scene(6)
  test = painted(scene(7), np.s_[10:-10, 10:-10], picture)
  assert patches.foreign(plane(picture), plane(test), STILL) is None


def test_foreign_areas_lie_over_the_test_picture():
  wide, other = scene(8, WIDTH + 20), scene(9, WIDTH + 20)
  reference = plane(wide[:, 20:])
  test = plane(painted(wide, np.s_[:, 110:], other)[:, :-20])
  right = transforms.translation(-20, 0)
  found = patches.foreign(reference, test, right)
  assert found[:, 12:].mean() > 0.9
  assert found[:, :10].mean() < 0.1
