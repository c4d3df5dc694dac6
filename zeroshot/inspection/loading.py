"""A weights file -> what ``Detector`` is built from.

  network = loading.load_network('default', threshold=None, kinds=None)

Imports JAX; a detector of an exported network does not need this file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import ml_collections

from zeroshot.detect import calibration, scorers
from zeroshot.types import PlainConfig
from zeroshot.weights import files


class LoadedNetwork(NamedTuple):
  """A network with its settings.

  Attributes:
    scorer: the network with its parameters.
    settings: ``config.detect``.
    fitted: calibration of the confidences; None without one.
    threshold: least confidence of a box that counts.
  """

  scorer: scorers.Scorer
  settings: PlainConfig
  fitted: calibration.Calibration | None
  threshold: float


def load_network(
  weights: str | os.PathLike[str],
  *,
  threshold: float | None,
  kinds: str | None,
  local_field: bool | None = None,
) -> LoadedNetwork:
  """Loads a weights file.

  Args:
    weights: name of shipped weights, or a file.
    threshold: least confidence of a box that counts; None takes the
      calibrated one.
    kinds: overrides ``detect.kinds``; None keeps it.
    local_field: overrides ``detect.local_field``; None keeps it.

  Raises:
    ValueError: the weights cannot be read, or are not calibrated and no
      threshold is given.
    AttributeError, KeyError: the stored config lacks a setting.
  """
  loaded = files.load(Path(weights))
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
  config = ml_collections.ConfigDict(loaded.config)
  settings = dict(config.detect)
  if kinds is not None:
    settings['kinds'] = kinds
  if local_field is not None:
    settings['local_field'] = local_field
  scorer = scorers.network_scorer(config.model, loaded.parameters)
  return LoadedNetwork(scorer, settings, fitted, threshold)
