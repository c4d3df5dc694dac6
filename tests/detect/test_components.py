"""Components by hand; test_boxes.py compares them with a flood fill."""

from __future__ import annotations

import numpy as np

from zeroshot.detect.components import find_components, mean_over_highest


def scores():
  result = np.zeros((12, 20), np.float32)
  result[2:4, 2:6] = [[0.9, 0.8, 0.7, 0.6], [0.5, 0.4, 0.3, 0.2]]
  result[7, 10:13] = 0.35
  return result


def find(join_px=0.0, num_least=1):
  return find_components(
    scores(), scores() > 0.1, join_px=join_px, num_least=num_least
  )


def test_pixels_lie_by_component_the_highest_first():
  components = find()
  assert components.area.tolist() == [8, 3]
  assert components.starts.tolist() == [0, 8]
  assert components.label.tolist() == [0] * 8 + [1] * 3
  values = scores()[components.y, components.x]
  np.testing.assert_array_equal(values[:8], np.sort(values[:8])[::-1])


def test_a_quarter_is_highest_or_so_many_as_asked_for():
  assert (
    find().highest.tolist() == [True] * 2 + [False] * 6 + [True] + [False] * 2
  )
  more = find(num_least=4).highest
  assert more.tolist() == [True] * 4 + [False] * 4 + [True] * 3


def test_the_mean_is_over_the_highest():
  np.testing.assert_allclose(
    mean_over_highest(find(), scores()), [0.85, 0.35], rtol=1e-6
  )
  place = np.tile(np.arange(20.0), (12, 1))
  np.testing.assert_allclose(mean_over_highest(find(), place)[0], 2.5)


def test_what_is_joined_is_one():
  components = find(join_px=8.0)
  assert components.area.tolist() == [11]


def test_an_empty_mask_has_no_component():
  empty = np.zeros((5, 5), np.float32)
  components = find_components(empty, empty > 0, join_px=2.0, num_least=3)
  assert (
    components.x.shape
    == components.label.shape
    == components.highest.shape
    == (0,)
  )
  assert components.area.shape == components.starts.shape == (0,)
  assert mean_over_highest(components, empty).shape == (0,)
