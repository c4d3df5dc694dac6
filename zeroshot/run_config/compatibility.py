"""Whether two configs make the same run, model or trunk.

plain = compatibility.plain_config(config)
compatibility.check_same_run(saved, plain)
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import ml_collections
from absl import logging
from flax import traverse_util

# Rooms of the config that decide what the parameters become.
_DECISIVE = ('seed', 'synthesis', 'model', 'loss', 'labelled', 'train')


# Fields of ``train`` that do not: how often to look, and what to keep.
FREE = (
  'train.log_every',
  'train.checkpoint_every',
  'train.keep_checkpoints',
  'train.sample_every',
  'train.num_samples',
)


# Fields of ``model`` that shape the pair head alone.
_HEAD = ('kinds', 'predicts_sides', 'head_widths')


# Fields of ``detect`` that decide the targets of labelled pairs.
_TARGETS = ('registration', 'extent_share', 'hidden_px')


# Fields that came later: what runs from before them stand for.
_BEFORE: Mapping[str, Any] = {
  'model.kinds': [],
  'model.predicts_sides': False,
  'loss.kinds': 0.0,
  'loss.sides': 0.0,
  'labelled.root': '',
  'labelled.manifest': '',
  'train.init_weights': '',
  'train.trunk_rate': 1.0,
}


def plain_config(config: ml_collections.ConfigDict) -> dict[str, Any]:
  """The config as JSON holds it: plain dicts, and lists for tuples.

  Args:
    config: the whole config.

  Returns:
    Nested dicts of numbers, strings, bools and lists.
  """
  plain: dict[str, Any] = json.loads(config.to_json())
  return plain


def decisive_fields(config: Mapping[str, Any]) -> dict[str, Any]:
  """What decides what the parameters become, and the ``FREE`` fields beside.

  Args:
    config: as of ``plain_config``; rooms may be missing.

  Returns:
    Dotted names -> values. Fields of what the config does not use are left
    out.
  """
  decisive = {name: config[name] for name in _DECISIVE if name in config}
  flat = {
    name: value
    for name, value in _BEFORE.items()
    if name.split('.')[0] in decisive or name.startswith('labelled.')
  }
  flat |= traverse_util.flatten_dict(decisive, sep='.')
  # What labelled pairs are cut and drawn by.
  flat |= {
    f'labelled.detect.{name}': config['detect'][name]
    for name in _TARGETS
    if 'labelled' in decisive
  }
  if not flat['labelled.root'] and not flat['labelled.manifest']:
    flat = {
      name: value
      for name, value in flat.items()
      if name in _BEFORE or not name.startswith('labelled.')
    }
  if not flat['model.kinds'] and not flat['model.predicts_sides']:
    flat.pop('model.head_widths', None)
  return flat


def differences(
  old: Mapping[str, Any],
  new: Mapping[str, Any],
  *,
  free: Collection[str] = (),
) -> list[str]:
  """What differs between two flat configs, each as a few words.

  Args:
    old: dotted names -> values.
    new: likewise.
    free: names that may differ.

  Returns:
    ``'NAME was OLD and is now NEW'``, sorted by name; None for what is absent.
  """
  return [
    f'{name} was {old.get(name)!r} and is now {new.get(name)!r}'
    for name in sorted(old.keys() | new.keys())
    if name not in free and old.get(name) != new.get(name)
  ]


def check_same_run(
  saved: Mapping[str, Any],
  wanted: Mapping[str, Any],
  *,
  allow_change: bool = False,
) -> None:
  """Refuses to go on with a run under a config that would spoil it.

  Compared are ``seed``, ``synthesis``, ``model``, ``loss``, ``labelled`` and
  ``train``. Free to change are the periods of logging, saving and sampling,
  and, under a constant schedule, ``train.steps``: a longer cosine is another
  curve from its first step on.

  Args:
    saved: config of the checkpoint, as of ``plain_config``.
    wanted: config of this command.
    allow_change: go on all the same; what differs is logged.

  Raises:
    ValueError: naming each field that differs, with both values.
  """
  free = set(FREE)
  if wanted['train']['schedule'] == 'constant':
    free.add('train.steps')
  old, new = decisive_fields(saved), decisive_fields(wanted)
  sets = ('labelled.root', 'labelled.manifest')
  if any(old[name] != new[name] for name in sets):
    # The rest of the room belongs to the set that only one of them uses.
    free |= {
      name for name in old.keys() ^ new.keys() if name.startswith('labelled.')
    }
  differing = differences(old, new, free=free)
  if differing and allow_change:
    logging.warning(
      'GOING ON UNDER ANOTHER CONFIG, as allowed: %s', '; '.join(differing)
    )
  elif differing:
    raise ValueError(
      'the run in this --workdir was made with another config: '
      f'{"; ".join(differing)}. Take a new --workdir, or the old config; '
      '--allow_config_change goes on all the same'
    )


def check_same_model(
  saved: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
  """Refuses to put parameters into another network than theirs.

  Args:
    saved: config that the parameters were trained with.
    wanted: config of this command.

  Raises:
    ValueError: naming each field of ``model`` that differs.
  """
  old, new = (
    decisive_fields({'model': one['model']}) for one in (saved, wanted)
  )
  differing = differences(old, new, free=old.keys() - new.keys())
  if differing:
    raise ValueError(
      f'these parameters belong to another network: {"; ".join(differing)}. '
      'Give the config that they were trained with'
    )


def check_same_trunk(
  saved: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
  """Refuses to start from parameters of another network, its head apart.

  Args:
    saved: config that the parameters were trained with.
    wanted: config of this command.

  Raises:
    ValueError: naming each field of ``model`` that differs.
  """
  head = {name: wanted['model'].get(name) for name in _HEAD}
  check_same_model({'model': {**saved['model'], **head}}, wanted)
