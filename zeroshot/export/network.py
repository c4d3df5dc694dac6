"""Weights -> a function that can be converted, and its metadata.

found = network.build(files.load('default'), 'default', height=640, width=640)
scores, *others = found.function(reference, test)
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import ml_collections

from zeroshot.detect.calibration import Calibration
from zeroshot.detect.score import BUCKET_PX, predict
from zeroshot.export.metadata import Metadata
from zeroshot.model.build import build_model
from zeroshot.types import Array
from zeroshot.weights import files


class Network(NamedTuple):
  """A network with its parameters in it.

  Attributes:
    function: ``(reference, test) -> outputs``, as ``Metadata`` says.
    metadata: of what it takes and gives.
  """

  function: Callable[[Array, Array], tuple[Array, ...]]
  metadata: Metadata

  @property
  def shape(self) -> jax.ShapeDtypeStruct:
    """Of each of the two pictures."""
    size = self.metadata.height, self.metadata.width
    return jax.ShapeDtypeStruct((1, *size, 3), jnp.float32)


def build(
  weights: files.Weights, name: str, *, height: int, width: int
) -> Network:
  """Makes a network ready for conversion.

  Args:
    weights: calibrated.
    name: of the weights.
    height: of the pictures that it will take, a multiple of 64.
    width: likewise.

  Raises:
    ValueError: the weights are not calibrated, or the size does not serve.
  """
  config = ml_collections.ConfigDict(weights.config)
  model = build_model(config.model)
  calibration = weights.calibration
  if calibration is None:
    raise ValueError(
      f'{name} has no calibrated threshold, and a file that finds everything '
      'or nothing is of no use; calibrate the weights with launch.calibrate'
    )
  _check_size(
    height, width, least=config.detect.tile_overlap_px + 2 * model.stride
  )
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
      predicts_sides=config.model.predicts_sides,
      detect=config.detect.to_dict(),
      calibration={key: calibration[key] for key in Calibration._fields},
      versions=_versions('zeroshot', 'jax', 'jax2onnx', 'flatbuffers'),
    ),
  )


def _check_size(height: int, width: int, *, least: int) -> None:
  for name, side in (('height', height), ('width', width)):
    if side % BUCKET_PX or side < least:
      fitting = max(side, least)
      raise ValueError(
        f'the {name} is {side} px; give a multiple of {BUCKET_PX}, at least '
        f'{least}, such as {fitting + -fitting % BUCKET_PX}'
      )


def _versions(*packages: str) -> dict[str, str]:
  """Those of the packages that are installed."""
  found = {}
  for package in packages:
    try:
      found[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      continue
  return found
