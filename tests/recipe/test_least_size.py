"""A least size sets the resolution at which a recipe learns and compares."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

import zeroshot
from tests import drawn_parts
from zeroshot.recipe import appearance, network, store, teaching
from zeroshot.recipe.taught import BAR, FACTOR, factor_of

TIMES = 3  # as large as the parts are drawn
HEIGHT, WIDTH = 192 * TIMES, 256 * TIMES
DEFECT = (420, 350, 460, 390)
SPECKS = ((200, 200), (560, 300), (300, 420))


def part(*, seed, defects=False):
  large = cv2.resize(
    drawn_parts.part('blue', seed=seed), (WIDTH, HEIGHT), interpolation=2
  )
  if defects:
    x1, y1, x2, y2 = DEFECT
    large[y1:y2, x1:x2] = (250, 240, 60)
    for x, y in SPECKS:
      large[y : y + 5, x : x + 5] = 255
  return large


def teach(**request):
  goods = [part(seed=seed) for seed in range(3)]
  return teaching.teach(goods, teaching.TeachRequest(name='cap', **request))


@pytest.fixture(scope='module')
def taught():
  return teach(min_size='1.2mm', mm_per_px=0.05).taught  # 24 px


@pytest.fixture(scope='module')
def found(taught, tmp_path_factory):
  path = tmp_path_factory.mktemp('recipe') / 'cap.zip'
  store.write(path, taught)
  detector = zeroshot.RecipeDetector.load(path)
  return detector.inspect(part(seed=9, defects=True))


def test_what_is_learned_is_of_the_working_resolution(taught):
  assert taught.maps[FACTOR] == 2
  assert taught.maps[BAR].shape == appearance.cells_of((HEIGHT / 2, WIDTH / 2))
  # Good parts and moves stay as they came.
  assert taught.goods[0].shape[:2] == (HEIGHT, WIDTH)
  assert taught.moves[1].test_shape == (HEIGHT, WIDTH)


def test_boxes_are_in_pixels_of_the_test_picture(found):
  (box,) = found.boxes  # and none of the specks
  assert box[:4] == pytest.approx(DEFECT, abs=10)
  assert box.size_px == pytest.approx(40 * 2**0.5, abs=18)
  assert box.size_mm == pytest.approx(0.05 * box.size_px)


def test_all_comes_back_in_pixels_of_the_test_picture(found):
  shape = HEIGHT, WIDTH
  assert found.score_map.shape == found.valid.shape == shape
  assert found.aligned_reference.shape == found.test.shape == (*shape, 3)
  x1, y1, x2, y2 = DEFECT
  assert found.score_map[y1 + 12 : y2 - 12, x1 + 12 : x2 - 12].min() > 0.3
  inner = np.s_[40:-40, 40:-40]
  difference = cv2.absdiff(found.aligned_reference, found.test)[inner]
  assert np.median(difference) < 12


def test_the_resolution_is_the_one_that_was_taught(taught):
  plain = dataclasses.replace(taught.recipe, min_size=None)
  anew = taught._replace(recipe=plain, maps={})
  assert factor_of(anew) == 1
  # A recipe of before, which was taught at full resolution.
  older = taught._replace(maps={BAR: taught.maps[BAR]})
  assert factor_of(older) == 1
  assert factor_of(taught) == 2


def test_a_smaller_least_size_than_was_taught_for_is_refused(taught, tmp_path):
  smaller = dataclasses.replace(taught.recipe, min_size='8px')
  path = tmp_path / 'cap.recipe'
  store.write(path, taught._replace(recipe=smaller))
  with pytest.raises(ValueError, match='at 1/2 of the resolution; teach it'):
    zeroshot.RecipeDetector.load(path)
  larger = dataclasses.replace(taught.recipe, min_size='60px')
  store.write(path, taught._replace(recipe=larger))
  detector = zeroshot.RecipeDetector.load(path)
  assert detector.recipe.least_size.px == 60


def test_regions_hold_at_the_working_resolution(taught):
  x1, y1, x2, y2 = DEFECT
  around = (x1 - 30.0, y1 - 30.0, x2 + 30.0, y2 + 30.0)
  ignoring = dataclasses.replace(taught.recipe, ignore=(around,))
  opened = network.open_network(ignoring.weights, threshold=ignoring.threshold)
  detector = zeroshot.RecipeDetector(taught._replace(recipe=ignoring), opened)
  inspection = detector.inspect(part(seed=9, defects=True))
  assert not inspection.boxes
  assert not inspection.score_map[y1:y2, x1:x2].any()
