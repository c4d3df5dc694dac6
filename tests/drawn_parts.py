"""Drawn parts of one product: a case on a board, with a coloured capacitor.

goods = [drawn_parts.part('blue', seed=seed) for seed in range(4)]
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.types import HostArray

COLOURS = {'blue': (40, 60, 200), 'red': (200, 50, 40), 'green': (40, 180, 60)}
CENTRE = (128, 96)  # of the capacitor, x and y


def part(colour: str, *, seed: int) -> HostArray:
  """A part, uint8 ``[192, 256, 3]``, shifted by up to 3 px, with noise."""
  draws = np.random.default_rng(5)
  board = draws.integers(0, 255, (192, 256, 3)).astype(np.uint8)
  board = cv2.GaussianBlur(board, (0, 0), 3)
  board = cv2.normalize(board, None, 60, 200, cv2.NORM_MINMAX)
  cv2.rectangle(board, (40, 40), (216, 160), (120, 120, 120), -1)
  cv2.circle(board, CENTRE, 24, COLOURS[colour], -1)
  cv2.putText(board, 'C12', (50, 150), 0, 0.7, (240, 240, 240), 2)
  take = np.random.default_rng(seed)
  board = np.roll(board, tuple(take.integers(-3, 4, 2)), (0, 1))
  noisy = board + take.normal(0, 3, board.shape)
  return np.clip(noisy, 0, 255).astype(np.uint8)


def write(path: str, pixels: HostArray) -> None:
  """Writes a part as a picture file."""
  assert cv2.imwrite(path, pixels[..., ::-1])
