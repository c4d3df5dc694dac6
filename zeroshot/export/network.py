"""Weights -> a function that can be converted, and its metadata.

exported = network.build(weights, 'default', height=640, width=640)
scores, *others = exported.function(reference, test)
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.export
import jax.numpy as jnp
import ml_collections
import numpy as np

from zeroshot.detect.calibration import Calibration
from zeroshot.detect.score import BUCKET_PX, predict
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


def build(
  weights: files.Weights, name: str, *, height: int, width: int
) -> Network:
  """Makes a network ready for conversion.

  Args:
    weights: calibrated.
    name: of the weights.
    height: of the pictures that it will take, a multiple of 64.
    width: of the pictures that it will take, a multiple of 64.

  Raises:
    ValueError: the weights are not calibrated, or the size is not usable.
  """
  config = ml_collections.ConfigDict(weights.config)
  model = build_model(config.model)
  calibration = weights.calibration
  if calibration is None:
    raise ValueError(
      f'{name} has no calibrated threshold, and a file that finds everything '
      'or nothing is of no use; calibrate the weights with launch.calibrate'
    )
  min_px = config.detect.tile_overlap_px + 2 * model.stride
  _check_size(height, width, min_px=min_px)
  parameters = jax.tree.map(jnp.asarray, weights.parameters)

  def function(reference: Array, test: Array) -> tuple[Array, ...]:
    return predict(model, parameters, reference / 255, test / 255)

  return Network(
    function,
    Metadata(
      weights=name,
      step=weights.step,
      height=height,
      width=width,
      stride_px=model.stride,
      kinds=tuple(config.model.kinds),
      regresses_boxes=config.model.predicts_sides,
      detect=config.detect.to_dict(),
      calibration={key: calibration[key] for key in Calibration._fields},
      versions=_versions('zeroshot', 'jax', 'jax2onnx', 'flatbuffers'),
    ),
  )


def _check_size(height: int, width: int, *, min_px: int) -> None:
  for name, side in (('height', height), ('width', width)):
    if side % BUCKET_PX or side < min_px:
      fitting = max(side, min_px)
      raise ValueError(
        f'the {name} is {side} px; give a multiple of {BUCKET_PX}, at least '
        f'{min_px}, such as {fitting + -fitting % BUCKET_PX}'
      )


def _versions(*packages: str) -> dict[str, str]:
  """The versions of those packages that are installed."""
  versions = {}
  for package in packages:
    try:
      versions[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      continue
  return versions
