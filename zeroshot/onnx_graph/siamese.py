"""The Siamese network as an ONNX graph; see ``model.siamese``.

outputs = siamese.build(graph, config, parameters, 'reference', 'test')

Both pictures pass the encoder as one batch. The norm's bias of the features
cancels in their differences, so it is added only where it counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from zeroshot.onnx_graph import layers, matching, sampling
from zeroshot.onnx_graph.graph import Graph
from zeroshot.types import HostArray, Params, PlainConfig

MULTIPLE_PX = 64  # of height and width
_BLOCK = 8  # cells whose windows are matched as one matrix
_UNIT_PX = 4.0  # of the head's deltas


class _Features(NamedTuple):
  """One scale's features, without the norm's bias ``[C]``."""

  reference: str
  test: str
  bias: HostArray


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
    The values of the outputs ``scores [1, H, W]``, ``kinds [1, K, H, W]`` and
    ``sides [1, 4, H, W]``, the last two if the network has them.
  """
  scales = _encode(graph, config, parameters['Encoder_0'], reference, test)
  flow, decoded = None, None
  disagreements, matches = [], []
  for index, scale in enumerate(reversed(range(len(scales)))):
    features = scales[scale]
    if flow is not None:
      flow = sampling.upsample_flow(graph, flow)
    search = matching.Search(
      len(features.bias),
      config['match_radii'][scale],
      config['match_support'],
      block=min(_BLOCK, MULTIPLE_PX >> scale + 1),
    )
    matched, flow = matching.match(
      graph,
      _query(graph, features, parameters[f'sharpness_{scale}']),
      layers.channels_last(graph, features.reference),
      flow,
      search,
    )
    matched = layers.channels_first(graph, matched)
    difference = graph.add('Sub', features.test, matched)
    stage = parameters[f'DecoderStage_{index}']
    decoded = _decode(graph, difference, decoded, stage)
    disagreements.append(decoded)
    matches.append(_Features(matched, features.test, features.bias))
  assert decoded is not None, 'a network has a scale'
  scores = layers.scores(graph, decoded, parameters['Conv_0'], factor=2)
  outputs = {'scores': scores}
  if 'pair_head' in parameters:
    head = parameters['pair_head']
    outputs |= _pair_head(graph, head, disagreements, matches)
  return outputs


def _encode(
  graph: Graph,
  config: PlainConfig,
  parameters: Params,
  reference: str,
  test: str,
) -> list[_Features]:
  """The features of each scale, finest first."""
  both = graph.add('Concat', reference, test, axis=0)
  centred = graph.add('Sub', both, graph.constant(layers.MIDDLE))
  stem = parameters['Conv_0']
  kernel = layers.folded(np.asarray(stem['kernel']), factor=2) * layers.SCALE
  x = layers.conv(graph, centred, kernel, stem['bias'], stride=2, pads=(2, 2))
  convs = iter(range(1, len(parameters)))
  blocks = iter(range(len(parameters)))
  scales = []
  for scale, depth in enumerate(config['depths']):
    if scale:
      layer = parameters[f'Conv_{next(convs)}']
      kernel = layers.folded(np.asarray(layer['kernel']), factor=2)
      x = layers.conv(graph, x, kernel, layer['bias'], stride=2)
    for _ in range(depth):
      block = parameters[f'ResidualBlock_{next(blocks)}']
      x = layers.residual_block(graph, x, block)
    layer = parameters[f'Conv_{next(convs)}']
    norm = parameters[f'LayerNorm_{scale}']
    normal = layers.normalized_conv(graph, x, layer, norm)
    first, second = graph.add_many('Split', normal, count=2, axis=0)
    scales.append(_Features(first, second, np.asarray(norm['bias'])))
  return scales


def _query(graph: Graph, features: _Features, sharpness: Any) -> str:
  """See ``matching.match``."""
  gain = np.float32(sharpness / len(features.bias))
  bias = graph.constant((features.bias * gain).reshape(-1, 1, 1))
  scaled = graph.add('Mul', features.test, graph.constant(gain))
  return layers.channels_last(graph, graph.add('Add', scaled, bias))


def _decode(
  graph: Graph, difference: str, coarser: str | None, stage: Params
) -> str:
  """``siamese.DecoderStage``.

  A kernel on both signs of the difference is one on it and on its size.
  """
  kernel = np.asarray(stage['Conv_0']['kernel'])
  positive, negative = np.split(kernel, 2, axis=2)
  signs = graph.add('Concat', difference, graph.add('Abs', difference), axis=1)
  both = np.concatenate([positive - negative, positive + negative], axis=2) / 2
  x = layers.conv(graph, signs, both, stage['Conv_0']['bias'])
  if coarser is not None:
    below = layers.conv_of(graph, coarser, stage['Conv_1'])
    x = graph.add('Add', x, layers.upsample(graph, below))
  for block in layers.numbered(stage, 'ResidualBlock'):
    x = layers.residual_block(graph, x, block)
  return graph.add('Relu', x)


def _pair_head(
  graph: Graph,
  parameters: Params,
  disagreements: Sequence[str],
  features: Sequence[_Features],
) -> Mapping[str, str]:
  """``pair_head.PairHead``, from the coarsest scale on."""
  x = None
  convs = iter(range(len(parameters)))
  for index, (decoded, pair) in enumerate(
    zip(disagreements, features, strict=True)
  ):
    layer = parameters[f'Conv_{next(convs)}']
    kernel = np.asarray(layer['kernel'])
    y = graph.add('Concat', decoded, pair.test, pair.reference, axis=1)
    y = layers.conv(graph, y, kernel, _with_norm_bias(layer, pair.bias))
    if x is not None:
      below = layers.conv_of(graph, x, parameters[f'Conv_{next(convs)}'])
      y = graph.add('Add', y, layers.upsample(graph, below))
    block = layers.residual_block(
      graph, y, parameters[f'ResidualBlock_{index}']
    )
    x = graph.add('Relu', block)
  assert x is not None, 'a network has a scale'
  outputs = {}
  if 'kinds' in parameters:
    logits = layers.conv_of(graph, x, parameters['kinds'])
    share = graph.add('Softmax', logits, axis=1)
    outputs['kinds'] = layers.upsample(graph, share)
  if 'sides' in parameters:
    layer = {
      key: _UNIT_PX * value for key, value in parameters['sides'].items()
    }
    outputs['sides'] = layers.upsample(graph, layers.conv_of(graph, x, layer))
  return outputs


def _with_norm_bias(layer: Params, norm_bias: HostArray) -> HostArray:
  """The bias that a 1x1 convolution has if its features lack the norm's."""
  kernel = np.asarray(layer['kernel'])[0, 0]
  missing = np.concatenate([norm_bias, norm_bias])
  return np.asarray(layer['bias'] + missing @ kernel[-len(missing) :])
