"""The encoder of a network alone, as the content of an ONNX file.

data = encoder.to_bytes(weights, strides=(4, 8))

The features of a good part can be kept then, while test pictures come and go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zeroshot.onnx_graph import siamese, symmetric
from zeroshot.onnx_graph.graph import Graph
from zeroshot.types import PlainConfig
from zeroshot.weights import files

INPUT = 'picture'


def has_encoder(config: PlainConfig) -> bool:
  """Whether the network of ``config.model`` encodes each picture alone."""
  return config.get('kind') in ('siamese', 'symmetric')


def to_bytes(weights: files.Weights, *, strides: Sequence[int]) -> bytes:
  """The content of an ONNX file.

  Args:
    weights: of a network that ``has_encoder``.
    strides: of the scales that are given out, pixels; powers of 2.

  Returns:
    A model with the input ``picture``, float32 ``[1, 3, H, W]``, RGB, 0 to 255,
    and for each stride an output ``[1, C, H / stride, W / stride]``.
  """
  config = weights.config['model']
  graph = Graph()
  outputs: dict[str, list[int | str]] = {}
  for scale, value in enumerate(_scales(graph, config, weights)):
    stride = 2 ** (scale + 1)
    if stride in strides:
      name = f'features_{stride}'
      graph.name(value, name)
      outputs[name] = [1, config['widths'][scale], f'h{stride}', f'w{stride}']
  inputs: dict[str, list[int | str]] = {INPUT: [1, 3, 'H', 'W']}
  return bytes(graph.finish(inputs, outputs).SerializeToString())


def _scales(
  graph: Graph, config: PlainConfig, weights: files.Weights
) -> Iterator[str]:
  """The features of each scale, finest first, with the norm's bias."""
  if config['kind'] == 'symmetric':
    yield from symmetric.encode(
      graph, config, weights.parameters['encoder'], INPUT
    )
    return
  for normal, bias in siamese.encode(
    graph, config, weights.parameters['Encoder_0'], INPUT
  ):
    yield graph.add('Add', normal, graph.constant(bias.reshape(-1, 1, 1)))
