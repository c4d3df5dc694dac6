"""StableHLO files: written and run by ``jax.export``.

A file is a zip archive of ``module.bin``, for ``jax.export.deserialize``, and
``metadata.json``. It runs on CPU, CUDA and TPU, and needs JAX only:

  with zipfile.ZipFile('part.zip') as archive:
    run = jax.export.deserialize(archive.read('module.bin')).call
  scores, *others = run(reference, test)
"""

from __future__ import annotations

import importlib
import os
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from zeroshot.export.archive import zip_entries
from zeroshot.export.metadata import Metadata, from_json, to_json
from zeroshot.types import HostArray

if TYPE_CHECKING:
  from zeroshot.weights import files

PLATFORMS = ('cpu', 'cuda', 'tpu')
_MODULE, _METADATA = 'module.bin', 'metadata.json'


def convert(weights: files.Weights, metadata: Metadata) -> bytes:
  """The content of a StableHLO file.

  Args:
    weights: of a network.
    metadata: of the file.

  Raises:
    ValueError: flatbuffers is not installed.
  """
  try:
    importlib.import_module('flatbuffers')  # JAX serializes with it
  except ImportError as error:
    raise ValueError(
      f'--format=stablehlo needs a package that is not installed ({error}); '
      "pip install 'zeroshot-inspection[stablehlo]'"
    ) from error
  from zeroshot.export import network

  exported = network.build(weights, metadata)
  return zip_entries(
    {
      _METADATA: to_json(metadata),
      _MODULE: exported.serialize(PLATFORMS),
    }
  )


def load(
  path: str | os.PathLike[str],
) -> tuple[Callable[..., tuple[HostArray, ...]], Metadata]:
  """Opens a StableHLO file.

  Args:
    path: of a file of ``convert``.

  Returns:
    A function ``(reference, test) -> outputs``, as ``Metadata`` says, and the
    metadata.

  Raises:
    ValueError: JAX is not installed or too old, or ``convert`` did not write
      the file.
  """
  try:
    import jax.export

    with zipfile.ZipFile(path) as archive:
      metadata = from_json(archive.read(_METADATA).decode(), path)
      exported = jax.export.deserialize(bytearray(archive.read(_MODULE)))
  except ImportError as error:
    raise ValueError(
      f'{path} needs a package that is not installed ({error}); '
      'pip install jax flatbuffers'
    ) from error
  except (KeyError, zipfile.BadZipFile) as error:
    raise ValueError(
      f'{path} was not written by zeroshot export, or is damaged: {error}'
    ) from error
  compiled = jax.jit(exported.call)

  def run(reference: HostArray, test: HostArray) -> tuple[HostArray, ...]:
    return tuple(np.asarray(output) for output in compiled(reference, test))

  return run, metadata
