"""Loads a run, a weights file or the classical baseline as a detector.

weights = loading.load(config, workdir=None, weights='default')
detector = loading.build_detector(config, weights)
"""

from __future__ import annotations

from collections.abc import Callable

import ml_collections
from absl import flags, logging
from flax import traverse_util

from zeroshot import runs
from zeroshot.detect import calibration, detector, scorers
from zeroshot.detect.detector import Detection
from zeroshot.run_config import compatibility
from zeroshot.runtime import broadcast
from zeroshot.types import PlainConfig
from zeroshot.weights import files

CLASSICAL = 'classical'


def define_flags() -> None:
  """Defines ``--workdir`` and ``--weights``, one of which a user gives."""
  flags.DEFINE_string('workdir', None, 'Folder of a run.')
  flags.DEFINE_string(
    'weights',
    None,
    "A weights file, the name of weights that ship ('default'), or 'classical' "
    'for differencing without a network. It brings its model: config.model '
    'is replaced.',
  )


def load(
  config: ml_collections.ConfigDict, *, workdir: str | None, weights: str | None
) -> files.Weights:
  """Reads what ``--workdir`` or ``--weights`` names.

  Args:
    config: the whole config. Its model must be that of the run; weights bring
      theirs, which replaces ``config.model`` in place.
    workdir: folder of a run, or None.
    weights: a weights file or a name, or None.

  Returns:
    The weights; those of the classical baseline have None for parameters.

  Raises:
    ValueError: unless exactly one of the two is given and can be read, and
      where a run was trained with another model.
  """
  if (workdir is None) == (weights is None):
    raise ValueError('give either --workdir=DIR or --weights=FILE')
  if weights == CLASSICAL:
    return files.Weights(None, compatibility.plain_config(config), step=0)
  if workdir is not None:
    # All processes read the newest step of the first: the run may go on.
    newest = broadcast.from_first(
      lambda: b'%d' % (runs.newest_step(workdir) or 0)
    )
    step = int(newest) or None
    loaded = files.Weights(*runs.load_parameters(workdir, step))
    compatibility.check_same_model(
      loaded.config, compatibility.plain_config(config)
    )
    return loaded
  assert weights is not None
  loaded = files.load(weights)
  _take_model(config, loaded.config)
  return loaded


def _take_model(
  config: ml_collections.ConfigDict, stored: PlainConfig
) -> None:
  """Replaces ``config.model``; logs where ``config.detect`` is not as stored."""
  requested = compatibility.plain_config(config)
  for section, what in (
    ('model', 'the model is that of the weights, not of the config'),
    ('detect', 'the config sets other boxes than the weights were stored with'),
  ):
    differing = compatibility.differences(
      traverse_util.flatten_dict({section: stored.get(section, {})}, sep='.'),
      traverse_util.flatten_dict({section: requested[section]}, sep='.'),
    )
    if differing:
      logging.warning('%s: %s', what, '; '.join(differing))
  for name, value in stored['model'].items():
    config.model[name] = tuple(value) if isinstance(value, list) else value


def build_detector(
  config: ml_collections.ConfigDict, weights: files.Weights
) -> Callable[..., Detection]:
  """The detector of some weights, or of the classical baseline.

  Args:
    config: the whole config.
    weights: see ``load``.

  Returns:
    A function ``(reference, test, valid=None) -> Detection``.
  """
  if weights.parameters is None:
    settings = config.detect.copy_and_resolve_references()
    settings.update(config.classical.detect)
    return detector.build_detector(
      scorers.classical_scorer(config.classical.scores), settings
    )
  stored = weights.calibration
  return detector.build_detector(
    scorers.network_scorer(config.model, weights.parameters),
    config.detect,
    calibration.from_plain(stored) if stored else None,
  )
