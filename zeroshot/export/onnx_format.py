"""ONNX files: written by jax2onnx, run by ONNX Runtime.

data = onnx_format.convert(network)
run, metadata = onnx_format.load('part.onnx')
scores, *others = run(reference, test)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from zeroshot.export.metadata import Metadata, from_json, to_json
from zeroshot.types import HostArray

if TYPE_CHECKING:
  import onnx
  import onnxruntime

  from zeroshot.export.network import Network

INPUTS = ('reference', 'test')
_KEY = 'zeroshot'  # property of the file that holds the metadata
_OPSET = 17  # the oldest with all operations that are needed
_INNER_PRODUCT = b'bhwc,bhwc->bhw'
_MAX_ERROR = 1e-4  # between the outputs and JAX's
_LOG_ERRORS = 3  # a log level of ONNX Runtime: errors only


def convert(network: Network) -> bytes:
  """The content of an ONNX file.

  Raises:
    ValueError: jax2onnx is not installed, or converts the network wrongly.
  """
  try:
    import jax2onnx
  except ImportError as error:
    raise ValueError(
      f'--format=onnx needs the extra zeroshot[onnx] ({error}): in a clone, '
      'python3 launch/environment.py cpu onnx; elsewhere, pip install onnx '
      'onnx-ir onnxruntime, then pip install --no-deps jax2onnx'
    ) from error
  model = jax2onnx.to_onnx(
    network.function,
    [network.shape, network.shape],
    model_name='zeroshot',
    opset=_OPSET,
    input_names=INPUTS,
    output_names=network.metadata.outputs,
  )
  _split_inner_products(model.graph)
  model.metadata_props.add(key=_KEY, value=to_json(network.metadata))
  data = bytes(model.SerializeToString())
  _check(network, data)
  return data


def _check(network: Network, data: bytes) -> None:
  """Refuses a file whose outputs differ from the network's.

  jax2onnx silently converts some layers wrongly, for example those of
  ``model.kind='early_fusion'``.
  """
  rng = np.random.default_rng(0)
  pair = rng.uniform(0, 255, (2, *network.shape.shape)).astype(np.float32)
  try:
    session = _session(data)
    outputs = session.run(
      network.metadata.outputs, dict(zip(INPUTS, pair, strict=True))
    )
  except Exception as error:  # ONNX Runtime's errors have no common class
    raise ValueError(
      f'jax2onnx cannot convert the network of {network.metadata.weights}: '
      f'{error}; use --format=stablehlo'
    ) from error
  expected = network.run(*pair)
  worst = max(
    float(np.abs(a - b).max()) for a, b in zip(outputs, expected, strict=True)
  )
  if not worst <= _MAX_ERROR:  # NaN fails as well
    raise ValueError(
      f'jax2onnx converts the network of {network.metadata.weights} wrongly: '
      f'outputs are off by {worst:.2g}; use --format=stablehlo'
    )


def _split_inner_products(graph: onnx.GraphProto) -> None:
  """Writes inner products over the last axis as a product and a sum.

  As an einsum, ONNX Runtime runs a matrix product for each pixel, which makes
  the whole network a sixth slower.
  """
  from onnx import helper, numpy_helper

  graph.initializer.append(numpy_helper.from_array(np.array([-1]), 'last_axis'))
  nodes = []
  for node in graph.node:
    if node.op_type != 'Einsum' or node.attribute[0].s != _INNER_PRODUCT:
      nodes.append(node)
      continue
    product = f'{node.output[0]}_product'
    nodes += [
      helper.make_node('Mul', node.input, [product]),
      helper.make_node(
        'ReduceSum', [product, 'last_axis'], node.output, keepdims=0
      ),
    ]
  del graph.node[:]
  graph.node.extend(nodes)


def load(
  path: str | os.PathLike[str], *, num_threads: int = 0
) -> tuple[Callable[..., tuple[HostArray, ...]], Metadata]:
  """Opens an ONNX file.

  Args:
    path: of a file of ``convert``.
    num_threads: for each operation; 0 is one for each core.

  Returns:
    A function ``(reference, test) -> outputs``, as ``Metadata`` says, and the
    metadata.

  Raises:
    ValueError: ONNX Runtime is not installed, or ``convert`` did not write the
      file.
  """
  try:
    session = _session(os.fspath(path), num_threads)
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
  metadata = from_json(text, path)

  def run(reference: HostArray, test: HostArray) -> tuple[HostArray, ...]:
    feed = dict(zip(INPUTS, (reference, test), strict=True))
    outputs = session.run(metadata.outputs, feed)
    return tuple(np.asarray(output) for output in outputs)

  return run, metadata


def _session(
  source: str | bytes, num_threads: int = 0
) -> onnxruntime.InferenceSession:
  """Opens a path, or the content of a file."""
  import onnxruntime

  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = num_threads
  options.log_severity_level = _LOG_ERRORS
  return onnxruntime.InferenceSession(
    source, options, providers=onnxruntime.get_available_providers()
  )
