"""Weights -> the content of an ONNX file, and whose it is.

  data = model.to_bytes(weights)
  model.belongs(data, weights)   # whether a file is of these weights

Needs the package ``onnx`` to build a file, and nothing to recognize one. The
file takes pictures of any height and width that are multiples of 64 px.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from zeroshot.onnx_graph import early_fusion, siamese, symmetric
from zeroshot.onnx_graph.graph import Graph
from zeroshot.runtime import atomic_files
from zeroshot.types import PlainConfig
from zeroshot.weights import files

INPUTS = ('reference', 'test')
MULTIPLE_PX = siamese.MULTIPLE_PX  # of height and width
DIGEST = 'zeroshot_weights_sha256'  # property of the file
# Raised when the graph of the same weights changes: files of before are stale.
_GRAPH = 1
_KINDS = {
  'siamese': siamese.build,
  'symmetric': symmetric.build,
  'early_fusion': early_fusion.build,
}


def to_bytes(
  weights: files.Weights, properties: Mapping[str, str] | None = None
) -> bytes:
  """The content of an ONNX file.

  Args:
    weights: of a network.
    properties: texts to store in the file, besides whose it is.

  Returns:
    A model with the inputs ``reference`` and ``test``, float32
    ``[1, 3, H, W]``, RGB, 0 to 255, and the outputs ``scores [1, H, W]`` in
    [0, 1]; then, if the network has them, ``kinds [1, K, H, W]``,
    probabilities, and ``sides [1, 4, H, W]``, pixels.

  Raises:
    ValueError: the network is of another kind, has more than six scales, or
      lacks parameters; or ``onnx`` is not installed.
  """
  config = weights.config['model']
  graph = Graph()
  try:
    made = _builder(config)(graph, config, weights.parameters, *INPUTS)
  except ImportError as error:
    raise ValueError(
      f'an ONNX file needs a package that is not installed ({error}); '
      'pip install onnx'
    ) from error
  except KeyError as error:
    raise ValueError(
      f'the weights lack {error}, which their model.kind={config["kind"]} needs'
    ) from error
  shapes: dict[str, list[int | str]] = {
    'scores': [1, 'H', 'W'],
    'kinds': [1, len(config['kinds']), 'H', 'W'],
    'sides': [1, 4, 'H', 'W'],
  }
  for name, value in made.items():
    graph.name(value, name)
  model = graph.finish(
    {name: [1, 3, 'H', 'W'] for name in INPUTS},
    {name: shapes[name] for name in made},
  )
  for key, text in {DIGEST: digest(weights), **(properties or {})}.items():
    model.metadata_props.add(key=key, value=text)
  return bytes(model.SerializeToString())


def _builder(config: PlainConfig) -> Callable[..., dict[str, str]]:
  """What appends the network of ``config.model`` to a graph.

  Raises:
    ValueError: there is none.
  """
  if config['kind'] not in _KINDS:
    raise ValueError(
      f'model.kind is {config["kind"]!r}; an ONNX file can be written for '
      f'{sorted(_KINDS)}'
    )
  if stride_px(config) > MULTIPLE_PX:
    raise ValueError(
      f'the network has {len(config["widths"])} scales; an ONNX file can be '
      'written for up to 6'
    )
  return _KINDS[config['kind']]


def stride_px(config: PlainConfig) -> int:
  """The stride of the network of ``config.model``, pixels."""
  return int(2 ** len(config['widths']))


def belongs(data: bytes, weights: files.Weights) -> bool:
  """Whether ``to_bytes`` of these weights, as it is now, made the file."""
  return digest(weights).encode() in data


def digest(weights: files.Weights) -> str:
  """A hash of the parameters, the network's config and the way of building."""
  sha256 = hashlib.sha256()
  sha256.update(json.dumps(weights.config['model'], sort_keys=True).encode())
  sha256.update(f'graph {_GRAPH}'.encode())
  for name, value in sorted(files.flatten(weights.parameters).items()):
    sha256.update(f'{name} {value.dtype} {value.shape}'.encode())
    sha256.update(value.tobytes())
  return sha256.hexdigest()


def write_beside(path: Path) -> Path:
  """Writes the ONNX file of a weights file beside it; returns its path.

  Raises:
    ValueError: see ``to_bytes``; or it is no weights file, or has the suffix
      of the file to write.
  """
  out = path.with_suffix('.onnx')
  if out == path:
    raise ValueError(f'{path}: weights files end in .safetensors')
  data = to_bytes(files.load(path))
  with atomic_files.atomic_write(out) as partial:
    partial.write_bytes(data)
  return out
