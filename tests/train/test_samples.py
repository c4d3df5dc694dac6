from __future__ import annotations

import numpy as np

from zeroshot.train import samples
from zeroshot.types import Pair


def test_a_sheet_shows_each_pair_in_a_row():
  reference = np.zeros((2, 5, 7, 3), np.float32)
  test = np.full((2, 5, 7, 3), 0.5, np.float32)
  mask, scores = np.ones((2, 5, 7)), np.full((2, 5, 7), 0.2)
  reference[1] = (1.0, 0.0, 2.0)  # red and blue, one beyond its range
  sheet = samples.draw_sheet(Pair(reference, test, mask), scores)
  gap = 4
  assert sheet.dtype == np.uint8
  assert sheet.shape == (2 * (5 + gap) + gap, 4 * (7 + gap) + gap, 3)
  row = [sheet[gap + 2, gap + 3 + column * (7 + gap), 0] for column in range(4)]
  assert row == [0, 128, 255, 51]
  assert tuple(sheet[gap + 5 + gap + 2, gap + 3]) == (255, 0, 255)
  assert (sheet[0] == 128).all()
  assert (sheet[:, -1] == 128).all()
