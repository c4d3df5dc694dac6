"""Looks at whole data sets, and lists all that is wrong with them.

  report = checks.check_manifest('parts.jsonl')
  report.checked, report.faults  # '12 pairs of parts.jsonl', [...]

Unlike the readers, which refuse, these go on to the end.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from zeroshot.data import (
  bank,
  deeppcb,
  manifest,
  pair_list,
  pictures,
  readable,
)
from zeroshot.data.manifest import LabelledPair

_Path = str | os.PathLike[str]


class Report(NamedTuple):
  """What was found.

  Attributes:
    checked: what was looked at, and how much of it, as '12 pairs of a.jsonl'.
    faults: a line each, which names the file and the remedy.
  """

  checked: str
  faults: list[str]


def count_faults(num_faults: int) -> str:
  """How many faults there are, in words."""
  if not num_faults:
    return 'all is well'
  return '1 fault' if num_faults == 1 else f'{num_faults} faults'


def check_deeppcb(root: _Path, split: str, *, max_pairs: int = 0) -> Report:
  """Tries the annotations and pictures of a split.

  Args:
    root: see ``deeppcb.list_pairs``.
    split: likewise.
    max_pairs: likewise.
  """
  name = f'{root}, split {split}'
  try:
    entries = deeppcb.select_pairs(root, split, max_pairs=max_pairs)
  except ValueError as error:
    return Report(f'0 pairs of {name}', [str(error)])
  return _report(name, *manifest.annotate(entries))


def check_manifest(path: _Path, *, need_labels: bool = False) -> Report:
  """Tries the lines and pictures of a manifest.

  Args:
    path: of the file, CSV or JSON lines.
    need_labels: see ``manifest.read_manifest``; an inspection needs none, an
      evaluation and a training do.
  """
  try:
    pairs, wrong = manifest.parse_manifest(path, need_labels=need_labels)
  except ValueError as error:
    return Report(f'0 pairs of {path}', [str(error)])
  if not need_labels:
    wrong += _list_faults(path, wrong)
  return _report(str(path), pairs, wrong)


def _list_faults(path: _Path, known: list[str]) -> list[str]:
  """What hinders an inspection of rows in which nothing else is wrong."""
  lines = {fault.partition(': ')[0] for fault in known}
  found = [pair.fault for pair in pair_list.read_pair_list(path) if pair.fault]
  return [fault for fault in found if fault.partition(': ')[0] not in lines]


def check_photographs(folder: _Path) -> Report:
  """Tries the pictures of a folder."""
  try:
    files = pictures.list_pictures(folder)
  except ValueError as error:
    return Report(f'0 photographs of {folder}', [str(error)])
  return Report(
    f'{len(files)} photographs of {folder}', readable.picture_faults(files)
  )


def check_bank(path: _Path) -> Report:
  """Loads an image bank."""
  try:
    count = len(bank.load_bank(path))
  except ValueError as error:
    return Report(f'0 pictures of {path}', [str(error)])
  return Report(f'{count} pictures of {path}', [])


def _report(name: str, pairs: list[LabelledPair], wrong: list[str]) -> Report:
  """Tries pairs whose annotations were read before."""
  return Report(
    f'{len(pairs)} pairs of {name}', [*wrong, *readable.pair_faults(pairs)]
  )
