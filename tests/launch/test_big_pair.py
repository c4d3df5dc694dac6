"""A pair too large to be taken whole, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests import xla_flags
from zeroshot.detect import streamed


@pytest.mark.slow
def test_a_large_pair_takes_bounded_memory_and_nothing_is_missed():
  width, height = 4500, 3400
  assert width * height > streamed.FROM_PX
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
