"""Weights files: parameters, and how they were trained and calibrated.

save(path, Weights(parameters, config, step))
weights = load('procedural')     # shipped
weights = load('w.safetensors')  # of launch.export_weights

``'default'`` is two of the shipped ones: ``photographs``, and ``procedural``
for pairs in black and white.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors
import safetensors.numpy

from zeroshot.runtime import atomic_files
from zeroshot.types import HostArray, JsonObject, Params

SHIPPED = Path(__file__).parent
_SUFFIX = '.safetensors'
# Of each name that stands for two: the weights themselves, and those for
# black-and-white pairs.
_CHOICES = {'default': ('photographs', 'procedural')}


class Weights(NamedTuple):
  """The content of a weights file.

  Attributes:
    parameters: nested dicts of NumPy arrays; None is a baseline.
    config: of the run that trained them, as plain dicts and lists.
    step: number of completed updates.
    calibration: of the confidences, as plain dicts and lists; see
      ``zeroshot.detect.calibration``. None where there is none.
    baseline: name in ``zeroshot.detect.scorers.BASELINES``, of no file.
    two_tone: weights for black-and-white pairs, see ``detect.two_tone``; None
      where these are for every pair. They are not saved.
  """

  parameters: Any
  config: JsonObject
  step: int
  calibration: JsonObject | None = None
  baseline: str = ''
  two_tone: Weights | None = None


def save(path: str | Path, weights: Weights) -> None:
  """Writes one safetensors file atomically.

  Names of nested parameters are joined by ``/``; the rest is JSON in the
  header.

  Args:
    path: of the file; its folder must exist.
    weights: config and calibration JSON-compatible.
  """
  path = Path(path)
  tensors = flatten(weights.parameters)
  header = {'config': json.dumps(weights.config), 'step': str(weights.step)}
  if weights.calibration is not None:
    header['calibration'] = json.dumps(weights.calibration)
  with atomic_files.atomic_write(path) as partial:
    safetensors.numpy.save_file(tensors, str(partial), metadata=header)


def load(name: str | Path) -> Weights:
  """Reads a weights file.

  Args:
    name: path of a file of ``save``, or the name of shipped weights.

  Returns:
    Its content.

  Raises:
    ValueError: the file is missing, damaged, or was not written by ``save``.
  """
  loaded, *others = (_read(find(each)) for each in members(name))
  return loaded._replace(two_tone=others[0]) if others else loaded


def _read(path: Path) -> Weights:
  """The content of one file; see ``load``."""
  try:
    with safetensors.safe_open(str(path), framework='numpy') as file:
      header = file.metadata() or {}
      flat = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return Weights(
      _unflatten(flat),
      config=json.loads(header['config']),
      step=int(header['step']),
      calibration=json.loads(header.get('calibration', 'null')),
    )
  except (safetensors.SafetensorError, KeyError, ValueError) as error:
    raise ValueError(
      f'{path} is no weights file of launch.export_weights, or is damaged: '
      f'{type(error).__name__}: {str(error).splitlines()[0][:160]}'
    ) from error


def flatten(parameters: Params, prefix: str = '') -> dict[str, HostArray]:
  """The arrays of nested dicts, their names joined by ``/``."""
  flat: dict[str, HostArray] = {}
  for name, value in parameters.items():
    if isinstance(value, Mapping):
      flat |= flatten(value, f'{prefix}{name}/')
    else:
      flat[f'{prefix}{name}'] = np.asarray(value, order='C')
  return flat


def _unflatten(flat: Mapping[str, HostArray]) -> dict[str, Any]:
  """Undoes ``flatten``. Not by Flax, whose import takes a second."""
  nested: dict[str, Any] = {}
  for path, value in flat.items():
    *folders, name = path.split('/')
    inner = nested
    for folder in folders:
      inner = inner.setdefault(folder, {})
    inner[name] = value
  return nested


def list_shipped() -> list[str]:
  """The names of the shipped weights, sorted."""
  stored = {path.stem for path in SHIPPED.glob(f'*{_SUFFIX}')}
  chosen = {name for name, two in _CHOICES.items() if stored.issuperset(two)}
  return sorted(stored | chosen)


def members(name: str | os.PathLike[str]) -> tuple[str, ...]:
  """The names of the weights that a name stands for: one, or two.

  Of two the second is for black-and-white pairs, see ``detect.two_tone``.
  """
  if Path(name).is_file():
    return (str(name),)
  return _CHOICES.get(str(name), (str(name),))


def find(name: str | Path) -> Path:
  """The file of a path or of the name of shipped weights.

  Of a name that stands for two it is the first of ``members``.

  Raises:
    ValueError: there is no such file.
  """
  if Path(name).is_file():
    return Path(name)
  if str(name) in list_shipped():
    return SHIPPED / f'{members(name)[0]}{_SUFFIX}'
  raise ValueError(
    f'no weights file {name}; write one with launch.export_weights, or name '
    f'weights that ship: {", ".join(list_shipped()) or "there are none"}'
  )
