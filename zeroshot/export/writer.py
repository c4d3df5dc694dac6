"""Writes an exported network and its runner.

runner = writer.write(Path('part.onnx'), 'default', 'onnx', 640, 640)
"""

from __future__ import annotations

from pathlib import Path

from zeroshot.export import bundle, description, onnx_format, stablehlo_format
from zeroshot.runtime import atomic_files
from zeroshot.weights import files

_CONVERTERS = {
  'onnx': onnx_format.convert,
  'stablehlo': stablehlo_format.convert,
}


def write(
  out: Path, weights: str, file_format: str, height: int, width: int
) -> Path:
  """Writes both files.

  Args:
    out: file to write; the runner is beside it, with the suffix ``.pyz``.
    weights: name of shipped weights, or a file; of a name that stands for two
      networks the one for photographs is written.
    file_format: ``'onnx'`` or ``'stablehlo'``.
    height: of the pictures that the network takes, pixels.
    width: of the pictures that the network takes, pixels.

  Returns:
    The path of the runner.

  Raises:
    ValueError: see ``description.describe``; or a package is missing.
  """
  weights = files.members(weights)[0]
  loaded = files.load(weights)
  metadata = description.describe(loaded, weights, height=height, width=width)
  runner = out.with_suffix('.pyz')
  contents = {
    out: _CONVERTERS[file_format](loaded, metadata),
    runner: bundle.build(),
  }
  for path, content in contents.items():
    with atomic_files.atomic_write(path) as partial:
      partial.write_bytes(content)
  return runner
