"""The input of an evaluation, checked before the first detection.

evaluation_inputs.check(config)
entries = evaluation_inputs.list_pairs(config.eval)
"""

from __future__ import annotations

import math

import ml_collections
import numpy as np

from zeroshot.data import bank as bank_files
from zeroshot.data import deeppcb, manifest
from zeroshot.types import HostArray

_NOT_NEGATIVE = (
  'synthetic_pairs',
  'pictures',
  'defect_free_pairs',
  'worst',
  'bootstrap_samples',
  'misalignment_pairs',
)


def check(config: ml_collections.ConfigDict) -> None:
  """Refuses settings that would fail only after all pairs are done.

  Raises:
    ValueError: a number of ``config.eval`` is out of its range, or synthetic
      pairs need photographs that are not there.
  """
  settings = config.eval
  for name in _NOT_NEGATIVE:
    if settings[name] < 0:
      raise ValueError(f'eval.{name} is {settings[name]}; give 0 or more')
  if not 0 <= settings.iou_threshold < 1:
    raise ValueError(
      f'eval.iou_threshold is {settings.iou_threshold}; give one in [0, 1)'
    )
  _check_misalignments(settings)
  photographs = config.synthesis.backgrounds.photographs > 0
  if settings.synthetic_pairs and photographs and not config.synthesis.bank:
    raise ValueError(
      'eval.synthetic_pairs needs photographs but synthesis.bank is empty; '
      'give --config.synthesis.bank=FILE.npz or --config.eval.synthetic_pairs=0'
    )


def _check_misalignments(settings: ml_collections.ConfigDict) -> None:
  """Refuses steps of the wrong form, and steps of swapped pictures."""
  for step in settings.misalignments:
    if not (
      isinstance(step, tuple | list)
      and len(step) == 2
      and all(isinstance(v, int | float) and math.isfinite(v) for v in step)
    ):
      raise ValueError(
        f'eval.misalignments has the step {step!r}; give pairs (shift_px, '
        'rotation_deg), such as "((0, 0), (5, 1))"'
      )
  if settings.misalignments and settings.swap:
    raise ValueError(
      'eval.swap and eval.misalignments together: the annotations would lie in '
      'the grid of neither picture; give one of them'
    )


def list_pairs(
  settings: ml_collections.ConfigDict,
) -> list[manifest.LabelledPair]:
  """The pairs that ``config.eval`` names.

  Raises:
    ValueError: a set is missing, or two are named; see ``deeppcb.list_pairs``
      and ``manifest.read_manifest``.
  """
  if not settings.manifest:
    return manifest.labelled_pairs(
      deeppcb.list_pairs(
        settings.root,
        settings.split,
        groups=settings.groups,
        every=settings.every,
        max_pairs=settings.max_pairs,
      )
    )
  if settings.root:
    raise ValueError(
      'eval.root and eval.manifest are both given; give one of them'
    )
  deeppcb.check_selection(every=settings.every, max_pairs=settings.max_pairs)
  entries = manifest.in_groups(
    manifest.read_manifest(settings.manifest),
    settings.groups,
    field='eval.groups',
  )
  return entries[:: settings.every][: settings.max_pairs or None]


def sizes_may_differ(config: ml_collections.ConfigDict) -> bool:
  """Whether the two pictures of a pair may differ in size.

  They may where they are registered as they came: neither moved, since that is
  done in the grid of the test picture, nor swapped.
  """
  settings = config.eval
  moves = settings.misalign
  return (
    config.detect.registration != 'none'
    and not settings.swap
    and not settings.misalignments
    and (moves.shift_px, moves.rotation_deg, moves.scale) == (0, 0, 1)
  )


def load_bank(config: ml_collections.ConfigDict) -> HostArray | None:
  """Photographs for synthetic pairs; None where either is not used."""
  path = config.synthesis.bank if config.eval.synthetic_pairs else ''
  return bank_files.load_bank(path) if path else None


def spread_indices(total: int, count: int) -> list[int]:
  """At most ``count`` indices, evenly spread over ``range(total)``."""
  return np.linspace(0, total - 1, min(count, total)).astype(int).tolist()
