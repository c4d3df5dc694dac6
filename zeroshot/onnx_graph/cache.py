"""The ONNX files of shipped weights, built once and kept in the user's cache.

  data = cache.to_bytes(weights)

The package ships parameters alone: an ONNX file has the same numbers once more.
The cache is ``~/.cache/zeroshot/onnx``, or ``zeroshot/onnx`` in the folder that
``XDG_CACHE_HOME`` names; a file of it is named by the weights and by the code
that built it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from zeroshot.onnx_graph import model
from zeroshot.runtime import atomic_files
from zeroshot.weights import files


def to_bytes(weights: files.Weights) -> bytes:
  """The content of an ONNX file, from the cache if it is there.

  Where the cache cannot be written, as in a container without a home, the
  content is built each time.

  Args:
    weights: of a network that ships.

  Raises:
    ValueError: see ``model.to_bytes``.
  """
  path = path_of(weights)
  with contextlib.suppress(OSError):
    data = path.read_bytes()
    if model.belongs(data, weights):
      return data
  data = model.to_bytes(weights)
  with contextlib.suppress(OSError):
    atomic_files.write_bytes(path, data)
  return data


def path_of(weights: files.Weights) -> Path:
  """The file of the cache for these weights and this code."""
  sha256 = hashlib.sha256(model.digest(weights).encode())
  for source in sorted(Path(__file__).parent.glob('*.py')):
    sha256.update(source.read_bytes())
  home = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
  return Path(home, 'zeroshot', 'onnx', f'{sha256.hexdigest()[:32]}.onnx')
