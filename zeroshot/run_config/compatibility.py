"""Whether two configs make the same run, model or trunk.

plain = compatibility.plain_config(config)
compatibility.check_same_run(saved, plain)
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import ml_collections
from absl import logging
from flax import traverse_util

from zeroshot.types import JsonObject, PlainConfig

# Sections of the config that decide what the parameters become.
_DECISIVE = ('seed', 'synthesis', 'model', 'loss', 'labelled', 'train')

# Fields of ``train`` that do not: periods, and what to keep.
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

# Values of fields that came later, under which all is as it was without them.
_AS_BEFORE = {
  'labelled.num_anywhere': 1,
  'labelled.changes_share': 0.0,
  'labelled.labelled_every': 0,
  'train.precision': 'float32',
}

# Fields that name labelled pairs.
_LABELLED_SETS = ('labelled.root', 'labelled.manifest')


def plain_config(config: ml_collections.ConfigDict) -> JsonObject:
  """Converts a config to JSON types: plain dicts, and lists for tuples.

  Args:
    config: the whole config.

  Returns:
    Nested dicts of numbers, strings, bools and lists.
  """
  plain: JsonObject = json.loads(config.to_json())
  return plain


def decisive_fields(config: PlainConfig) -> dict[str, object]:
  """The fields that decide what is trained, and the ``FREE`` fields with them.

  Args:
    config: as of ``plain_config``; sections may be missing.

  Returns:
    Dotted names -> values, without the fields of what the config does not use:
    labelled pairs, scenes with depth or a pair head.

  Raises:
    ValueError: a version before labelled pairs made the config.
  """
  decisive = {name: config[name] for name in _DECISIVE if name in config}
  if 'kinds' not in decisive.get('model', {'kinds': ()}):
    raise ValueError(
      'the stored config has no model.kinds: it was made by a version before '
      'labelled pairs; use that version, or train again'
    )
  if 'labelled' in decisive:
    # What labelled pairs are cut and drawn by.
    detect = {name: config['detect'][name] for name in _TARGETS}
    decisive['labelled'] = {**decisive['labelled'], 'detect': detect}
  flat: dict[str, object] = traverse_util.flatten_dict(decisive, sep='.')
  if not any(flat.get(name) for name in _LABELLED_SETS):
    flat = {
      name: value
      for name, value in flat.items()
      if name in _LABELLED_SETS or not name.startswith('labelled.')
    }
  flat = _without_unused_families(flat)
  if not flat['model.kinds'] and not flat['model.predicts_sides']:
    flat.pop('model.head_widths', None)
  return _without_defaults(flat)


def _without_unused_families(flat: dict[str, object]) -> dict[str, object]:
  """The fields less those of scenes that are not drawn."""
  has_relief = flat.get('synthesis.families.relief')
  has_relit = flat.get('synthesis.families.relit')
  unused: list[str] = []
  if not has_relief:
    unused.append('synthesis.relief.')
  if not has_relit:
    unused += ['synthesis.relit.', 'synthesis.families.relit']
  if not has_relief and not has_relit:  # as before there were families
    unused.append('synthesis.families.')
  return {
    name: value
    for name, value in flat.items()
    if not name.startswith(tuple(unused))
  }


def _without_defaults(flat: dict[str, object]) -> dict[str, object]:
  """The fields less those that came later and leave all as it was."""
  depths = flat.get('model.decoder_depths')
  one_each = isinstance(depths, list) and set(depths) == {1}
  return {
    name: value
    for name, value in flat.items()
    if not (name in _AS_BEFORE and value == _AS_BEFORE[name])
    and not (name == 'model.decoder_depths' and one_each)
  }


def differences(
  old: Mapping[str, object],
  new: Mapping[str, object],
  *,
  free: Collection[str] = (),
) -> list[str]:
  """Lists the differences between two flat configs.

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
  saved: PlainConfig,
  requested: PlainConfig,
  *,
  allow_change: bool = False,
) -> None:
  """Refuses to resume a run under a config that trains something else.

  Compared are ``seed``, ``synthesis``, ``model``, ``loss``, ``labelled`` and
  ``train``. The periods of logging, saving and sampling may change, and, under
  a constant schedule, ``train.steps``: a longer cosine schedule differs from
  its first step on.

  Args:
    saved: config of the checkpoint, as of ``plain_config``.
    requested: config of this command.
    allow_change: log the differences in the place of raising.

  Raises:
    ValueError: naming each field that differs, with both values.
  """
  free = set(FREE)
  if requested['train']['schedule'] == 'constant':
    free.add('train.steps')
  old, new = decisive_fields(saved), decisive_fields(requested)
  if any(old[name] != new[name] for name in _LABELLED_SETS):
    # The other fields belong to the set that only one of them uses.
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


def check_same_model(saved: PlainConfig, requested: PlainConfig) -> None:
  """Refuses to use parameters in a network of another architecture.

  Args:
    saved: config that the parameters were trained with.
    requested: config of this command.

  Raises:
    ValueError: naming each field of ``model`` that differs.
  """
  old, new = (
    decisive_fields({'model': one['model']}) for one in (saved, requested)
  )
  differing = differences(old, new)
  if differing:
    raise ValueError(
      f'these parameters belong to another network: {"; ".join(differing)}. '
      'Give the config that they were trained with'
    )


def check_same_trunk(saved: PlainConfig, requested: PlainConfig) -> None:
  """Refuses initial parameters of another architecture, the pair head apart.

  Args:
    saved: config that the parameters were trained with.
    requested: config of this command.

  Raises:
    ValueError: naming each field of ``model`` that differs.
  """
  head = {name: requested['model'].get(name) for name in _HEAD}
  check_same_model({'model': {**saved['model'], **head}}, requested)
