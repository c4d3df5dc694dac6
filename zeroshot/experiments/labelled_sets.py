"""The labelled pairs that a config names: to train on, to stop by.

split = labelled_sets.read_split(config)
task = setup.build_task(config, split.train)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import ml_collections
import numpy as np

from zeroshot.data import deeppcb, manifest
from zeroshot.data.manifest import LabelledPair
from zeroshot.transfer import windows


class Split(NamedTuple):
  """The labelled pairs of a run.

  Attributes:
    train: pairs to train on.
    stopping: pairs of ``labelled.stop_groups``, that decide when to stop.
  """

  train: Sequence[LabelledPair] = ()
  stopping: Sequence[LabelledPair] = ()


def read_split(config: ml_collections.ConfigDict) -> Split:
  """Lists the labelled pairs that ``config.labelled`` names.

  Args:
    config: the whole config.

  Returns:
    The pairs in the order of their list. Pairs to train on are of none of the
    groups ``leave_out`` and ``stop_groups``; ``num_pairs`` of them, if not 0,
    are drawn with the run's seed. Both are empty where the config names no set.

  Raises:
    ValueError: both a folder and a manifest are named, a group is unknown, or
      no pair, or fewer than ``num_pairs``, are left.
  """
  settings = config.labelled
  pairs = every_pair(config)
  stopping: list[LabelledPair] = []
  if manifest.split_names(settings.stop_groups):
    if not pairs:
      raise ValueError(
        'labelled.stop_groups is given but no labelled pairs are: give '
        'labelled.root or labelled.manifest too'
      )
    stopping = manifest.in_groups(
      pairs, settings.stop_groups, field='labelled.stop_groups'
    )
  return Split(_choose_train(config, pairs), stopping)


def _choose_train(
  config: ml_collections.ConfigDict, pairs: list[LabelledPair]
) -> list[LabelledPair]:
  """The pairs to train on, see ``read_split``."""
  settings, split = config.labelled, manifest.split_names
  pairs = manifest.in_groups(pairs, settings.groups, field='labelled.groups')
  held_out = {*split(settings.leave_out), *split(settings.stop_groups)}
  kept = [pair for pair in pairs if pair.group not in held_out]
  if len(kept) < max(settings.num_pairs, min(len(pairs), 1)):
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


def every_pair(config: ml_collections.ConfigDict) -> list[LabelledPair]:
  """All labelled pairs that ``config.labelled`` names, of all groups.

  Raises:
    ValueError: both a folder and a manifest are named, they cannot be read, or
      a group is unknown.
  """
  settings = config.labelled
  if settings.root and settings.manifest:
    raise ValueError(
      'labelled.root and labelled.manifest are both given; give one of them'
    )
  if settings.root:
    pairs = manifest.labelled_pairs(
      deeppcb.list_pairs(settings.root, settings.split)
    )
  elif settings.manifest:
    pairs = manifest.read_manifest(settings.manifest)
  else:
    return []
  for field in ('groups', 'leave_out', 'stop_groups'):
    manifest.in_groups(pairs, settings[field], field=f'labelled.{field}')
  return pairs


def reporting_on(
  config: ml_collections.ConfigDict,
  groups: Sequence[str],
  *,
  every: int,
  stop_groups: str,
) -> ml_collections.ConfigDict:
  """A config that evaluates some groups and trains on none of them.

  Args:
    config: the whole config.
    groups: to evaluate.
    every: stride at which their pairs are evaluated.
    stop_groups: decide when to stop; ``''`` trains to the last step.

  Returns:
    A copy; groups that ``config`` leaves out stay left out.
  """
  copy = config.copy_and_resolve_references()
  left_out = [*manifest.split_names(config.labelled.leave_out), *groups]
  copy.labelled.update(
    leave_out=','.join(dict.fromkeys(left_out)), stop_groups=stop_groups
  )
  copy.eval.update(groups=','.join(groups), every=every)
  return copy


def pack(
  config: ml_collections.ConfigDict, pairs: Sequence[LabelledPair]
) -> windows.Windows:
  """Labelled pairs as windows to train on."""
  settings = config.labelled
  return windows.pack(
    list(pairs),
    kinds=config.model.kinds,
    margin_px=settings.margin_px,
    cut=windows.Cut(
      settings.window_px, settings.num_anywhere, seed=config.seed
    ),
    registration=config.detect.registration,
    extent_share=config.detect.extent_share,
    hidden_px=config.detect.hidden_px,
  )
