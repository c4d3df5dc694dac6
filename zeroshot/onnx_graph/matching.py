"""Local matching of features in an ONNX graph; see ``model.matching``.

  matched, flow = match(graph, query, reference, flow, search)

Features have their channels last, ``[1, h, w, C]``, so that a window of cells
is a matrix: all similarities of ``block`` neighbouring cells with the cells
around them are one matrix product, of which a band is used. That takes a fifth
of the time of one product for each offset. A flow is ``[1, 2, h, w]``, rows
before columns.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from zeroshot.onnx_graph import layers, sampling
from zeroshot.onnx_graph.graph import Graph


class Search(NamedTuple):
  """Where a test feature's match is looked for.

  Attributes:
    channels: of the features.
    radius: of the window, in cells.
    support: radius of the square over which similarities are averaged.
    block: cells that share a matrix product; the width is a multiple of it.
  """

  channels: int
  radius: int
  support: int
  block: int

  @property
  def side(self) -> int:
    """Of the window, in cells."""
    return 2 * self.radius + 1

  @property
  def reach(self) -> int:
    """Columns that the windows of one block's cells cover."""
    return self.block + 2 * self.radius


def match(
  graph: Graph, query: str, reference: str, flow: str | None, search: Search
) -> tuple[str, str | None]:
  """Gathers the reference's features that match the test's.

  Args:
    graph: to append to.
    query: ``[1, h, w, C]``, the test's features, times the sharpness over
      their number, with the norm's bias; what all similarities of a cell share
      drops out of the softmax.
    reference: ``[1, h, w, C]``, without the norm's bias.
    flow: where the windows are centred; None is 0 everywhere.
    search: the windows.

  Returns:
    The gathered features ``[1, h, w, C]``, without the norm's bias, and the
    refined flow.
  """
  if flow is not None:
    reference = sampling.warp(graph, reference, flow)
  if search.radius == 0:
    return reference, flow
  shape = graph.add('Shape', reference)
  around = _around(graph, reference, search)  # [N, side * reach, C]
  size = graph.constant([-1, search.block, search.channels], np.int64)
  cells = graph.add('Reshape', query, size)  # [N, block, C]
  columns = graph.add('Transpose', around, perm=[0, 2, 1])
  similarity = graph.add('MatMul', cells, columns)
  share = _softmax(graph, _band(graph, similarity, search), shape, search)
  spread = _spread(graph, share, search)  # [N, block, side * reach]
  matched = graph.add('Reshape', graph.add('MatMul', spread, around), shape)
  step = graph.add('MatMul', share, graph.constant(_offsets(search.radius)))
  step = graph.add('Transpose', step, perm=[0, 3, 1, 2])  # [1, 2, h, w]
  return matched, step if flow is None else graph.add('Add', flow, step)


def _offsets(radius: int) -> np.ndarray:
  """``[K, 2]``, row and column of each cell of a window."""
  reach = range(-radius, radius + 1)
  return np.array(list(itertools.product(reach, reach)), np.float32)


def _around(graph: Graph, reference: str, search: Search) -> str:
  """The cells around each block, ``[N, side * reach, C]``; edges repeat."""
  r = search.radius
  pads = graph.constant([0, r, r, 0, 0, r, r, 0], np.int64)
  padded = graph.add('Pad', reference, pads, mode='edge')
  columns = [
    layers.cut(
      graph,
      padded,
      axis=2,
      start=place,
      stop=place - search.reach + 1,
      step=search.block,
    )
    for place in range(search.reach)
  ]
  wide = graph.add('Concat', *columns, axis=3)  # [1, h + 2r, w / b, reach * C]
  rows = [
    layers.cut(graph, wide, axis=1, start=place, stop=place - search.side + 1)
    for place in range(search.side)
  ]
  size = [-1, search.side * search.reach, search.channels]
  return graph.add(
    'Reshape',
    graph.add('Concat', *rows, axis=3),
    graph.constant(size, np.int64),
  )


def _band(graph: Graph, similarity: str, search: Search) -> str:
  """Each cell's window of ``[N, block, side * reach]``.

  It begins a column further to the right with each cell; in rows that are one
  column longer, all begin in the first column.

  Returns:
    ``[N, side, block, side]``.
  """
  block, side, reach = search.block, search.side, search.reach
  x = _reshape(graph, similarity, -1, block, side, reach)
  x = graph.add('Transpose', x, perm=[0, 2, 1, 3])
  x = _reshape(graph, x, -1, side, block * reach)
  pads = graph.constant([0, 0, 0, 0, 0, block], np.int64)
  x = graph.add('Pad', x, pads)
  x = _reshape(graph, x, -1, side, block, reach + 1)
  return layers.cut(graph, x, axis=3, start=0, stop=side)


def _softmax(graph: Graph, band: str, shape: str, search: Search) -> str:
  """Shares of a cell's window, ``[1, h, w, K]``, of ``_band``'s similarities.

  Args:
    graph: to append to.
    band: ``[N, side, block, side]``.
    shape: ``[1, h, w, C]`` of the features.
    search: the windows.
  """
  side = search.side
  # One row of [N, block] is one cell after the other.
  x = graph.add('Transpose', band, perm=[1, 3, 0, 2])
  size = layers.cut(graph, shape, axis=0, start=1, stop=3)
  window = graph.constant([1, side * side], np.int64)
  x = graph.add('Reshape', x, graph.add('Concat', window, size, axis=0))
  if search.support:
    x = graph.add(
      'AveragePool',
      x,
      kernel_shape=[2 * search.support + 1] * 2,
      pads=[search.support] * 4,
      count_include_pad=0,
    )
  x = graph.add('Transpose', x, perm=[0, 2, 3, 1])
  return graph.add('Softmax', x, axis=-1)


def _spread(graph: Graph, share: str, search: Search) -> str:
  """Undoes ``_band``; 0 outside of a cell's window.

  Args:
    graph: to append to.
    share: ``[1, h, w, K]``.
    search: the windows.

  Returns:
    ``[N, block, side * reach]``.
  """
  block, side, reach = search.block, search.side, search.reach
  x = _reshape(graph, share, -1, block, side, side)
  x = graph.add('Transpose', x, perm=[0, 2, 1, 3])
  pads = [0, 0, 0, 0, 0, 0, 0, reach + 1 - side]
  x = graph.add('Pad', x, graph.constant(pads, np.int64))
  x = _reshape(graph, x, -1, side, block * (reach + 1))
  x = layers.cut(graph, x, axis=2, start=0, stop=block * reach)
  x = _reshape(graph, x, -1, side, block, reach)
  x = graph.add('Transpose', x, perm=[0, 2, 1, 3])
  return _reshape(graph, x, -1, block, side * reach)


def _reshape(graph: Graph, x: str, *shape: int) -> str:
  return graph.add('Reshape', x, graph.constant(shape, np.int64))
