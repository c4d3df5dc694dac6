"""Pictures for tests: pairs with a known difference, and damaged files."""

from __future__ import annotations

import functools

import numpy as np

import zeroshot
from zeroshot.data import pictures

CHANGED = (50, 40, 70, 60)  # x1, y1, x2, y2 of the difference of ``cell_pair``

# Name of a damaged file -> the error that reading it raises.
BAD = {
  'cut.jpg': 'cut.jpg: the picture is cut short',
  'cut.png': 'cut.png: the picture is cut short',
  'empty.png': 'empty.png: the file is empty',
  'missing.png': 'missing.png: no such file',
  'text.png': 'text.png: not a picture',
  'flipped.png': 'flipped.png: not a picture',
  'folder.png': 'folder.png: cannot be read',
}


def noise(height=24, width=32, seed=0):
  rng = np.random.default_rng(seed)
  return rng.random((height, width, 3), np.float32)


def write_good(path, **size):
  pictures.write_picture(path, noise(**size))
  return path


def write_bad(path):
  """Writes the bad file of this name, see ``BAD``."""
  kind = path.stem
  if kind == 'empty':
    path.touch()
  elif kind == 'text':
    path.write_text('a note, renamed')
  elif kind == 'folder':
    path.mkdir()
  elif kind == 'cut':
    data = write_good(path).read_bytes()
    path.write_bytes(data[: len(data) // 2])
  elif kind == 'flipped':
    data = bytearray(write_good(path).read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
  else:
    assert kind == 'missing', path
  return path


def write_all_bad(folder):
  """Writes every bad file there is."""
  return [write_bad(folder / name) for name in BAD]


@functools.cache
def load_detector():
  """The detector of the shipped weights, shared by all tests."""
  return zeroshot.Detector.load('default')


def cells(size_px=120, seed=0):
  """Cells of two shades of grey, uint8 ``[H, W, 3]``."""
  plane = np.random.default_rng(seed).integers(0, 2, (8, 8), np.uint8)
  plane = np.kron(60 + 140 * plane, np.ones((15, 15), np.uint8))
  return np.repeat(plane[:size_px, :size_px, None], 3, axis=2)


def cell_pair():
  """``cells``, and the same with a square of inverted pixels at ``CHANGED``."""
  reference = cells()
  test = reference.copy()
  x1, y1, x2, y2 = CHANGED
  test[y1:y2, x1:x2] = 255 - test[y1:y2, x1:x2]
  return reference, test


def noise_pair(height=64, width=64, seed=0, box=(24, 20, 42, 36)):
  """Dark noise, and the same with a bright box, float32 ``[H, W, 3]``."""
  draws = np.random.default_rng(seed)
  reference = draws.uniform(0.2, 0.4, (height, width, 3)).astype(np.float32)
  test = reference.copy()
  x1, y1, x2, y2 = box
  test[y1:y2, x1:x2] = 0.95
  return reference, test


def write_pair(folder, **options):
  """Writes a ``noise_pair`` as good.png and part.png; returns their paths."""
  paths = folder / 'good.png', folder / 'part.png'
  for path, picture in zip(paths, noise_pair(**options), strict=True):
    pictures.write_picture(path, picture)
  return tuple(map(str, paths))


def check_candidates(inspection):
  """Asserts that all boxes are within the picture."""
  height, width = inspection.test.shape[:2]
  for x1, y1, x2, y2, *_ in inspection.candidates:
    assert 0 <= x1 <= x2 <= width
    assert 0 <= y1 <= y2 <= height


def is_detected(inspection, box=CHANGED):
  """Whether there are boxes, and all have their centre within ``box``."""
  check_candidates(inspection)
  boxes = np.array([box[:4] for box in inspection.boxes]).reshape(-1, 4)
  x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).T
  inside = (box[0] <= x) & (x <= box[2]) & (box[1] <= y) & (y <= box[3])
  return inspection.verdict == 'different' and bool(inside.all())
