"""The network of a recipe: its weights, found and checked by their hash.

weights = network.identify_for('default', frame)
opened = network.open_network(weights, kinds=None)
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from zeroshot.detect import detector, settings, two_tone
from zeroshot.detect.calibration import Calibration
from zeroshot.detect.scorers import Scorer
from zeroshot.detect.settings import DetectSettings
from zeroshot.inspection import loading
from zeroshot.recipe.recipe import Network
from zeroshot.types import HostArray
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


def identify_for(weights: str | os.PathLike[str], frame: HostArray) -> Network:
  """The weights that a product needs, of a name that may stand for two.

  Args:
    weights: name or file.
    frame: pixels ``[H, W, 3]`` of a good part.

  Raises:
    ValueError: there are none of that name.
  """
  names = files.members(weights)
  return identify(names[-1] if two_tone.is_two_tone(frame, frame) else names[0])


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
  # What was one file once may stand for two now.
  members = [identify(name) for name in files.members(weights.name)]
  same = [each for each in members if each.sha256 == weights.sha256]
  found = [*same, *members][0]
  if not same:
    raise ValueError(
      f'weights {weights.name} have sha256 {found.sha256[:12]}, the recipe was '
      f'taught with {weights.sha256[:12]}; teach it again, or bring those back'
    )
  loaded = loading.load_network(
    found.name,
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
