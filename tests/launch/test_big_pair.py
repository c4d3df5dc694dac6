"""A pair too large to be taken whole, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from launch import big_pair
from tests import xla_flags
from zeroshot.detect import settings


def places(side, count):
  return big_pair._places(np.random.default_rng(0), side, side, count)


def test_the_smallest_pair_has_room_for_defects():
  assert places(big_pair._MIN_PX, 24).shape == (24, 2)


@pytest.mark.parametrize(('side', 'count'), [(1500, 2), (1600, 1000)])
def test_no_room_for_defects_is_told(side, count):
  with pytest.raises(ValueError, match=f'--defects={count}: no room .*--width'):
    places(side, count)


def test_a_pair_without_defects():
  corners = places(2000, 0)
  assert corners.shape == (0, 2)
  boxes = np.array([[0, 0, 5, 5], [9, 9, 20, 20]])
  # As they come out of the file.
  hits = big_pair._overlap(boxes, np.array(corners.tolist()))
  assert hits.shape == (2, 0)


@pytest.mark.slow
def test_a_large_pair_takes_bounded_memory_and_nothing_is_missed():
  width, height = 4500, 3400
  assert width * height > settings.LARGE_PX
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'launch.big_pair', '--suffix=.png'),
      *(f'--width={width}', f'--height={height}', '--defects=24'),
    ],
    env=os.environ | dict(XLA_FLAGS=xla_flags.of(devices=1)),
    check=True,
    capture_output=True,
    text=True,
  )
  told = json.loads(done.stdout)
  assert (told['width'], told['height']) == (width, height)
  assert (told['found'], told['defects']) == (24, 24)
  assert told['false_boxes'] == 0
  assert told['registration']['method'] == 'affine'
  assert told['registration']['shift_px'] == pytest.approx(10.8, abs=0.3)
  # What JAX and a tile take, and so much a pixel: 12,000 x 9,000 in 4 GB.
  assert told['peak_bytes'] < 1.8e9 + 20 * width * height
