"""The labelled pairs that a config names: to learn from, to stop by.

pairs = labelled_sets.list_labelled(config)
"""

from __future__ import annotations

from collections.abc import Sequence

import ml_collections
import numpy as np

from zeroshot.data import deeppcb, manifest
from zeroshot.transfer import windows


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
