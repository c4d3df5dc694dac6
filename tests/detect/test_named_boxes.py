"""Boxes get kinds on their way through detection."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from configs import default
from tests.detect.test_detector import plain_score
from zeroshot.detect import detector, scorers
from zeroshot.registration.lighting import with_lighting_of

# --- Kinds ------------------------------------------------------------------


def circuit():
  """Two traces of copper, and what is left of them: an open and an island."""
  reference = np.full((90, 120, 3), 0.9, np.float32)
  reference[20:32] = reference[60:72] = 0.1
  test = reference.copy()
  test[20:32, 50:60] = 0.9
  test[42:50, 80:88] = 0.1
  return reference, test


def kinds_found(reference, test, valid=None, *, scorer=None, **changes):
  """Kinds by the left side of their boxes."""
  config = default.get_config().detect
  config.update(dict(registration='none', threshold=0.3) | changes)
  scorer = scorer or scorers.Scorer(plain_score, stride_px=1)
  boxes = detector.build_detector(scorer, config)(reference, test, valid).boxes
  lefts = boxes.xyxy[:, 0].astype(int).tolist()
  return dict(zip(lefts, boxes.kind, strict=True)), boxes.kind_confidence


def test_boxes_are_named():
  names, confidence = kinds_found(*circuit())
  assert names == {50: 'open', 80: 'copper'}
  assert confidence.shape == (2,)
  assert (confidence > 0.99).all()


def test_kinds_can_be_switched_off():
  names, confidence = kinds_found(*circuit(), kinds='none')
  assert names == {50: 'difference', 80: 'difference'}
  assert confidence is None


def test_an_unknown_way_to_name_kinds_is_named():
  with pytest.raises(ValueError, match="'topology', 'learned'") as raised:
    kinds_found(*circuit(), kinds='magic')
  assert "'magic'" in str(raised.value)


def test_the_classical_baseline_names_kinds_too():
  scores = default.get_config().classical.scores
  names, _ = kinds_found(*circuit(), scorer=scorers.classical_scorer(scores))
  assert sorted(names.values()) == ['copper', 'open']


def test_kinds_are_read_off_the_registered_reference_in_one_light():
  reference, test = circuit()
  for column in (8, 30, 66, 100):  # something to register by
    for image in (reference, test):
      image[:20, column : column + 5] = 0.1
      image[72:, column + 4 : column + 13] = 0.1
  test = 0.6 * test + 0.1
  moved = np.roll(reference, (3, 2), (0, 1))
  look = functools.partial(
    kinds_found,
    scorer=scorers.Scorer(
      lambda a, b: plain_score(with_lighting_of(b, a), b), stride_px=1
    ),
    min_area_px=40.0,
  )
  assert look(moved, test, registration='affine')[0] == {
    50: 'open',
    80: 'copper',
  }
  assert len(look(moved, test)[0]) != 2  # where it is not moved back
