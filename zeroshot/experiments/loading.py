"""Loads a run, a weights file or a baseline as a detector.

weights = loading.load(config, workdir=None, weights='default')
detector = loading.build_detector(config, weights)
"""

from __future__ import annotations

from collections.abc import Callable

import ml_collections
from absl import flags
from flax import traverse_util
from ml_collections import config_flags

from zeroshot import runs
from zeroshot.detect import (
  calibration,
  detector,
  onnx_sessions,
  scorers,
  two_tone,
)
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
      theirs, which replaces ``config.model`` in place, except that fields which
      the command line sets must agree.
    workdir: folder of a run, or None.
    weights: a weights file or a name, or None.

  Returns:
    The weights; those of a baseline have None for parameters.

  Raises:
    ValueError: unless exactly one of the two is given and can be read, and
      where a run was trained with another model than asked for.
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
  """Replaces ``config.model``; refuses what the command line asks otherwise."""
  requested = compatibility.plain_config(config)
  old, new = (
    traverse_util.flatten_dict({'model': each['model']}, sep='.')
    for each in (stored, requested)
  )
  given = _overridden() & new.keys()
  differing = compatibility.differences(
    {name: old.get(name) for name in given}, {name: new[name] for name in given}
  )
  if differing:
    raise ValueError(
      f'these weights bring another network: {"; ".join(differing)}. Leave the '
      'fields of config.model out'
    )
  with config.unlocked():
    for name in set(config.model) - stored['model'].keys():
      del config.model[name]  # the network was made before there was a choice
  for name, value in stored['model'].items():
    config.model[name] = tuple(value) if isinstance(value, list) else value


def _overridden() -> set[str]:
  """The fields that the command line sets, ``model.kind`` for example."""
  if 'config' not in flags.FLAGS or not flags.FLAGS.is_parsed():
    return set()
  return set(config_flags.get_override_values(flags.FLAGS['config']))


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
  settings, fitted = config.detect, _calibration(weights)
  scorer = scorers.network_scorer(config.model, weights.parameters)
  detect = detector.build_detector(scorer, settings, fitted)
  other = weights.two_tone
  if other is None:
    return detect
  model = ml_collections.ConfigDict(other.config['model'])
  scorer = scorers.network_scorer(model, other.parameters)
  moved = calibration.sharing_threshold(_calibration(other), fitted)
  return two_tone.choose(
    detect, detector.build_detector(scorer, settings, moved)
  )


def _calibration(weights: files.Weights) -> calibration.Calibration | None:
  """Of one network; None without one."""
  stored = weights.calibration
  return calibration.from_plain(stored) if stored else None


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
