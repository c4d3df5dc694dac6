"""What a config trains with: pairs to draw, weights to start from.

parts = training_parts.prepare(config)
loop.train(config, workdir=..., **parts._asdict())
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import ml_collections
import numpy as np
from absl import logging
from flax import linen as nn
from flax import traverse_util

from zeroshot import losses
from zeroshot.data import bank as bank_files
from zeroshot.data import deeppcb, manifest
from zeroshot.model import build as model_build
from zeroshot.model.siamese import HEAD
from zeroshot.synthesis import labelled, pairs
from zeroshot.train import resume
from zeroshot.train.step import Loss, Synthesise
from zeroshot.transfer import windows
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
    labelled_pairs = list_labelled(config)
  check(config, has_labels=bool(labelled_pairs))
  if labelled_pairs:
    settings = config.labelled
    bank = Material(bank, pack(config, labelled_pairs))
    synthesise = labelled.mixed(
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


def list_labelled(
  config: ml_collections.ConfigDict,
) -> list[manifest.LabelledPair]:
  """The labelled pairs that ``config.labelled`` names, in their own order.

  Returns:
    None of the groups that are left out or decide when to stop; if fewer are
    wanted than there are, so many drawn by the run's seed. No pair where the
    config names no set.

  Raises:
    ValueError: both a folder and a manifest are named, a group is unknown, or
      no pair, or fewer than wanted, are left.
  """
  settings = config.labelled
  found = manifest.in_groups(
    every_pair(config), settings.groups, field='labelled.groups'
  )
  split = manifest.split_names
  apart = {*split(settings.leave_out), *split(settings.stop_groups)}
  kept = [pair for pair in found if pair.group not in apart]
  if len(kept) < max(settings.num_pairs, min(len(found), 1)):
    raise ValueError(
      f'labelled.num_pairs is {settings.num_pairs} but {len(kept)} labelled '
      'pairs are left; check labelled.groups, leave_out and stop_groups'
    )
  if settings.num_pairs < 0:
    raise ValueError(
      f'labelled.num_pairs is {settings.num_pairs}; give 0, all, or more'
    )
  if not settings.num_pairs:
    return kept
  rng = np.random.default_rng([config.seed, settings.num_pairs])
  chosen = rng.choice(len(kept), settings.num_pairs, replace=False)
  return [kept[index] for index in sorted(chosen)]


def list_stopping(
  config: ml_collections.ConfigDict,
) -> list[manifest.LabelledPair]:
  """The labelled pairs that decide when to stop; none where none do."""
  groups = config.labelled.stop_groups
  if not manifest.split_names(groups):
    return []
  return manifest.in_groups(
    every_pair(config), groups, field='labelled.stop_groups'
  )


def every_pair(
  config: ml_collections.ConfigDict,
) -> list[manifest.LabelledPair]:
  """The labelled pairs that ``config.labelled`` names, held out or not."""
  settings = config.labelled
  if settings.root and settings.manifest:
    raise ValueError(
      'labelled.root and labelled.manifest are both given; give one of them'
    )
  if settings.root:
    found = manifest.labelled_pairs(
      deeppcb.list_pairs(settings.root, settings.split)
    )
  elif settings.manifest:
    found = manifest.read_manifest(settings.manifest)
  else:
    return []
  for field in ('groups', 'leave_out', 'stop_groups'):
    manifest.in_groups(found, settings[field], field=f'labelled.{field}')
  return found


def reporting_on(
  config: ml_collections.ConfigDict,
  groups: Sequence[str],
  *,
  every: int,
  stop_groups: str,
) -> ml_collections.ConfigDict:
  """A config that reports on some groups and learns from none of them.

  Args:
    config: the whole config.
    groups: to report on.
    every: so many-th pair of them.
    stop_groups: decide when to stop; ``''`` trains to the last step.

  Returns:
    A copy; groups that ``config`` leaves out stay left out.
  """
  copy = config.copy_and_resolve_references()
  apart = [*manifest.split_names(config.labelled.leave_out), *groups]
  copy.labelled.update(
    leave_out=','.join(dict.fromkeys(apart)), stop_groups=stop_groups
  )
  copy.eval.update(groups=','.join(groups), every=every)
  return copy


def pack(
  config: ml_collections.ConfigDict, chosen: list[manifest.LabelledPair]
) -> windows.Windows:
  """Labelled pairs as windows to train on."""
  settings = config.labelled
  return windows.pack(
    chosen,
    kinds=config.model.kinds,
    margin_px=settings.margin_px,
    window_px=settings.window_px,
    registration=config.detect.registration,
    extent_share=config.detect.extent_share,
    hidden_px=config.detect.hidden_px,
    seed=config.seed,
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
  resume.check_same_trunk(weights.config, resume.plain_config(config))
  return weights.parameters
