"""Size, area, contrast and sign of differences, on pictures made by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from zeroshot.detect import boxes, measures
from zeroshot.types import SIGNS

GREY = np.full((80, 100, 3), 120, np.uint8)


def measured(test, reference=GREY):
  """The boxes of what differs; scores are 1 there."""
  scores = (test != reference).any(axis=2).astype(np.float32)
  return boxes.boxes_from_scores(
    scores,
    None,
    (reference, test),
    threshold=0.1,
    min_area_px=1,
    join_px=2,
    extent_share=0.4,
    hidden_px=0,
  )


def painted(*areas, colour=(0, 0, 0)):
  test = GREY.copy()
  for y1, y2, x1, x2 in areas:
    test[y1:y2, x1:x2] = colour
  return test


def test_an_upright_rectangle_has_its_longer_side():
  found = measured(painted((10, 16, 20, 50)))
  assert found.measures.size_px == pytest.approx([30])
  assert found.measures.area_px == pytest.approx([180])
  assert found.measures.contrast == pytest.approx([120 / 255])


def test_a_splinter_has_its_length_however_it_lies():
  test = GREY.copy()
  cv2.line(test, (20, 10), (80, 70), (255, 255, 255), 3)
  found = measured(test)
  length = 60 * 2**0.5
  assert found.measures.size_px == pytest.approx([length], abs=5)
  assert found.measures.size_px[0] > found.xyxy[0, 2] - found.xyxy[0, 0]


@pytest.mark.parametrize(
  ('colour', 'sign'),
  [
    ((200, 200, 200), 'lighter'),
    ((30, 40, 30), 'darker'),
    ((180, 90, 120), 'colour'),
    ((60, 140, 120), 'colour'),
  ],
)
@pytest.mark.parametrize('kind', [np.uint8, np.float32])
def test_the_sign_says_how_it_looks(colour, sign, kind):
  test = painted((10, 20, 10, 20), colour=colour)
  reference = GREY
  if kind is np.float32:
    test, reference = (each.astype(kind) / 255 for each in (test, reference))
  (index,) = measured(test, reference).measures.sign
  assert SIGNS[index] == sign


def test_measures_go_with_their_boxes():
  test = painted((5, 10, 5, 10), (40, 60, 40, 70))
  found = measured(test)
  for box, size in zip(found.xyxy, found.measures.size_px, strict=True):
    assert size == box[2] - box[0]
  chosen = boxes.select(found, np.array([False, True]))
  assert chosen.measures.size_px == found.measures.size_px[1:]
  both = boxes.merge([found, measured(GREY), chosen])
  assert len(both.measures.size_px) == len(both.xyxy) == 3
  assert both.measures.sign.dtype == np.int8
  larger = measures.enlarge(found.measures, 3)
  assert larger.area_px == pytest.approx(9 * found.measures.area_px)
  assert larger.size_px == pytest.approx(3 * found.measures.size_px)
  assert larger.contrast == pytest.approx(found.measures.contrast)
