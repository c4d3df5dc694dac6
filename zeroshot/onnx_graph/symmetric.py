"""The symmetric network as an ONNX graph; see ``model.symmetric``.

outputs = symmetric.build(graph, config, parameters, 'reference', 'test')
"""

from __future__ import annotations

import itertools

import numpy as np

from zeroshot.onnx_graph import layers
from zeroshot.onnx_graph.graph import Graph
from zeroshot.types import HostArray, Params, PlainConfig

_LOGITS_STRIDE = 4


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
  pairs = _encode(graph, config, parameters['encoder'], reference, test)
  decoded = None
  for scale in reversed(range(1, len(pairs))):
    first, second = pairs[scale]
    seen = [_distance(graph, first, second), graph.add('Add', first, second)]
    if scale == 1:
      finest = _distance(graph, *pairs[0])
      seen.append(
        graph.add('MaxPool', finest, kernel_shape=[2, 2], strides=[2, 2])
      )
    radius = config['match_radii'][scale]
    if radius:
      fit, back = _correlate(graph, second, first, radius=radius)
      seen += [graph.add('Add', fit, back), _distance(graph, fit, back)]
    stage = parameters[f'decoder_{scale}']
    decoded = _decode(graph, seen, decoded, stage)
  assert decoded is not None, 'a network has two scales'
  logits = parameters['logits']
  return {
    'scores': layers.scores(graph, decoded, logits, factor=_LOGITS_STRIDE)
  }


def _encode(
  graph: Graph,
  config: PlainConfig,
  parameters: Params,
  reference: str,
  test: str,
) -> list[tuple[str, str]]:
  """The features of both pictures at each scale, finest first."""
  both = graph.add('Concat', reference, test, axis=0)
  x = graph.add('Sub', both, graph.constant(layers.MIDDLE))
  pairs = []
  for scale, depth in enumerate(config['depths']):
    down = parameters[f'down_{scale}']
    kernel: HostArray = np.asarray(down['kernel'])
    kernel = kernel * np.float32(1 if scale else layers.SCALE)
    x = layers.conv(graph, x, kernel, down['bias'], stride=2, pads=(1, 1))
    x = graph.add('Relu', x)
    for block in range(depth):
      x = layers.residual_block(graph, x, parameters[f'block_{scale}_{block}'])
    y = x
    if scale:
      norm = parameters[f'norm_{scale}']
      y = layers.normalized_conv(graph, x, parameters[f'feature_{scale}'], norm)
      bias = np.asarray(norm['bias']).reshape(-1, 1, 1)
      y = graph.add('Add', y, graph.constant(bias))
    first, second = graph.add_many('Split', y, count=2, axis=0)
    pairs.append((first, second))
  return pairs


def _distance(graph: Graph, first: str, second: str) -> str:
  """The size of a difference."""
  return graph.add('Abs', graph.add('Sub', first, second))


def _correlate(
  graph: Graph, query: str, keys: str, *, radius: int
) -> tuple[str, str]:
  """``model.symmetric.correlate``; maps ``[1, K, h, w]``.

  What the keys see at an offset is what the query saw at its opposite, from
  there: the second half of the maps are the first, moved.
  """
  border = graph.constant(
    [0, 0, radius, radius, 0, 0, radius, radius], np.int64
  )
  around = graph.add('Pad', keys, border)
  side = 2 * radius + 1
  steps = list(itertools.product(range(side), repeat=2))
  forth = []
  for row, column in steps:
    there = _window(graph, around, row, column, radius)
    product = graph.add('Mul', query, there)
    forth.append(graph.add('ReduceMean', product, axes=[1], keepdims=1))
  back = []
  for row, column in steps:
    opposite = forth[(side - 1 - row) * side + side - 1 - column]
    moved = graph.add('Pad', opposite, border)
    back.append(_window(graph, moved, row, column, radius))
  return graph.add('Concat', *forth, axis=1), graph.add('Concat', *back, axis=1)


def _window(graph: Graph, x: str, row: int, column: int, radius: int) -> str:
  """A padded map as seen from an offset."""
  starts, ends = (
    graph.constant(values, np.int64)
    for values in (
      [row, column],
      [_end(row, radius), _end(column, radius)],
    )
  )
  return graph.add('Slice', x, starts, ends, graph.constant([2, 3], np.int64))


def _end(start: int, radius: int) -> int:
  """Where a slice ends that starts there and leaves the border."""
  left = 2 * radius - start
  return -left if left else 2**31 - 1


def _decode(
  graph: Graph, seen: list[str], coarser: str | None, stage: Params
) -> str:
  """``symmetric.Decoder``."""
  x = layers.conv_of(graph, graph.add('Concat', *seen, axis=1), stage['seen'])
  if coarser is not None:
    below = layers.conv_of(graph, coarser, stage['coarser'])
    x = graph.add('Add', x, layers.upsample(graph, below))
  x = graph.add('Relu', x)
  for block in layers.numbered(stage, 'block'):
    x = layers.residual_block(graph, x, block)
  return graph.add('Relu', x)
