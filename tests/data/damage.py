"""Pictures that cannot be read, each in its own way."""

from __future__ import annotations

import numpy as np

from zeroshot.data import pictures

# Name of a file -> what is said of it.
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
