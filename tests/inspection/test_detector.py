from __future__ import annotations

import numpy as np
import pytest

import zeroshot
from configs import default
from tests.inspection.parts import BOX_KEYS, KEYS
from zeroshot.detect.scorers import Scorer
from zeroshot.evaluate import defect_free
from zeroshot.inspection import result


@pytest.fixture(scope='module')
def detector():
  return zeroshot.Detector.load('default')


def pair(height=120, width=120):
  """A reference with texture, and a test picture with a square added."""
  draws = np.random.default_rng(0)
  reference = draws.uniform(0.2, 0.4, (height, width, 3)).astype(np.float32)
  test = reference.copy()
  test[40:60, 50:70] = 0.95
  return reference, test


def test_a_difference_is_found_and_told(detector):
  found = detector.inspect(*pair(), name='part 7')
  assert found.verdict == result.DIFFERENT
  box = found.boxes[0]
  assert np.abs(np.array(box[:4]) - [50, 40, 70, 60]).max() < 4
  told = found.to_dict()
  assert told['name'] == 'part 7'
  assert list(told) == KEYS
  assert list(told['boxes'][0]) == BOX_KEYS
  assert found.overlay().shape == found.test.shape


def test_equal_pictures_are_the_same(detector):
  reference, _ = pair()
  found = detector.inspect(reference, reference)
  assert found.verdict == result.SAME
  assert found.boxes == ()


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
    Scorer(lambda *_: scores, stride_px=1), settings, None, threshold=threshold
  )
  found = inspector.inspect(reference, reference)
  (box,) = found.candidates
  assert box.confidence == confidence < threshold
  assert (found.verdict, found.boxes) == (result.SAME, ())
  assert found.at(threshold).verdict == result.SAME
  at_it = found.at(float(confidence))
  assert at_it.verdict == result.DIFFERENT
  assert at_it.to_dict()['boxes'] == [
    {'x1': 20.0, 'y1': 20.0, 'x2': 30.0, 'y2': 30.0}
    | {'confidence': 0.9346, 'kind': box.kind}
  ]
