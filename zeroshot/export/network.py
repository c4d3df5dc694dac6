"""Weights -> a function in JAX that can be converted, and its metadata.

exported = network.build(weights, metadata)
scores, *others = exported.function(reference, test)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.export
import jax.numpy as jnp
import ml_collections
import numpy as np

from zeroshot.detect.score import predict
from zeroshot.export.metadata import Metadata
from zeroshot.model.build import build_model
from zeroshot.types import Array, HostArray
from zeroshot.weights import files


class Network(NamedTuple):
  """A network with its parameters in it.

  Attributes:
    function: ``(reference, test) -> outputs``, as ``Metadata`` says.
    metadata: description of its inputs and outputs.
  """

  function: Callable[[Array, Array], tuple[Array, ...]]
  metadata: Metadata

  @property
  def shape(self) -> jax.ShapeDtypeStruct:
    """Shape and dtype of each of the two pictures."""
    size = self.metadata.height, self.metadata.width
    return jax.ShapeDtypeStruct((1, *size, 3), jnp.float32)

  def run(self, reference: HostArray, test: HostArray) -> tuple[HostArray, ...]:
    """The outputs for one pair, compiled by JAX."""
    outputs = jax.jit(self.function)(reference, test)
    return tuple(np.asarray(output) for output in outputs)

  def serialize(self, platforms: Sequence[str]) -> bytes:
    """The function as StableHLO for some platforms."""
    export = jax.export.export(jax.jit(self.function), platforms=platforms)
    return bytes(export(self.shape, self.shape).serialize())


def build(weights: files.Weights, metadata: Metadata) -> Network:
  """Makes a network ready for conversion.

  Args:
    weights: of a network.
    metadata: of its file, see ``description.describe``.
  """
  model = build_model(ml_collections.ConfigDict(weights.config).model)
  parameters = jax.tree.map(jnp.asarray, weights.parameters)

  def function(reference: Array, test: Array) -> tuple[Array, ...]:
    return predict(model, parameters, reference / 255, test / 255)

  return Network(function, metadata)
