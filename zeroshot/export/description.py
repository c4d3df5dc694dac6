"""Weights -> the metadata of their exported file.

metadata = description.describe(weights, 'default', height=640, width=640)
"""

from __future__ import annotations

import importlib.metadata

from zeroshot import version
from zeroshot.detect.calibration import Calibration
from zeroshot.export.metadata import Metadata
from zeroshot.onnx_graph import model
from zeroshot.onnx_graph.model import MULTIPLE_PX
from zeroshot.weights import files

_PACKAGES = ('jax', 'onnx', 'flatbuffers')


def describe(
  weights: files.Weights, name: str, *, height: int, width: int
) -> Metadata:
  """The metadata of a file.

  Args:
    weights: calibrated.
    name: of the weights.
    height: of the pictures or tiles that the file takes, a multiple of 64.
    width: of the pictures or tiles that the file takes, a multiple of 64.

  Raises:
    ValueError: the weights are not calibrated, or the size is not usable.
  """
  calibration = weights.calibration
  if calibration is None:
    raise ValueError(
      f'{name} has no calibrated threshold, and a file that finds everything '
      'or nothing is of no use; calibrate the weights with launch.calibrate'
    )
  config, detect = weights.config['model'], weights.config['detect']
  stride_px = model.stride_px(config)
  min_px = detect['tile_overlap_px'] + 2 * stride_px
  _check_size(height, width, min_px=min_px)
  return Metadata(
    weights=name,
    step=weights.step,
    height=height,
    width=width,
    stride_px=stride_px,
    kinds=tuple(config['kinds']),
    regresses_boxes=config['predicts_sides'],
    detect=dict(detect),
    calibration={key: calibration[key] for key in Calibration._fields},
    versions=_versions(),
  )


def _check_size(height: int, width: int, *, min_px: int) -> None:
  for name, side in (('height', height), ('width', width)):
    if side % MULTIPLE_PX or side < min_px:
      fitting = max(side, min_px)
      raise ValueError(
        f'the {name} is {side} px; give a multiple of {MULTIPLE_PX}, at least '
        f'{min_px}, such as {fitting + -fitting % MULTIPLE_PX}'
      )


def _versions() -> dict[str, str]:
  """The versions of those packages that are installed."""
  versions = {'zeroshot': version.version()}
  for package in _PACKAGES:
    try:
      versions[package] = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
      continue
  return versions
