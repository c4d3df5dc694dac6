"""Teaching and inspecting: variants, misfits, one good part, regions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import zeroshot
from tests import drawn_parts
from zeroshot.inspection.could_not_align import REASON
from zeroshot.recipe import network, recipe, store, teaching


def teach(goods, **request):
  return teaching.teach(goods, teaching.TeachRequest(name='cap', **request))


def detector_of(taught):
  settings = taught.recipe
  opened = network.open_network(settings.weights, threshold=settings.threshold)
  return zeroshot.RecipeDetector(taught, opened)


@pytest.fixture(scope='module')
def two_variants():
  goods = [
    drawn_parts.part(('blue', 'red')[seed % 2], seed=seed) for seed in range(4)
  ]
  other = np.random.default_rng(1).integers(0, 255, goods[0].shape)
  return teach([*goods, other.astype(np.uint8)])


def test_a_picture_that_does_not_fit_is_named_and_left_out(two_variants):
  (left_out,) = two_variants.left_out
  assert 'does not show the same part' in left_out.reason
  assert len(two_variants.taught.goods) == 4
  (event,) = two_variants.taught.history
  assert event['left_out'] == [left_out._asdict()]


def test_two_variants_pass_and_a_third_does_not(two_variants):
  detector = detector_of(two_variants.taught)
  for colour, verdict in (
    ('blue', 'same'),
    ('red', 'same'),
    ('green', 'different'),
  ):
    inspection = detector.inspect(drawn_parts.part(colour, seed=9))
    assert inspection.verdict == verdict, colour
  box = inspection.boxes[0]
  assert np.abs((box.x1 + box.x2) / 2 - drawn_parts.CENTRE[0]) < 10
  assert np.abs((box.y1 + box.y2) / 2 - drawn_parts.CENTRE[1]) < 10


def test_what_good_parts_say_is_told(two_variants):
  settings = two_variants.taught.recipe
  assert settings.verdict.startswith('4 parts, stable')
  assert 'with 4 parts' in settings.certainty
  assert settings.tolerance > 0


def test_one_good_part_gives_what_the_detector_gives(tmp_path):
  good, test = (drawn_parts.part('blue', seed=seed) for seed in (0, 1))
  test[60:70, 60:75] = 10
  store.write(tmp_path / 'one.recipe', teach([good]).taught)
  first = zeroshot.RecipeDetector.load(tmp_path / 'one.recipe').inspect(test)
  second = zeroshot.Detector.load().inspect(good, test)
  assert first.boxes == second.boxes
  assert first.boxes
  assert first.registration == second.registration
  np.testing.assert_array_equal(first.score_map, second.score_map)


def test_a_part_that_cannot_be_aligned(two_variants):
  noise = np.random.default_rng(2).integers(0, 255, (192, 256, 3))
  noise = noise.astype(np.uint8)
  with pytest.raises(zeroshot.CouldNotAlignError):
    detector_of(two_variants.taught).inspect(noise)
  settings = dataclasses.replace(
    two_variants.taught.recipe, on_alignment_failure=recipe.DIFFERENT
  )
  detector = detector_of(two_variants.taught._replace(recipe=settings))
  inspection = detector.inspect(noise)
  assert inspection.verdict == 'different'
  assert inspection.boxes[0].kind == REASON
  assert REASON in inspection.warnings[0]
  assert inspection.overlay().shape == noise.shape


def test_regions_are_of_the_part_and_have_sensitivities(two_variants):
  x, y = drawn_parts.CENTRE
  green = drawn_parts.part('green', seed=9)
  settings = two_variants.taught.recipe
  around = (x - 40.0, y - 40.0, x + 40.0, y + 40.0)
  ignoring = dataclasses.replace(settings, ignore=(around,))
  taught = two_variants.taught._replace(recipe=ignoring)
  assert detector_of(taught).inspect(green).verdict == 'same'
  full, weighed = (
    detector_of(
      two_variants.taught._replace(
        recipe=dataclasses.replace(
          settings, inspect=(recipe.InspectedRegion(around, sensitivity),)
        )
      )
    )
    .inspect(green)
    .candidates[0]
    for sensitivity in (1.0, 0.05)
  )
  assert weighed.confidence == pytest.approx(1 - (1 - full.confidence) ** 0.05)
  assert weighed.severity < full.severity


def test_weights_that_are_others_are_refused(two_variants):
  wrong = network.identify('photographs')._replace(sha256='0' * 64)
  with pytest.raises(ValueError, match='teach it again'):
    network.open_network(wrong)


def test_several_good_parts_have_a_lower_threshold_unless_one_is_given(
  two_variants,
):
  goods = [drawn_parts.part('blue', seed=seed) for seed in range(2)]
  calibrated = teach(goods[:1]).taught.recipe.threshold
  assert calibrated == zeroshot.Detector.load().threshold
  taught = two_variants.taught.recipe.threshold
  assert taught == pytest.approx(0.6 * calibrated, abs=1e-4)
  assert teach(goods, threshold=0.3).taught.recipe.threshold == 0.3
