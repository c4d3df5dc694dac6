"""What a config trains with: pairs to draw, weights to start from.

parts = setup.prepare(config)
loop.train(config, workdir=..., **parts._asdict())
"""

from __future__ import annotations

from typing import Any, NamedTuple

import ml_collections
import numpy as np
from absl import logging
from flax import linen as nn
from flax import traverse_util

from zeroshot import losses
from zeroshot.data import bank as bank_files
from zeroshot.data import manifest
from zeroshot.experiments import labelled_sets
from zeroshot.model import build as model_build
from zeroshot.model.siamese import HEAD
from zeroshot.run_config import compatibility
from zeroshot.synthesis import labelled, pairs
from zeroshot.train.step import Loss, Synthesise
from zeroshot.types import Material
from zeroshot.weights import files


class Parts(NamedTuple):
  """Arguments of ``loop.train``, by their names there."""

  synthesise: Synthesise
  bank: Any
  model: nn.Module
  loss: Loss
  initial: Any


def prepare(
  config: ml_collections.ConfigDict,
  labelled_pairs: list[manifest.LabelledPair] | None = None,
) -> Parts:
  """Builds the parts that a config asks for.

  Args:
    config: the whole config.
    labelled_pairs: to learn from; None takes those that the config names.

  Returns:
    Parts.

  Raises:
    ValueError: for settings, files or weights that cannot be.
  """
  path = config.synthesis.bank
  bank: Any = bank_files.load_bank(path) if path else None
  synthesise: Synthesise = pairs.build_synthesis(config.synthesis)
  if labelled_pairs is None:
    labelled_pairs = labelled_sets.list_labelled(config)
  check(config, has_labels=bool(labelled_pairs))
  if labelled_pairs:
    settings = config.labelled
    bank = Material(bank, labelled_sets.pack(config, labelled_pairs))
    synthesise = labelled.mix(
      synthesise,
      labelled.build_labelled(
        config.synthesis, nuisance_share=settings.nuisance_share
      ),
      synthetic_every=settings.synthetic_every,
    )
  return Parts(
    synthesise=synthesise,
    bank=bank,
    model=model_build.build_model(config.model),
    loss=losses.build_loss(config.loss),
    initial=initial_parameters(config),
  )


def check(config: ml_collections.ConfigDict, *, has_labels: bool) -> None:
  """Refuses what would fail late, or silently train nothing.

  Args:
    config: the whole config.
    has_labels: whether there are labelled pairs.

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
  for name, count in counts.items():
    if settings.synthetic_every > 0 and count % settings.synthetic_every:
      raise ValueError(
        f'{name} is {count}; it must be a multiple of '
        f'labelled.synthetic_every, which is {settings.synthetic_every}'
      )


def with_calibration(weights: files.Weights) -> files.Weights:
  """A run's weights with the calibration of its start, if that still holds.

  It does where the run changed nothing but the pair head: the scores are the
  same then.

  Args:
    weights: of the run.

  Returns:
    The same, calibrated or, where the run started from nothing, changed the
    trunk, or the start is gone (which is logged), not.
  """
  name = weights.config['train'].get('init_weights', '')
  if not name:
    return weights
  try:
    start = files.load(name)
  except ValueError as error:
    logging.warning('not calibrated: %s', error)
    return weights
  old, new = (
    {
      path: value
      for path, value in traverse_util.flatten_dict(one.parameters).items()
      if path[0] != HEAD
    }
    for one in (start, weights)
  )
  same = old.keys() == new.keys() and all(
    np.array_equal(old[path], new[path]) for path in old
  )
  return weights._replace(calibration=start.calibration if same else None)


def initial_parameters(config: ml_collections.ConfigDict) -> Any:
  """Parameters of ``config.train.init_weights``; None where it is empty."""
  name = config.train.init_weights
  if not name:
    return None
  weights = files.load(name)
  compatibility.check_same_trunk(
    weights.config, compatibility.plain_config(config)
  )
  return weights.parameters
