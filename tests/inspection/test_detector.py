"""``Detector``: verdicts, boxes and thresholds."""

from __future__ import annotations

import numpy as np
import pytest

import zeroshot
from configs import default
from tests import samples
from zeroshot.detect.detector import build_detector
from zeroshot.detect.scorers import Scorer
from zeroshot.evaluate import defect_free
from zeroshot.inspection import result


@pytest.fixture(scope='module')
def detector():
  return samples.load_detector()


def test_a_difference_is_detected_and_described(detector):
  box = (50, 40, 70, 60)
  pair = samples.noise_pair(120, 120, box=box)
  inspection = detector.inspect(*pair, name='part 7')
  assert inspection.verdict == result.DIFFERENT
  assert np.abs(np.array(inspection.boxes[0][:4]) - box).max() < 4
  record = inspection.to_dict()
  assert record['name'] == 'part 7'
  assert ' '.join(record) == (
    'name verdict boxes threshold registration seconds warnings '
    'min_size_px mm_per_px'
  )
  assert ' '.join(record['boxes'][0]) == (
    'x1 y1 x2 y2 confidence kind size_px size_mm area_px sign severity'
  )
  assert inspection.overlay().shape == inspection.test.shape


def test_equal_pictures_are_the_same(detector):
  reference, _ = samples.noise_pair()
  inspection = detector.inspect(reference, reference)
  assert inspection.verdict == result.SAME
  assert inspection.boxes == ()


def test_a_threshold_just_above_a_box_keeps_it_out():
  # Rounded to what is printed, 0.9346, the box would reach the threshold.
  confidence = np.float32(0.93456)
  threshold = defect_free.threshold_for(
    [np.array([confidence, 1.0], np.float32)], false_boxes_per_pair=1.0
  )
  scores = np.zeros((48, 48), np.float32)
  scores[20:30, 20:30] = confidence
  draws = np.random.default_rng(0)
  reference = draws.uniform(0.2, 0.6, (48, 48, 3)).astype(np.float32)
  settings = {**default.get_config().detect, 'registration': 'none'}
  inspector = zeroshot.Detector(
    build_detector(Scorer(lambda *_: scores, stride_px=1), settings),
    threshold=threshold,
  )
  inspection = inspector.inspect(reference, reference)
  (box,) = inspection.candidates
  assert box.confidence == confidence < threshold
  assert (inspection.verdict, inspection.boxes) == (result.SAME, ())
  assert inspection.at(threshold).verdict == result.SAME
  at_it = inspection.at(float(confidence))
  assert at_it.verdict == result.DIFFERENT
  assert at_it.to_dict()['boxes'] == [
    {'x1': 20.0, 'y1': 20.0, 'x2': 30.0, 'y2': 30.0}
    | {'confidence': 0.9346, 'kind': box.kind}
    | {'size_px': 10.0, 'size_mm': None, 'area_px': 100}
    | {'sign': 'lighter', 'severity': 0.0}
  ]
