"""From maps to boxes: dropped, then named, then corrected."""

import numpy as np

from tests.detect.test_detector import OPTIONS, two_defects
from zeroshot.detect import boxes, maps, settings
from zeroshot.detect.calibration import Calibration
from zeroshot.detect.postprocess import postprocess


class Namer:
  """Calls every box a spur, and keeps what it was given."""

  def __call__(self, detected, pictures, valid_mask, head_maps):
    self.given = detected, pictures, valid_mask, head_maps
    return detected._replace(kind=('spur',) * len(detected.kind))


def run(head_maps, valid_mask, **changes):
  pair, namer = two_defects(), Namer()
  calibration = changes.pop('calibration', None)
  detected = postprocess(
    head_maps.scores * valid_mask,
    head_maps,
    valid_mask,
    pair,
    options=settings.from_config(OPTIONS | changes),
    calibration=calibration,
    namer=namer,
  )
  return detected, pair, namer


def scores():
  reference, test = two_defects()
  return np.abs(reference - test).max(-1)


def test_what_is_dropped_is_not_named():
  valid_mask = np.ones((60, 80), np.float32)
  valid_mask[:, 70:] = 0
  detected, pair, namer = run(
    maps.HeadMaps(scores()),
    valid_mask,
    min_confidence=0.8,
    calibration=Calibration(1.0, 1.0, 0.0),
  )
  named, pictures, mask, head_maps = namer.given
  assert detected.kind == ('spur',)
  np.testing.assert_array_equal(named.confidence, detected.confidence)
  assert pictures is pair or all(map(np.array_equal, pictures, pair))
  np.testing.assert_array_equal(mask, valid_mask)
  assert head_maps.kinds is None


def test_boxes_are_named_then_corrected():
  everywhere = np.ones((60, 80), np.float32)
  plain, _, _ = run(maps.HeadMaps(scores()), everywhere)
  deltas = np.broadcast_to(np.float32([1, 0, 2, 0]), (60, 80, 4))
  head_maps = maps.HeadMaps(scores(), None, deltas)
  detected, _, namer = run(head_maps, everywhere)
  np.testing.assert_array_equal(namer.given[0].xyxy, plain.xyxy)
  expected = plain.xyxy + np.float32([-1, 0, 2, 0])
  np.testing.assert_allclose(detected.xyxy, expected, atol=1e-5)
  assert detected.kind == ('spur',) * len(plain.kind)


def test_pixels_of_others_are_not_boxed():
  own_mask = np.zeros((60, 80), bool)
  own_mask[:, :40] = True
  detected = postprocess(
    scores(),
    maps.HeadMaps(scores()),
    np.ones((60, 80), np.float32),
    two_defects(),
    options=settings.from_config(OPTIONS),
    own_mask=own_mask,
  )
  np.testing.assert_array_equal(detected.xyxy, [[10, 10, 20, 20]])
  assert len(boxes.select(detected, np.array([True])).kind) == 1
