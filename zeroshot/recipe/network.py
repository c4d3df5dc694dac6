"""The network of a recipe: its weights, found and checked by their hash.

weights = network.identify('default')
opened = network.open_network(weights, kinds=None)
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from zeroshot.detect import detector, settings
from zeroshot.detect.calibration import Calibration
from zeroshot.detect.scorers import Scorer
from zeroshot.detect.settings import DetectSettings
from zeroshot.inspection import loading
from zeroshot.recipe.recipe import Network
from zeroshot.weights import files


class OpenedNetwork(NamedTuple):
  """A network that is ready to compare.

  Attributes:
    scorer: the network.
    options: of ``config.detect``.
    fitted: calibration of the confidences; None without one.
    threshold: least confidence of a box that counts.
  """

  scorer: Scorer
  options: DetectSettings
  fitted: Calibration | None
  threshold: float


def identify(weights: str | os.PathLike[str]) -> Network:
  """The name and hash of weights.

  Raises:
    ValueError: there are none of that name.
  """
  with files.find(Path(weights)).open('rb') as opened:
    digest = hashlib.file_digest(opened, 'sha256').hexdigest()
  return Network(os.fspath(weights), digest)


def open_network(
  weights: Network,
  *,
  threshold: float | None = None,
  kinds: str | None = None,
  runtime: str = 'auto',
  precision: str = 'f32',
) -> OpenedNetwork:
  """Loads the weights of a recipe.

  Args:
    weights: as the recipe names them.
    threshold: see ``Detector.load``.
    kinds: see ``Detector.load``.
    runtime: see ``Detector.load``.
    precision: see ``Detector.load``.

  Raises:
    ValueError: they are missing, or others than those that were taught with;
      see ``Detector.load`` for more.
  """
  found = identify(weights.name)
  if found.sha256 != weights.sha256:
    raise ValueError(
      f'weights {weights.name} have sha256 {found.sha256[:12]}, the recipe was '
      f'taught with {weights.sha256[:12]}; teach it again, or bring those back'
    )
  loaded = loading.load_network(
    weights.name,
    threshold=threshold,
    kinds=kinds,
    runtime=runtime,
    precision=precision,
  )
  detector.build_detector(*loaded[:3])  # refuses settings that make no sense
  return OpenedNetwork(
    loaded.scorer,
    settings.from_config(loaded.settings),
    loaded.fitted,
    loaded.threshold,
  )
