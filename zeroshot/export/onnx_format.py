"""ONNX files: the graph of ``zeroshot.onnx_graph`` with the file's metadata.

data = onnx_format.convert(weights, metadata)
run, metadata = onnx_format.load('part.onnx')
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zeroshot.detect import onnx_sessions
from zeroshot.export.metadata import Metadata, from_json, to_json

if TYPE_CHECKING:
  from zeroshot.weights import files

FORMAT = 2  # since pictures are [1, 3, H, W] of any multiple of 64 px
_KEY = 'zeroshot'  # property of the file that holds the metadata
_MAX_ERROR = 1e-4  # between the outputs and JAX's
_CHECK_PX = 128


def convert(weights: files.Weights, metadata: Metadata) -> bytes:
  """The content of an ONNX file, compared with JAX.

  Args:
    weights: of a network.
    metadata: of the file.

  Raises:
    ValueError: there is no graph of the network, or its outputs differ from
      JAX's by more than 1e-4.
  """
  from zeroshot.onnx_graph import model

  stored = dataclasses.replace(metadata, format=FORMAT)
  data = model.to_bytes(weights, {_KEY: to_json(stored)})
  _check(weights, metadata, data)
  return data


def _check(weights: files.Weights, metadata: Metadata, data: bytes) -> None:
  """Refuses a file whose outputs differ from the network's."""
  from zeroshot.export import network

  rng = np.random.default_rng(0)
  size = 2, 1, _CHECK_PX, _CHECK_PX, 3
  pair = rng.uniform(0, 255, size).astype(np.float32)
  expected = network.build(weights, metadata).run(*pair)
  planes = np.moveaxis(pair, -1, 2)  # [2, 1, 3, H, W]
  run = onnx_sessions.open_onnxruntime(data)
  scores, *others = run({'reference': planes[0], 'test': planes[1]})
  outputs = [scores, *(np.moveaxis(each, 1, -1) for each in others)]
  worst = max(
    float(np.abs(a - b).max()) for a, b in zip(outputs, expected, strict=True)
  )
  if not worst <= _MAX_ERROR:  # NaN fails as well
    raise ValueError(
      f'the ONNX graph of {metadata.weights} is off from JAX by {worst:.2g}; '
      'use --format=stablehlo, and report this'
    )


def load(
  path: str | os.PathLike[str], *, num_threads: int = 0
) -> tuple[onnx_sessions.Run, Metadata]:
  """Opens an ONNX file.

  Args:
    path: of a file of ``convert``.
    num_threads: for each operation; 0 is one for each usable core.

  Returns:
    What runs it, and the metadata.

  Raises:
    ValueError: ONNX Runtime is not installed, or ``convert`` did not write the
      file.
  """
  data = Path(path).read_bytes()
  try:
    session = onnx_sessions.onnxruntime_session(data, num_threads=num_threads)
  except ImportError as error:
    raise ValueError(
      f'{path} needs a package that is not installed ({error}); '
      'pip install onnxruntime'
    ) from error
  except Exception as error:  # ONNX Runtime's errors have no common class
    raise ValueError(
      f'{path} is no ONNX file that runs here: {error}'
    ) from error
  text = session.get_modelmeta().custom_metadata_map.get(_KEY)
  metadata = from_json(text, path, file_format=FORMAT)
  return onnx_sessions.run_of(session), metadata
