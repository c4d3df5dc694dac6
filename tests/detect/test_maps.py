"""The outputs of a pair head, split and read for each component."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.detect import maps


def test_plain_scores_are_all_there_is():
  scores = np.zeros((4, 5), np.float32)
  head_maps = maps.split(scores, num_kinds=0, regresses_boxes=False)
  assert head_maps.scores is scores
  assert head_maps.kinds is None
  assert head_maps.box_deltas is None


@pytest.mark.parametrize('num_kinds', [0, 3])
@pytest.mark.parametrize('regresses_boxes', [False, True])
def test_layers_are_taken_apart_in_order(num_kinds, regresses_boxes):
  count = 1 + num_kinds + 4 * regresses_boxes
  layers = np.broadcast_to(np.arange(count), (2, 3, count))
  head_maps = maps.split(
    layers, num_kinds=num_kinds, regresses_boxes=regresses_boxes
  )
  assert (head_maps.scores == 0).all()
  if num_kinds:
    assert head_maps.kinds[0, 0].tolist() == [1, 2, 3]
  else:
    assert head_maps.kinds is None
  if regresses_boxes:
    assert head_maps.box_deltas[0, 0].tolist() == list(
      range(1 + num_kinds, count)
    )
  else:
    assert head_maps.box_deltas is None


def two_regions():
  scores = np.zeros((20, 30), np.float32)
  scores[4:8, 3:9] = 0.9
  scores[12:15, 20:24] = 0.8
  return scores


def test_sides_move_outward_by_what_the_scoring_pixels_say():
  scores = two_regions()
  box_deltas = np.full((20, 30, 4), 99.0, np.float32)  # where nothing scores
  box_deltas[4:8, 3:9] = [1, 2, 3, -1]
  box_deltas[12:15, 20:24] = 0
  box_deltas[12:15, 20:22] = 4  # half of the second region
  before = np.array([[3, 4, 9, 8], [20, 12, 24, 15]], np.float32)
  moved = (
    maps.correct_boxes(before, maps.HeadMaps(scores, box_deltas=box_deltas))
    - before
  )
  np.testing.assert_allclose(moved[0], [-1, -2, 3, -1], atol=1e-5)
  np.testing.assert_allclose(moved[1], [-2, -2, 2, 2], atol=1e-5)


def test_a_box_without_a_scoring_pixel_stays():
  before = np.array([[0, 0, 2, 2]], np.float32)
  head_maps = maps.HeadMaps(
    two_regions(), box_deltas=np.ones((20, 30, 4), np.float32)
  )
  np.testing.assert_array_equal(maps.correct_boxes(before, head_maps), before)


def test_a_side_never_passes_its_opposite():
  before = np.array([[3, 4, 9, 8], [20, 12, 24, 15]], np.float32)
  box_deltas = np.full((20, 30, 4), -9.0, np.float32)
  corrected = maps.correct_boxes(
    before, maps.HeadMaps(two_regions(), box_deltas=box_deltas)
  )
  assert (corrected[:, :2] + 1 <= corrected[:, 2:]).all()


def test_the_kind_is_what_the_scoring_pixels_say():
  scores = two_regions()
  kinds = np.zeros((20, 30, 2), np.float32)
  kinds[..., 0] = 1
  kinds[4:8, 3:6] = [0, 1]  # half of the first region
  kinds[12:15, 20:24] = [0.25, 0.75]
  boxes = np.array([[1, 2, 11, 10], [18, 10, 26, 17]], np.float32)
  probabilities = maps.kind_probabilities(boxes, maps.HeadMaps(scores, kinds))
  np.testing.assert_allclose(
    probabilities, [[0.5, 0.5], [0.25, 0.75]], atol=1e-6
  )
  assert probabilities.dtype == np.float32


def test_without_a_scoring_pixel_all_kinds_are_alike():
  probabilities = maps.kind_probabilities(
    np.array([[2, 2, 5, 5], [40, 40, 50, 50]], np.float32),
    maps.HeadMaps(np.zeros((20, 30)), np.ones((20, 30, 4)) / 4),
  )
  np.testing.assert_allclose(probabilities, np.full((2, 4), 0.25))
  none = maps.kind_probabilities(
    np.zeros((0, 4)), maps.HeadMaps(np.zeros((2, 2)), np.ones((2, 2, 4)))
  )
  assert none.shape == (0, 4)
