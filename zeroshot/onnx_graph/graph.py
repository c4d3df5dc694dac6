"""Nodes and constants of an ONNX graph, collected one after the other.

graph = Graph()
doubled = graph.add('Mul', 'x', graph.constant([2.0]))
model = graph.finish({'x': [1, 'n']}, {doubled: [1, 'n']})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zeroshot.types import HostArray

if TYPE_CHECKING:
  import onnx

OPSET = 17  # the oldest with all operations that are needed
_IR_VERSION = 8  # of that time, so that older runtimes read the file


class Graph:
  """A graph that grows; values are known by their names."""

  def __init__(self) -> None:
    self._nodes: list[onnx.NodeProto] = []
    self._constants: dict[tuple[Any, ...], onnx.TensorProto] = {}

  def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
    """Appends a node with one output.

    Args:
      operation: of the default domain.
      *inputs: names of values; '' leaves an optional one out.
      **attributes: of the operation.

    Returns:
      The name of its output.
    """
    return self.add_many(operation, *inputs, count=1, **attributes)[0]

  def add_many(
    self, operation: str, *inputs: str, count: int, **attributes: Any
  ) -> list[str]:
    """Appends a node; returns the names of its ``count`` outputs."""
    from onnx import helper

    stem = f'{operation}_{len(self._nodes)}'
    outputs = [f'{stem}_{index}' for index in range(count)]
    self._nodes.append(
      helper.make_node(operation, inputs, outputs, name=stem, **attributes)
    )
    return outputs

  def name(self, value: str, name: str) -> str:
    """Gives a value the name of an output."""
    from onnx import helper

    self._nodes.append(helper.make_node('Identity', [value], [name], name=name))
    return name

  def constant(self, value: Any, dtype: Any = np.float32) -> str:
    """The name of a constant; equal ones are stored once."""
    from onnx import numpy_helper

    array: HostArray = np.ascontiguousarray(np.asarray(value, dtype))
    array = array.reshape(np.shape(value))
    key = array.tobytes(), array.shape, array.dtype.str
    if key not in self._constants:
      name = f'constant_{len(self._constants)}'
      self._constants[key] = numpy_helper.from_array(array, name)
    return self._constants[key].name

  def finish(
    self,
    inputs: Mapping[str, Sequence[int | str]],
    outputs: Mapping[str, Sequence[int | str]],
  ) -> onnx.ModelProto:
    """The model, checked.

    Args:
      inputs: float32 inputs by name, with their shapes; a word is a size that
        is free.
      outputs: likewise.
    """
    import onnx
    from onnx import helper

    given, made = (
      [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in each.items()
      ]
      for each in (inputs, outputs)
    )
    constants = list(self._constants.values())
    model = helper.make_model(
      helper.make_graph(self._nodes, 'zeroshot', given, made, constants),
      opset_imports=[helper.make_opsetid('', OPSET)],
      ir_version=_IR_VERSION,
      producer_name='zeroshot',
    )
    onnx.checker.check_model(model)
    return model
