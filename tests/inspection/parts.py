"""A pair that differs in one known place, and whether that was found."""

from __future__ import annotations

import functools

import numpy as np

import zeroshot

KEYS = ['name', 'verdict', 'boxes', 'threshold', 'registration', 'seconds']
BOX_KEYS = ['x1', 'y1', 'x2', 'y2', 'confidence', 'kind']
FOUND_AT = (50, 40, 70, 60)  # where the pair below differs


@functools.cache
def load():
  """The detector of the weights that ship, one for all files of tests."""
  return zeroshot.Detector.load('default')


def reference_picture(size_px=120, seed=0):
  """Cells, light and dark, uint8."""
  cells = np.random.default_rng(seed).integers(0, 2, (8, 8), np.uint8)
  plane = np.kron(60 + 140 * cells, np.ones((15, 15), np.uint8))
  return np.repeat(plane[:size_px, :size_px, None], 3, axis=2)


def pair():
  """A reference, and a test picture in which a square is inverted."""
  reference = reference_picture()
  test = reference.copy()
  x1, y1, x2, y2 = FOUND_AT
  test[y1:y2, x1:x2] = 255 - test[y1:y2, x1:x2]
  return reference, test


def found_where_it_is(found, at=FOUND_AT):
  """Whether the surest boxes lie where the pair differs, and all within."""
  height, width = found.test.shape[:2]
  for x1, y1, x2, y2, *_ in found.candidates:
    assert 0 <= x1 <= x2 <= width
    assert 0 <= y1 <= y2 <= height
  x1, y1, x2, y2 = np.array([box[:4] for box in found.boxes]).reshape(-1, 4).T
  across, down = (x1 + x2) / 2, (y1 + y2) / 2
  inside = (at[0] <= across) & (across <= at[2])
  inside &= (at[1] <= down) & (down <= at[3])
  return found.verdict == 'different' and bool(inside.all())
