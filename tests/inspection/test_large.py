"""The checks before large pictures are compared, on small ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.detect.test_tiles import LOCAL, config
from zeroshot.detect.detector import build_detector
from zeroshot.inspection import detector


def scene(seed=0, height=260, width=300):
  rng = np.random.default_rng(seed)
  coarse = rng.uniform(30, 225, (height // 10, width // 10, 3))
  return cv2.resize(
    coarse.astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC
  )


@pytest.fixture
def large():
  """A detector, and its calls of the scorer."""
  calls = []

  def score(reference, test):
    calls.append(1)
    return LOCAL.score(reference, test)

  inspector = detector.Detector(
    build_detector(LOCAL._replace(score=score), config(kinds='none')),
    threshold=0.3,
  )
  return inspector, calls


@pytest.mark.parametrize(
  ('reference', 'match'),
  [
    (scene(1), 'do not show the same part'),
    (scene()[:, ::-1], 'are mirror images'),
  ],
)
def test_what_cannot_be_compared_is_refused_at_a_glance(
  large, reference, match
):
  inspector, calls = large
  with pytest.raises(ValueError, match=match):
    inspector.inspect(reference, scene())
  assert not calls


def test_a_reference_upside_down_is_turned_and_looked_at_once(large):
  inspector, calls = large
  test = scene()
  spot = test[100:112, 150:162]
  spot[:] = 255 * (spot < 128)
  result = inspector.inspect(scene()[::-1, ::-1], test)
  assert len(calls) == 1
  assert abs(result.registration.rotation_deg) == pytest.approx(180, abs=0.1)
  assert np.abs(np.array(result.boxes[0][:4]) - [150, 100, 162, 112]).max() < 4
  difference = np.abs(result.aligned_reference.astype(int) - scene())
  assert difference.mean() < 2


def test_what_lies_around_a_part_may_differ(large):
  inspector, _ = large
  test, part = scene(1), (slice(60, 190), slice(60, 190))
  test[part] = scene()[part]
  place = (70, 70, 180, 180)
  assert inspector.inspect(scene(), test, roi=[place]).verdict == 'same'
