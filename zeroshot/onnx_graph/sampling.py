"""Bilinear sampling in an ONNX graph; see ``model.matching.warp``.

  warped = warp(graph, features, flow)
  finer = upsample_flow(graph, flow)

By four gathers of whole cells: ``GridSample`` takes five times as long in ONNX
Runtime. A flow is ``[1, 2, h, w]``, rows before columns.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.onnx_graph import layers
from zeroshot.onnx_graph.graph import Graph

_FLOAT, _INT = 1, 7  # of onnx.TensorProto


class _Places(NamedTuple):
  """Where one coordinate reads.

  Attributes:
    first: ``[1, 1, h, w]``, the lower of the two cells.
    share: ``[1, 1, h, w]``, of the upper one.
    length: of the axis.
    further: from the lower cell to the upper one, 1; 0 if there is one cell.
  """

  first: str
  share: str
  length: str
  further: str


def warp(graph: Graph, x: str, flow: str) -> str:
  """Features at displaced cells; the edge is repeated beyond the picture.

  Args:
    graph: to append to.
    x: ``[1, h, w, C]``.
    flow: in cells.

  Returns:
    ``[1, h, w, C]``.
  """
  row, column = graph.add_many('Split', flow, count=2, axis=1)
  down = _places(graph, row, flow, axis=2)
  right = _places(graph, column, flow, axis=3)
  width = graph.add('Cast', right.length, to=_FLOAT)
  index = graph.add('Mul', down.first, width)
  index = graph.add('Add', index, right.first)
  index = _flatten(graph, graph.add('Cast', index, to=_INT))
  below = graph.add('Mul', right.length, down.further)
  shape = graph.add('Shape', x)
  channels = layers.cut(graph, shape, axis=0, start=3, stop=4)
  rows = graph.add('Concat', graph.constant([-1], np.int64), channels, axis=0)
  cells = graph.add('Reshape', x, rows)  # [h * w, C]
  one = graph.constant(1.0)
  sides = {
    False: (graph.add('Sub', one, right.share), None),
    True: (right.share, right.further),
  }
  total = None
  for lower in (False, True):
    vertical = down.share if lower else graph.add('Sub', one, down.share)
    begin = graph.add('Add', index, below) if lower else index
    for horizontal, further in sides.values():
      weight = graph.add('Mul', vertical, horizontal)
      weight = graph.add('Reshape', weight, graph.constant([-1, 1], np.int64))
      place = begin if further is None else graph.add('Add', begin, further)
      part = graph.add('Mul', graph.add('Gather', cells, place), weight)
      total = part if total is None else graph.add('Add', total, part)
  assert total is not None
  return graph.add('Reshape', total, shape)


def upsample_flow(graph: Graph, flow: str) -> str:
  """The flow at half the stride, in the finer cells."""
  doubled = graph.add('Mul', flow, graph.constant([2.0]))
  return layers.enlarge(graph, doubled, 2)


def _flatten(graph: Graph, x: str) -> str:
  return graph.add('Reshape', x, graph.constant([-1], np.int64))


def _places(graph: Graph, offset: str, flow: str, *, axis: int) -> _Places:
  """Where offsets ``[1, 1, h, w]`` along an axis of the flow lead."""
  one, zero = graph.constant(1, np.int64), graph.constant(0, np.int64)
  shape = graph.add('Shape', flow, start=axis, end=axis + 1)
  length = graph.add('Squeeze', shape)
  place = graph.add('Range', zero, length, one)
  place = graph.add('Cast', place, to=_FLOAT)
  along = [-1, 1] if axis == 2 else [1, -1]
  place = graph.add('Reshape', place, graph.constant(along, np.int64))
  none = graph.constant(0.0)
  last = graph.add('Sub', length, one)
  end = graph.add('Cast', last, to=_FLOAT)
  moved = graph.add('Clip', graph.add('Add', offset, place), none, end)
  before_last = graph.add(
    'Max', graph.add('Sub', end, graph.constant(1.0)), none
  )
  first = graph.add('Min', graph.add('Floor', moved), before_last)
  share = graph.add('Sub', moved, first)
  return _Places(first, share, length, graph.add('Min', last, one))
