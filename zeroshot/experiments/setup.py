"""What a config trains: the synthesis, the bank, the network, the loss.

task = setup.build_task(config)
state = loop.train(config, task, workdir=workdir)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import ml_collections
import numpy as np
from absl import logging
from flax import traverse_util

from zeroshot import losses
from zeroshot.data import bank as bank_files
from zeroshot.data import manifest
from zeroshot.experiments import labelled_sets
from zeroshot.model import build as model_build
from zeroshot.model.siamese import HEAD
from zeroshot.run_config import compatibility
from zeroshot.synthesis import labelled, pairs
from zeroshot.train.task import Synthesise, Task
from zeroshot.types import Array, Material, Pair, Params, PlainConfig
from zeroshot.weights import files


def build_task(
  config: ml_collections.ConfigDict,
  labelled_pairs: Sequence[manifest.LabelledPair] | None = None,
) -> Task:
  """Builds the task that a config describes.

  Args:
    config: the whole config.
    labelled_pairs: to learn from; None reads those that the config names.

  Returns:
    Task.

  Raises:
    ValueError: for invalid settings, files or weights.
  """
  path = config.synthesis.bank
  photographs = bank_files.load_bank(path) if path else None
  if labelled_pairs is None:
    labelled_pairs = labelled_sets.read_split(config).train
  _check_settings(config, has_labels=bool(labelled_pairs))
  windows = (
    labelled_sets.pack(config, labelled_pairs) if labelled_pairs else None
  )
  return Task(
    synthesise=_build_synthesise(config, has_labels=bool(labelled_pairs)),
    model=model_build.build_model(config.model),
    loss=losses.build_loss(config.loss),
    # On the host until the loop replicates it.
    bank=Material(cast('Array | None', photographs), windows),
    initial=initial_parameters(config),
    precision=config.train.precision,
  )


def _build_synthesise(
  config: ml_collections.ConfigDict, *, has_labels: bool
) -> Synthesise:
  """The synthesis, mixed with labelled pairs where there are some."""
  synthesise = pairs.build_synthesis(config.synthesis)
  if has_labels:
    settings = config.labelled
    return labelled.mix(
      synthesise,
      labelled.build_labelled(
        config.synthesis,
        nuisance_share=settings.nuisance_share,
        changes_share=settings.changes_share,
      ),
      synthetic_every=settings.synthetic_every,
      labelled_every=settings.labelled_every,
    )

  def synthesise_from_bank(keys: Array, bank: Material) -> Pair:
    return synthesise(keys, bank.photographs)

  return synthesise_from_bank


def _check_settings(
  config: ml_collections.ConfigDict, *, has_labels: bool
) -> None:
  """Refuses settings that would fail late, or train nothing.

  Raises:
    ValueError: naming the fields that do not go together.
  """
  model, loss, settings = config.model, config.loss, config.labelled
  if not config.train.trunk_rate and not (model.kinds or model.predicts_sides):
    raise ValueError(
      'train.trunk_rate is 0 and there is no pair head: nothing would learn; '
      'give model.kinds or model.predicts_sides, or a rate'
    )
  for name, there in (('kinds', model.kinds), ('sides', model.predicts_sides)):
    if loss[name] and not (there and has_labels):
      raise ValueError(
        f'loss.{name} has weight: it needs the pair head (model.kinds, '
        'model.predicts_sides) and labelled pairs (labelled.root or '
        'labelled.manifest)'
      )
  if not has_labels:
    return
  side = config.synthesis.size_px + 2 * config.synthesis.margin_px
  if settings.window_px < side:
    raise ValueError(
      f'labelled.window_px is {settings.window_px}; it must be at least '
      f'synthesis.size_px + 2 * synthesis.margin_px = {side}'
    )
  counts = {'train.batch_size': config.train.batch_size}
  if config.train.sample_every:
    counts['train.num_samples'] = config.train.num_samples
  every = 'labelled_every' if settings.labelled_every else 'synthetic_every'
  for name, count in counts.items():
    if settings[every] > 0 and count % settings[every]:
      raise ValueError(
        f'{name} is {count}; it must be a multiple of labelled.{every}, which '
        f'is {settings[every]}'
      )


def with_calibration(weights: files.Weights) -> files.Weights:
  """A run's weights with the calibration of its initial weights, if valid.

  The calibration is still valid where the run changed the pair head alone: the
  scores are the same then.

  Args:
    weights: of the run.

  Returns:
    The weights; without a calibration where the run started from random
    parameters, changed the trunk, or its initial weights cannot be read, which
    is logged.
  """
  name = weights.config['train'].get('init_weights')
  if not name:
    return weights
  try:
    initial = load_initial(name, weights.config)
  except ValueError as error:
    logging.warning('not calibrated: %s', error)
    return weights
  old, new = (
    {
      path: value
      for path, value in traverse_util.flatten_dict(one.parameters).items()
      if path[0] != HEAD
    }
    for one in (initial, weights)
  )
  is_same = old.keys() == new.keys() and all(
    np.array_equal(old[path], new[path]) for path in old
  )
  return weights._replace(calibration=initial.calibration if is_same else None)


def initial_parameters(config: ml_collections.ConfigDict) -> Params | None:
  """Parameters of ``config.train.init_weights``; None where it is empty."""
  name = config.train.init_weights
  if not name:
    return None
  plain = compatibility.plain_config(config)
  weights = load_initial(name, plain)
  compatibility.check_same_trunk(weights.config, plain)
  parameters: Params = weights.parameters
  return parameters


def load_initial(name: str, config: PlainConfig) -> files.Weights:
  """The weights that a run starts from.

  Args:
    name: of ``config.train.init_weights``. Of one that stands for two
      networks, the one with the trunk of ``config`` is meant.
    config: the whole config, as plain dicts.

  Raises:
    ValueError: there is no such file, or it is no weights file.
  """
  loaded = files.load(name)
  if loaded.two_tone is None:
    return loaded
  try:
    compatibility.check_same_trunk(loaded.two_tone.config, config)
  except ValueError:
    return loaded._replace(two_tone=None)
  return loaded.two_tone
