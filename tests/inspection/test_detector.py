from __future__ import annotations

import numpy as np
import pytest

import zeroshot
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
  assert list(told) == [
    'name',
    'verdict',
    'boxes',
    'threshold',
    'registration',
    'seconds',
  ]
  assert list(told['boxes'][0]) == [
    'x1',
    'y1',
    'x2',
    'y2',
    'confidence',
    'kind',
  ]
  assert found.overlay().shape == found.test.shape


def test_equal_pictures_are_the_same(detector):
  reference, _ = pair()
  found = detector.inspect(reference, reference)
  assert found.verdict == result.SAME
  assert found.boxes == ()
