"""Checks whole data sets and lists all faults.

  report = checks.check_manifest('parts.jsonl')
  report.checked, report.faults  # '12 pairs of parts.jsonl', [...]

The readers raise at the first faults; these functions go on to the end.
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
  records,
)
from zeroshot.data.manifest import LabelledPair

_Path = str | os.PathLike[str]


class Report(NamedTuple):
  """The outcome of a check.

  Attributes:
    checked: what was checked, for example '12 pairs of a.jsonl'.
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
  """Checks the annotations and pictures of a split.

  Args:
    root: see ``deeppcb.list_pairs``.
    split: see ``deeppcb.list_pairs``.
    max_pairs: see ``deeppcb.list_pairs``.
  """
  name = f'{root}, split {split}'
  try:
    entries = deeppcb.select_pairs(root, split, max_pairs=max_pairs)
  except ValueError as error:
    return Report(f'0 pairs of {name}', [str(error)])
  return _report(name, *manifest.annotate(entries), labelled=True)


def check_manifest(path: _Path, *, need_labels: bool = False) -> Report:
  """Checks the lines and pictures of a manifest.

  Args:
    path: of the file, CSV or JSON lines.
    need_labels: see ``manifest.read_manifest``; an inspection needs none, an
      evaluation and a training do.
  """
  try:
    parsed = records.read_records(path)
  except ValueError as error:
    return Report(f'0 pairs of {path}', [str(error)])
  pairs, wrong = manifest.parse_manifest(parsed, path, need_labels=need_labels)
  if not need_labels:
    # Faults that hinder only an inspection, of rows without another fault.
    lines = {fault.partition(': ')[0] for fault in wrong}
    wrong += [
      pair.fault
      for pair in pair_list.parse_pair_list(parsed, path)
      if pair.fault and pair.fault.partition(': ')[0] not in lines
    ]
  labelled = need_labels or manifest.has_labels(parsed)
  return _report(str(path), pairs, wrong, labelled=labelled)


def check_photographs(folder: _Path) -> Report:
  """Checks the pictures of a folder."""
  try:
    files = pictures.list_pictures(folder)
  except ValueError as error:
    return Report(f'0 photographs of {folder}', [str(error)])
  return Report(
    f'{len(files)} photographs of {folder}', readable.picture_faults(files)
  )


def check_bank(path: _Path) -> Report:
  """Checks an image bank."""
  try:
    count = len(bank.load_bank(path))
  except ValueError as error:
    return Report(f'0 pictures of {path}', [str(error)])
  return Report(f'{count} pictures of {path}', [])


def _report(
  name: str, pairs: list[LabelledPair], wrong: list[str], *, labelled: bool
) -> Report:
  """Checks the pictures of pairs, and adds their faults to those known."""
  unreadable = readable.pair_faults(pairs, labelled=labelled)
  return Report(f'{len(pairs)} pairs of {name}', [*wrong, *unreadable])
