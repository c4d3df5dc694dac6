"""A pair that needs tiles, in a process of its own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests import command_line
from zeroshot.detect import settings
from zeroshot.profiling import large_pair


def test_a_box_hits_a_defect_where_they_share_a_pixel():
  boxes = np.array([[0, 0, 5, 5], [9, 9, 20, 20]])
  corners = np.array([[4, 4], [20, 9]])  # of squares of 12 px
  hits = large_pair.overlap(boxes, corners)
  np.testing.assert_array_equal(hits, [[True, False], [True, False]])


def test_neither_boxes_nor_defects_are_no_hits():
  boxes = np.array([[0, 0, 5, 5], [9, 9, 20, 20]])
  # Empty arrays as they come out of the file and of the inspection.
  assert large_pair.overlap(boxes, np.array([])).shape == (2, 0)
  assert large_pair.overlap(np.array([]), np.zeros((3, 2))).shape == (0, 3)


@pytest.mark.slow
def test_a_large_pair_takes_bounded_memory_and_nothing_is_missed():
  width, height = 4500, 3400
  assert width * height > settings.LARGE_PX
  done = command_line.run(
    *('launch.big_pair', '--suffix=.png', '--defects=24'),
    *(f'--width={width}', f'--height={height}'),
    devices=1,
  )
  assert done.returncode == 0, done.stderr
  measured = json.loads(done.stdout)
  assert (measured['width'], measured['height']) == (width, height)
  assert (measured['found'], measured['defects']) == (24, 24)
  assert measured['false_boxes'] == 0
  assert measured['registration']['method'] == 'affine'
  assert measured['registration']['shift_px'] == pytest.approx(10.8, abs=0.3)
  # What JAX and a tile take, and so much a pixel: 12,000 x 9,000 in 4 GB.
  assert measured['peak_bytes'] < 1.8e9 + 20 * width * height
