"""Loads a run, a weights file or a baseline as a detector.

weights = loading.load(config, workdir=None, weights='default')
detector = loading.build_detector(config, weights)
"""

from __future__ import annotations

from collections.abc import Callable

import ml_collections
from absl import flags, logging
from flax import traverse_util

from zeroshot import runs
from zeroshot.detect import calibration, detector, onnx_sessions, scorers
from zeroshot.detect.detector import Detection
from zeroshot.onnx_graph import model
from zeroshot.run_config import compatibility
from zeroshot.runtime import broadcast, machine
from zeroshot.types import PlainConfig
from zeroshot.weights import files


def define_flags() -> None:
  """Defines ``--workdir`` and ``--weights``, one of which a user gives."""
  flags.DEFINE_string('workdir', None, 'Folder of a run.')
  flags.DEFINE_string(
    'weights',
    None,
    "A weights file, the name of weights that ship ('default'), or a baseline "
    f'without a network: {", ".join(scorers.BASELINES)}. A file brings its '
    'model: config.model is replaced.',
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
    The weights; those of a baseline have None for parameters.

  Raises:
    ValueError: unless exactly one of the two is given and can be read, and
      where a run was trained with another model.
  """
  if (workdir is None) == (weights is None):
    raise ValueError('give either --workdir=DIR or --weights=FILE')
  if weights in scorers.BASELINES:
    return files.Weights(
      None, compatibility.plain_config(config), step=0, baseline=weights
    )
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


def _take_model(config: ml_collections.ConfigDict, stored: PlainConfig) -> None:
  """Replaces ``config.model``; logs where ``config.detect`` differs."""
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
  """The detector of some weights, or of a baseline.

  Args:
    config: the whole config.
    weights: see ``load``.

  Returns:
    A function ``(reference, test, valid=None) -> Detection``.
  """
  if weights.parameters is None:
    return detector.build_detector(*baseline(config, weights.baseline))
  stored = weights.calibration
  return detector.build_detector(
    scorers.network_scorer(config.model, weights.parameters),
    config.detect,
    calibration.from_plain(stored) if stored else None,
  )


def baseline(
  config: ml_collections.ConfigDict, name: str
) -> tuple[scorers.Scorer, ml_collections.ConfigDict]:
  """A baseline, and the settings that its scores become boxes by.

  Args:
    config: the whole config.
    name: of ``scorers.BASELINES``.
  """
  settings = config.detect.copy_and_resolve_references()
  settings.update(config[name].detect)
  return scorers.baseline_scorer(name, config[name].scores.to_dict()), settings


def host_scorer(
  config: ml_collections.ConfigDict, weights: files.Weights
) -> scorers.Scorer:
  """The network as ``zeroshot inspect`` runs it: without compiling, on CPUs.

  Args:
    config: the whole config.
    weights: of a trained network.
  """
  if machine.has_accelerator():
    return scorers.network_scorer(config.model, weights.parameters)
  return scorers.onnx_scorer(
    onnx_sessions.open_onnxruntime(model.to_bytes(weights)),
    stride_px=model.stride_px(weights.config['model']),
    kinds=tuple(config.model.kinds),
    regresses_boxes=config.model.predicts_sides,
  )
