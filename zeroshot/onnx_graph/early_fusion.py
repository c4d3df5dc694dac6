"""The source paper's network as an ONNX graph; see ``model.early_fusion``.

outputs = early_fusion.build(graph, config, parameters, 'reference', 'test')
"""

from __future__ import annotations

import math

import numpy as np

from zeroshot.onnx_graph import layers
from zeroshot.onnx_graph.graph import Graph
from zeroshot.types import Params, PlainConfig

_NORM_EPSILON = 1e-6  # of Flax's InstanceNorm
_STRIDE = 4  # of the logits


def build(
  graph: Graph,
  config: PlainConfig,
  parameters: Params,
  reference: str,
  test: str,
) -> dict[str, str]:
  """Appends the network.

  Args:
    graph: to append to.
    config: ``config.model``.
    parameters: of the network.
    reference: float32 ``[1, 3, H, W]``, 0 to 255.
    test: likewise.

  Returns:
    The value of the output ``scores [1, H, W]``.
  """
  x = graph.add('Concat', reference, test, axis=1)
  x = graph.add('Mul', x, graph.constant(1 / 255))
  num_scales = len(config['widths'])
  scales = []
  for scale in range(num_scales):
    x = _stage(graph, x, parameters, scale)
    scales.append(x)
  convs = iter(range(num_scales, len(parameters)))
  decoded = layers.conv_of(graph, x, parameters[f'Conv_{next(convs)}'])
  for skip in reversed(scales[1:-1]):
    beside = layers.conv_of(graph, skip, parameters[f'Conv_{next(convs)}'])
    decoded = graph.add('Add', layers.upsample(graph, decoded), beside)
    layer = parameters[f'Conv_{next(convs)}']
    decoded = _gelu(graph, layers.conv_of(graph, decoded, layer))
  logits = layers.conv_of(graph, decoded, parameters[f'Conv_{next(convs)}'])
  logits = layers.enlarge(graph, logits, _STRIDE)
  logits = graph.add('Squeeze', logits, graph.constant([1], np.int64))
  return {'scores': graph.add('Sigmoid', logits)}


def _stage(graph: Graph, x: str, parameters: Params, scale: int) -> str:
  """One stage of stride 2."""
  layer, norm = parameters[f'Conv_{scale}'], parameters[f'InstanceNorm_{scale}']
  kernel = np.asarray(layer['kernel'])
  total = len(kernel) - 2  # of what Flax pads an even side with
  pads = total // 2, total - total // 2
  x = layers.conv(graph, x, kernel, layer['bias'], stride=2, pads=pads)
  x = graph.add(
    'InstanceNormalization',
    x,
    graph.constant(norm['scale']),
    graph.constant(norm['bias']),
    epsilon=_NORM_EPSILON,
  )
  return _gelu(graph, x)


def _gelu(graph: Graph, x: str) -> str:
  """``nn.gelu``, which approximates by a hyperbolic tangent."""
  square = graph.add('Mul', x, x)
  inner = graph.add('Mul', square, graph.constant(0.044715))
  inner = graph.add('Add', inner, graph.constant(1.0))
  inner = graph.add(
    'Mul', graph.add('Mul', inner, x), graph.constant(math.sqrt(2 / math.pi))
  )
  share = graph.add('Add', graph.add('Tanh', inner), graph.constant(1.0))
  half = graph.add('Mul', x, graph.constant(0.5))
  return graph.add('Mul', half, share)
