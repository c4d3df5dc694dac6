"""A weights file -> what ``Detector`` is built from.

  network = loading.load_network('default', threshold=None, kinds=None)

JAX is imported by ``runtime='jax'`` alone.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2

from zeroshot.detect import (
  calibration,
  detector,
  onnx_sessions,
  scorers,
  two_tone,
)
from zeroshot.inspection.options import PRECISIONS, RUNTIMES
from zeroshot.onnx_graph import cache, model
from zeroshot.runtime import machine
from zeroshot.types import PlainConfig
from zeroshot.weights import files


class LoadedNetwork(NamedTuple):
  """A network with its settings.

  Attributes:
    scorer: the network with its parameters.
    settings: ``config.detect``.
    fitted: calibration of the confidences; None without one.
    threshold: least confidence of a box that counts.
    two_tone: the network for black-and-white pairs; None takes this one.
  """

  scorer: scorers.Scorer
  settings: PlainConfig
  fitted: calibration.Calibration | None
  threshold: float
  two_tone: LoadedNetwork | None = None

  def build_detector(self) -> Callable[..., detector.Detection]:
    """See ``detect.detector.build_detector`` and ``detect.two_tone``."""
    detect = detector.build_detector(self.scorer, self.settings, self.fitted)
    if self.two_tone is None:
      return detect
    return two_tone.choose(detect, self.two_tone.build_detector())


def load_network(
  weights: str | os.PathLike[str],
  *,
  threshold: float | None,
  kinds: str | None,
  local_field: bool | None = None,
  runtime: str = 'auto',
  precision: str = 'f32',
) -> LoadedNetwork:
  """Loads a weights file.

  Args:
    weights: name of shipped weights, or a file.
    threshold: least confidence of a box that counts; None takes the
      calibrated one.
    kinds: overrides ``detect.kinds``; None keeps it.
    local_field: overrides ``detect.local_field``; None keeps it.
    runtime: what runs the network: ``'onnxruntime'``, ``'openvino'``,
      ``'jax'``; or ``'auto'``, JAX where it would find a GPU or TPU and else
      ONNX Runtime.
    precision: of OpenVINO's arithmetic, ``'f32'`` or ``'bf16'``.

  Raises:
    ValueError: the weights cannot be read, or are not calibrated and no
      threshold is given; or the runtime or precision is not to be had.
    AttributeError, KeyError: the stored config lacks a setting.
  """
  load = functools.partial(
    _load_one,
    kinds=kinds,
    local_field=local_field,
    runtime=choose_runtime(runtime, precision),
    precision=precision,
  )
  name, *others = files.members(weights)
  network = load(name, threshold=threshold)
  if not others:
    return network
  other = load(others[0], threshold=network.threshold)
  fitted = calibration.sharing_threshold(other.fitted, network.fitted)
  return network._replace(two_tone=other._replace(fitted=fitted))


def _load_one(
  weights: str,
  *,
  threshold: float | None,
  kinds: str | None,
  local_field: bool | None,
  runtime: str,
  precision: str,
) -> LoadedNetwork:
  """One network; see ``load_network``."""
  loaded = files.load(weights)
  fitted = None
  if loaded.calibration is not None:
    fitted = calibration.from_plain(loaded.calibration)
  if threshold is None:
    if fitted is None:
      raise ValueError(
        f'{weights} has no calibrated threshold; give one, or calibrate the '
        'weights with launch.calibrate'
      )
    threshold = fitted.threshold
  settings = dict(loaded.config['detect'])
  if kinds is not None:
    settings['kinds'] = kinds
  if local_field is not None:
    settings['local_field'] = local_field
  scorer = build_scorer(weights, loaded, runtime, precision)
  return LoadedNetwork(scorer, settings, fitted, threshold)


def choose_runtime(runtime: str, precision: str = 'f32') -> str:
  """The runtime that is meant; see ``load_network``.

  Raises:
    ValueError: there is none of that name, or it does not have the precision.
  """
  if runtime not in RUNTIMES:
    raise ValueError(f'runtime is {runtime!r}; give one of {RUNTIMES}')
  if precision not in PRECISIONS:
    raise ValueError(f'precision is {precision!r}; give one of {PRECISIONS}')
  if precision != 'f32' and runtime != 'openvino':
    raise ValueError(
      f'precision={precision} needs runtime=openvino; {runtime} has f32 alone'
    )
  if runtime != 'auto':
    return runtime
  return 'jax' if machine.has_accelerator() else 'onnxruntime'


def build_scorer(
  name: str | os.PathLike[str],
  weights: files.Weights,
  runtime: str,
  precision: str = 'f32',
) -> scorers.Scorer:
  """The network in a runtime.

  Args:
    name: of shipped weights, or their file; an ONNX file beside it is used.
    weights: read from it.
    runtime: of ``choose_runtime``.
    precision: see ``load_network``.

  Raises:
    ValueError: the network cannot be built, or the runtime is not installed.
  """
  if machine.usable_cores() < (os.cpu_count() or 1):
    cv2.setNumThreads(min(cv2.getNumThreads(), machine.usable_cores()))
  config = weights.config['model']
  if runtime == 'jax':
    import ml_collections

    return scorers.network_scorer(
      ml_collections.ConfigDict(config), weights.parameters
    )
  data = onnx_file(Path(name), weights)
  if runtime == 'openvino':
    run = onnx_sessions.open_openvino(data, precision=precision)
  else:
    run = onnx_sessions.open_onnxruntime(data)
  return scorers.onnx_scorer(
    run,
    stride_px=model.stride_px(config),
    kinds=tuple(config['kinds']),
    regresses_boxes=config['predicts_sides'],
  )


def onnx_file(name: Path, weights: files.Weights) -> bytes:
  """The network's ONNX file: the one beside its weights, or built anew.

  Of weights that ship it is built once, and kept in the user's cache.

  Args:
    name: of shipped weights, or their file.
    weights: read from it.
  """
  path = files.find(name).with_suffix('.onnx')
  if path.is_file():
    data = path.read_bytes()
    if model.belongs(data, weights):
      return data
    logging.getLogger(__name__).warning(
      '%s is not of the weights beside it, and is not used; write it again '
      'with python -m launch.export_weights --onnx_of=%s',
      path,
      name,
    )
  if path.parent == files.SHIPPED:
    return cache.to_bytes(weights)
  return model.to_bytes(weights)
