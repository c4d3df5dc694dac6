"""What a config trains with: pairs to draw, weights to start from.

parts = training_parts.prepare(config)
loop.train(config, workdir=..., **parts._asdict())
"""

from __future__ import annotations

from typing import Any, NamedTuple

import ml_collections
import numpy as np
from flax import linen as nn

from zeroshot import losses
from zeroshot.data import bank as bank_files
from zeroshot.data import deeppcb, manifest
from zeroshot.model import build as model_build
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
  if not settings.num_pairs:
    return kept
  rng = np.random.default_rng([config.seed, settings.num_pairs])
  chosen = rng.choice(len(kept), settings.num_pairs, replace=False)
  return [kept[index] for index in sorted(chosen)]


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


def initial_parameters(config: ml_collections.ConfigDict) -> Any:
  """Parameters of ``config.train.init_weights``; None where it is empty."""
  name = config.train.init_weights
  if not name:
    return None
  weights = files.load(name)
  resume.check_same_trunk(weights.config, resume.plain_config(config))
  return weights.parameters
