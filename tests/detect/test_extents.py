"""The extent of differences, on pictures made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.detect.components import find_components, mean_over_highest
from zeroshot.detect.extents import extents

SHAPE = (40, 60)


def plane(*rectangles, value=1.0, ground=0.0):
  """A map with rectangles, each y1, y2, x1, x2."""
  result = np.full(SHAPE, ground, np.float32)
  for y1, y2, x1, x2 in rectangles:
    result[y1:y2, x1:x2] = value
  return result


def image(grey):
  return np.repeat(grey[..., None], 3, axis=2)


def reach(scores, pictures=None, *, extent_share=0.4, hidden_px=0.0):
  components = find_components(scores, scores > 0.1, join_px=0.0, num_least=1)
  return extents(
    components,
    scores,
    mean_over_highest(components, scores),
    pictures,
    extent_share=extent_share,
    hidden_px=hidden_px,
  )


def faded():
  """Scores of 0.9 on 4 x 6 pixels, fading by steps over 3 more all round."""
  scores = plane()
  for out, value in ((3, 0.2), (2, 0.3), (1, 0.5), (0, 0.9)):
    scores[20 - out : 24 + out, 30 - out : 36 + out] = value
  return scores


@pytest.mark.parametrize(
  ('extent_share', 'out'), [(0.0, 3), (0.3, 2), (0.5, 1), (0.9, 0)]
)
def test_without_pictures_a_share_of_the_score_decides(extent_share, out):
  boxes = reach(faded(), extent_share=extent_share, hidden_px=5.0)
  np.testing.assert_array_equal(
    boxes, [[30 - out, 20 - out, 36 + out, 24 + out]]
  )
  assert boxes.dtype == np.float32


@pytest.mark.parametrize('strength', [1.0, 0.05])
def test_pictures_tell_it_to_the_pixel(strength):
  changed = plane((19, 25, 33, 36), (10, 12, 10, 12), value=strength)
  pictures = image(plane()), image(changed)
  np.testing.assert_array_equal(reach(faded(), pictures), [[33, 19, 36, 25]])
  np.testing.assert_array_equal(
    reach(faded(), pictures, extent_share=0.0), [[27, 17, 39, 27]]
  )


def test_where_score_and_change_lie_apart_it_is_the_whole_component():
  scores = plane((20, 24, 30, 36), value=0.2)
  scores[20, 30:35] = 0.9
  scores[20, 35] = 0.5  # the sixth of the highest 6 pixels of 24
  changed = plane()
  changed[20, 35] = 1.0  # and the only one of them that changed
  changed[23, 30:36] = 1.0
  pictures = image(plane()), image(changed)
  boxes = reach(scores, pictures, extent_share=0.9)
  np.testing.assert_array_equal(boxes, [[30, 20, 36, 24]])


def test_a_share_of_one_survives_rounding():
  scores = np.zeros(SHAPE)
  scores[5, 5:8] = 0.1 + 1e-9
  components = find_components(scores, scores > 0, join_px=0.0, num_least=3)
  typical = mean_over_highest(components, scores)
  box = extents(
    components, scores, typical, None, extent_share=1.0, hidden_px=0.0
  )
  np.testing.assert_array_equal(box, [[5, 5, 8, 6]])


COPPER, BOARD = 0.0, 1.0
# A trace runs down between the columns 30 and 40.
TRACE = plane((0, 40, 30, 40), value=COPPER, ground=BOARD)


def changed_trace(y1, y2, x1, x2, value):
  test = TRACE.copy()
  test[y1:y2, x1:x2] = value
  return test


@pytest.mark.parametrize(
  ('box', 'value', 'sides'),
  [
    ((15, 21, 5, 14), COPPER, (0, 0, 0, 0)),  # an island
    ((15, 21, 33, 37), BOARD, (0, 0, 0, 0)),  # a hole
    ((15, 21, 40, 48), COPPER, (1, 0, 0, 0)),  # a spur on its right
    ((15, 21, 22, 30), COPPER, (0, 0, 1, 0)),  # and on its left
    ((15, 21, 30, 34), BOARD, (1, 0, 0, 0)),  # a bite from its left
    ((15, 21, 30, 40), BOARD, (1, 0, 1, 0)),  # cut through
  ],
)
def test_it_runs_on_into_like_material(box, value, sides):
  test = changed_trace(*box, value)
  y1, y2, x1, x2 = box
  scores = np.abs(test - TRACE)
  pictures = image(TRACE), image(test)
  np.testing.assert_array_equal(reach(scores, pictures), [[x1, y1, x2, y2]])
  wide = reach(scores, pictures, hidden_px=2.0)[0]
  left, top, right, bottom = sides
  np.testing.assert_array_equal(
    wide, [x1 - 2 * left, y1 - 2 * top, x2 + 2 * right, y2 + 2 * bottom]
  )


def test_turned_pictures_give_turned_boxes():
  test = changed_trace(15, 21, 40, 48, COPPER)
  pictures = image(TRACE), image(test)
  upright = reach(np.abs(test - TRACE), pictures, hidden_px=2.0)[0]
  turned = tuple(picture.transpose(1, 0, 2) for picture in pictures)
  lying = reach(np.abs(test - TRACE).T, turned, hidden_px=2.0)[0]
  np.testing.assert_array_equal(lying, upright[[1, 0, 3, 2]])


def test_beyond_the_picture_nothing_runs_on():
  test = TRACE.copy()
  test[0:6, 30:40] = BOARD
  boxes = reach(
    np.abs(test - TRACE), (image(TRACE), image(test)), hidden_px=2.0
  )
  np.testing.assert_array_equal(boxes, [[28, 0, 42, 6]])


def test_each_component_has_sides_of_its_own():
  test = changed_trace(15, 21, 40, 48, COPPER)
  test[30:34, 5:9] = COPPER
  boxes = reach(
    np.abs(test - TRACE), (image(TRACE), image(test)), hidden_px=2.0
  )
  np.testing.assert_array_equal(boxes, [[38, 15, 48, 21], [5, 30, 9, 34]])


def test_no_component_has_no_box():
  pictures = image(plane()), image(plane())
  assert reach(plane(), pictures, hidden_px=2.0).shape == (0, 4)
