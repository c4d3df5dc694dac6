"""Layers of the networks in an ONNX graph, channels before rows and columns.

Parameters are Flax's: kernels ``[kh, kw, in, out]``. A value is named by a
string; its shape is ``[B, C, h, w]``.
"""

from __future__ import annotations

import numpy as np

from zeroshot.onnx_graph.graph import Graph
from zeroshot.types import HostArray, Params

_NORM_EPSILON = 1e-6  # of Flax's LayerNorm
_END = 2**31 - 1  # of a slice
MIDDLE = 127.5  # a picture's values are centred there; padding is 0 then
SCALE = 4 / 255  # of centred values, in the networks' own
_LEAST_SCALE = 1e-6  # of a norm's channels, relative, that is folded away


def conv(
  graph: Graph,
  x: str,
  kernel: HostArray,
  bias: HostArray | None = None,
  *,
  stride: int = 1,
  pads: tuple[int, int] = (0, 0),
) -> str:
  """A convolution.

  Args:
    graph: to append to.
    x: ``[B, in, h, w]``.
    kernel: ``[kh, kw, in, out]``.
    bias: ``[out]``; None is 0.
    stride: of rows and columns.
    pads: zeros before and after, both ways.
  """
  inputs = [graph.constant(np.transpose(kernel, (3, 2, 0, 1)))]
  if bias is not None:
    inputs.append(graph.constant(bias))
  return graph.add(
    'Conv',
    x,
    *inputs,
    kernel_shape=kernel.shape[:2],
    strides=[stride, stride],
    pads=[pads[0], pads[0], pads[1], pads[1]],
  )


def conv_of(graph: Graph, x: str, layer: Params) -> str:
  """The layer ``nn.Conv`` with odd sides and the padding ``'SAME'``."""
  kernel = np.asarray(layer['kernel'])
  reach = kernel.shape[0] // 2
  return conv(graph, x, kernel, layer.get('bias'), pads=(reach, reach))


def folded(kernel: HostArray, *, factor: int) -> HostArray:
  """The kernel that does the same without ``space_to_depth`` before it.

  Args:
    kernel: ``[k, k, factor**2 * in, out]``.
    factor: of ``space_to_depth``.

  Returns:
    ``[factor * k, factor * k, in, out]``, for a stride of ``factor``.
  """
  k, _, depth, out = kernel.shape
  channels = depth // factor**2
  kernel = kernel.reshape(k, k, factor, factor, channels, out)
  kernel = kernel.transpose(0, 2, 1, 3, 4, 5)
  return kernel.reshape(factor * k, factor * k, channels, out)


def residual_block(graph: Graph, x: str, layer: Params) -> str:
  """``blocks.ResidualBlock``."""
  y = graph.add('Relu', conv_of(graph, x, layer['Conv_0']))
  return graph.add('Add', conv_of(graph, y, layer['Conv_1']), x)


def numbered(stage: Params, name: str) -> list[Params]:
  """The layers ``name_0``, ``name_1``, ... of a stage, in this order."""
  count = sum(key.startswith(f'{name}_') for key in stage)
  return [stage[f'{name}_{index}'] for index in range(count)]


def normalized_conv(graph: Graph, x: str, layer: Params, norm: Params) -> str:
  """A 1x1 convolution and ``nn.LayerNorm`` over channels, less the norm's bias.

  The mean over the channels is taken off the kernel beforehand, and the
  norm's scale is put into it. The bias is left out because differences of two
  features do not have it; who needs it adds it.

  Args:
    graph: to append to.
    x: ``[B, in, h, w]``.
    layer: of the convolution.
    norm: of the norm.
  """
  kernel = np.asarray(layer['kernel'], np.float64)
  bias = np.asarray(layer['bias'], np.float64)
  scale = np.asarray(norm['scale'], np.float64)
  size = np.abs(scale)
  fold = size.min() > _LEAST_SCALE * max(size.max(), _LEAST_SCALE)
  inside = scale if fold else np.ones_like(scale)
  centred = conv(
    graph,
    x,
    ((kernel - kernel.mean(axis=-1, keepdims=True)) * inside).astype(
      np.float32
    ),
    ((bias - bias.mean()) * inside).astype(np.float32),
  )
  squares = graph.add('Mul', centred, centred)
  weights = (1 / (len(scale) * inside**2)).astype(np.float32)
  variance = conv(
    graph, squares, weights.reshape(1, 1, -1, 1), np.array([_NORM_EPSILON])
  )
  deviation = graph.add('Sqrt', variance)
  inverse = graph.add('Reciprocal', deviation)
  normal = graph.add('Mul', centred, inverse)
  if fold:
    return normal
  return graph.add('Mul', normal, graph.constant(scale.reshape(-1, 1, 1)))


def scores(graph: Graph, decoded: str, layer: Params, *, factor: int) -> str:
  """Probabilities ``[1, H, W]`` by the convolution of the logits.

  Args:
    graph: to append to.
    decoded: ``[1, D, H / factor, W / factor]``.
    layer: whose channels are the logits of squares of ``factor`` pixels.
    factor: side of such a square.
  """
  logits = conv_of(graph, decoded, layer)
  logits = graph.add('DepthToSpace', logits, blocksize=factor, mode='DCR')
  logits = graph.add('Squeeze', logits, graph.constant([1], np.int64))
  return graph.add('Sigmoid', logits)


def upsample(graph: Graph, x: str) -> str:
  """Twice the height and width, by repetition."""
  return graph.add(
    'Resize',
    x,
    '',
    graph.constant([1, 1, 2, 2]),
    mode='nearest',
    coordinate_transformation_mode='asymmetric',
    nearest_mode='floor',
  )


def enlarge(graph: Graph, x: str, factor: int) -> str:
  """``factor`` times the height and width, bilinearly."""
  return graph.add(
    'Resize',
    x,
    '',
    graph.constant([1, 1, factor, factor]),
    mode='linear',
    coordinate_transformation_mode='half_pixel',
  )


def cut(
  graph: Graph, x: str, *, axis: int, start: int, stop: int, step: int = 1
) -> str:
  """A slice along one axis; a ``stop`` of 0 is the end, less is before it."""
  ends = [start, stop or _END, axis, step]
  return graph.add(
    'Slice', x, *(graph.constant([end], np.int64) for end in ends)
  )


def channels_last(graph: Graph, x: str) -> str:
  """``[B, h, w, C]`` of ``[B, C, h, w]``."""
  return graph.add('Transpose', x, perm=[0, 2, 3, 1])


def channels_first(graph: Graph, x: str) -> str:
  """``[B, C, h, w]`` of ``[B, h, w, C]``."""
  return graph.add('Transpose', x, perm=[0, 3, 1, 2])
