"""Reads DeepPCB in the layout of the data set: split lists, pictures, boxes.

  for entry in deeppcb.list_pairs('PCBData', 'trainval'):
    reference, test = pictures.read_pair(entry.reference_path, entry.test_path)
    truth = deeppcb.read_annotations(entry.annotation_path)

A split list ``PCBData/SPLIT.txt`` has lines ``groupG/G/NAME.jpg
groupG/G_not/NAME.txt``; the pictures are ``NAME_temp.jpg``, the reference, and
``NAME_test.jpg``. Source: https://github.com/tangsanli5201/DeepPCB.
"""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zeroshot.data import faults
from zeroshot.types import Boxes

# The dataset's type numbers count from 1; 0 is unused.
KINDS = ('open', 'short', 'mousebite', 'spur', 'copper', 'pin-hole')

_LINE = re.compile(r'(group\w+)/\w+/(\w+)\.jpg\s+(\1/\w+_not/\2\.txt)')
_INTEGER = re.compile(r'-?\d{1,9}')  # more digits are no pixels


class Entry(NamedTuple):
  """One pair of a split list.

  Attributes:
    name: the stem, for example ``'00041200'``.
    group: the board's folder, for example ``'group00041'``.
    reference_path: picture of the good board.
    test_path: picture of the board under test.
    annotation_path: text file of the boxes.
  """

  name: str
  group: str
  reference_path: pathlib.Path
  test_path: pathlib.Path
  annotation_path: pathlib.Path


def list_pairs(
  root: str | os.PathLike[str],
  split: str,
  *,
  groups: str = '',
  every: int = 1,
  max_pairs: int = 0,
) -> list[Entry]:
  """Lists the pairs of a split whose files are all there.

  Args:
    root: see ``select_pairs``.
    split: see ``select_pairs``.
    groups: see ``select_pairs``.
    every: see ``select_pairs``.
    max_pairs: see ``select_pairs``.

  Returns:
    The entries; each of their three files exists.

  Raises:
    ValueError: see ``select_pairs``; or files are missing (all are named).
  """
  entries = select_pairs(
    root, split, groups=groups, every=every, max_pairs=max_pairs
  )
  faults.refuse(
    [
      f'{path}: missing, but pair {entry.name} of {root}/{split}.txt needs it;'
      ' complete the data set'
      for entry in entries
      for path in entry[2:]
      if not path.is_file()
    ]
  )
  return entries


def select_pairs(
  root: str | os.PathLike[str],
  split: str,
  *,
  groups: str = '',
  every: int = 1,
  max_pairs: int = 0,
) -> list[Entry]:
  """The pairs of a split in the order of its list; files may be missing.

  Args:
    root: the folder that holds the split lists and the groups (``PCBData``).
    split: name of the list, without ``.txt``.
    groups: comma-separated groups to keep; ``''`` keeps all.
    every: keep every n-th pair of those, from the first on. The lists are
      sorted by group, so this samples all groups.
    max_pairs: then keep the first n pairs; 0 keeps all.

  Returns:
    The entries.

  Raises:
    ValueError: root or list is missing, a group is unknown, a line is
      malformed, a name occurs twice, or nothing is left.
  """
  root = pathlib.Path(root)
  check_selection(every=every, max_pairs=max_pairs)
  list_path = _find_list(root, split)
  entries = _read_list(root, list_path)
  entries = _keep_groups(entries, groups, list_path)
  return entries[::every][: max_pairs or None]


def check_selection(*, every: int, max_pairs: int) -> None:
  """Raises ValueError unless both are in the range of ``list_pairs``."""
  if every < 1:
    raise ValueError(f'every is {every}; 1 takes each pair, 2 every other one')
  if max_pairs < 0:
    raise ValueError(f'max_pairs is {max_pairs}; 0 takes all, or give a count')


def read_annotations(path: str | os.PathLike[str]) -> Boxes:
  """Reads the boxes of one picture.

  Args:
    path: text file of lines ``x1 y1 x2 y2 type``, type a number from 1 to 6; an
      empty file means a picture without a defect.

  Returns:
    Boxes in file order, with confidence 1 and one of ``KINDS`` each.

  Raises:
    ValueError: the file is missing, a line is malformed, or a type is unknown.
  """
  corners, kinds = [], []
  for number, line in enumerate(_read_text(pathlib.Path(path)), start=1):
    if not line.strip():
      continue
    fields = line.split()
    where = f'{path}, line {number}'
    if len(fields) != 5:
      raise ValueError(
        f'{where}: {line.strip()!r} is malformed; write x1 y1 x2 y2 type'
      )
    corners.append(parse_corners(fields[:4], where=where))
    kinds.append(parse_kind_number(fields[4], where=where))
  return to_boxes(corners, kinds)


def to_boxes(corners: Sequence[Sequence[int]], kinds: Sequence[str]) -> Boxes:
  """Annotations as boxes, with confidence 1.

  Args:
    corners: x1, y1, x2, y2 of each; see ``parse_corners``.
    kinds: a word for each.
  """
  return Boxes(
    xyxy=np.asarray(corners, np.float32).reshape(-1, 4),
    confidence=np.ones(len(kinds), np.float32),
    kind=tuple(kinds),
  )


def parse_corners(fields: list[str], *, where: str) -> tuple[int, ...]:
  """Four texts as the integer corners of a box.

  Args:
    fields: x1, y1, x2, y2 in pixels.
    where: file and line, for the error.

  Returns:
    The four integers.

  Raises:
    ValueError: one is no integer, or a corner comes before the first one.
  """
  if not all(_INTEGER.fullmatch(field) for field in fields):
    raise ValueError(
      f'{where}: corners {" ".join(fields)} are not four integers (pixels)'
    )
  x1, y1, x2, y2 = (int(field) for field in fields)
  if x2 < x1 or y2 < y1:
    raise ValueError(
      f'{where}: box {x1} {y1} {x2} {y2} ends before it begins; write the'
      ' upper left corner first'
    )
  return x1, y1, x2, y2


def parse_kind_number(field: str, *, where: str) -> str:
  """A type number of the dataset as its word.

  Args:
    field: ``'1'`` to ``'6'``.
    where: file and line, for the error.

  Returns:
    One of ``KINDS``.

  Raises:
    ValueError: it is no such number.
  """
  if not field.isdecimal() or not 1 <= int(field) <= len(KINDS):
    legal = ', '.join(f'{i} {kind}' for i, kind in enumerate(KINDS, start=1))
    raise ValueError(f'{where}: unknown type {field!r}; the types are {legal}')
  return KINDS[int(field) - 1]


def _find_list(root: pathlib.Path, split: str) -> pathlib.Path:
  """Path of the split list; the error names the lists that exist."""
  if not root.is_dir():
    raise ValueError(
      f'{root}: no such folder; give the folder PCBData of the data set'
    )
  path = root / f'{split}.txt'
  if not split or not path.is_file():
    splits = sorted(p.stem for p in root.glob('*.txt')) or ['none']
    raise ValueError(
      f'{root}: no split {split!r}; the splits here: {", ".join(splits)}'
    )
  return path


def _read_list(root: pathlib.Path, list_path: pathlib.Path) -> list[Entry]:
  """All entries of a split list; their files may be missing."""
  entries: dict[str, Entry] = {}
  for number, line in enumerate(_read_text(list_path), start=1):
    if not line.strip():
      continue
    match = _LINE.fullmatch(line.strip())
    if not match:
      raise ValueError(
        f'{list_path}, line {number}: {line.strip()!r} is malformed; write'
        ' groupG/G/NAME.jpg groupG/G_not/NAME.txt'
      )
    group, name, annotation = match.groups()
    if name in entries:
      raise ValueError(
        f'{list_path}, line {number}: {name} is listed twice; remove one line'
      )
    picture = root / line.split()[0]
    entries[name] = Entry(
      name=name,
      group=group,
      reference_path=picture.with_name(f'{name}_temp.jpg'),
      test_path=picture.with_name(f'{name}_test.jpg'),
      annotation_path=root / annotation,
    )
  if not entries:
    raise ValueError(f'{list_path}: the list is empty; copy it again')
  return list(entries.values())


def _keep_groups(
  entries: list[Entry], groups: str, list_path: pathlib.Path
) -> list[Entry]:
  """The entries of the named groups, in their own order."""
  selected = {group.strip() for group in groups.split(',') if group.strip()}
  legal = sorted({entry.group for entry in entries})
  unknown = sorted(selected - set(legal))
  if unknown:
    raise ValueError(
      f'groups: {list_path} has no {", ".join(unknown)}; its groups are'
      f' {", ".join(legal)}'
    )
  return [e for e in entries if not selected or e.group in selected]


def _read_text(path: pathlib.Path) -> list[str]:
  """Lines of a text file; the error names it."""
  try:
    return path.read_text('utf-8').splitlines()
  except (OSError, UnicodeDecodeError) as error:
    raise ValueError(
      f'{path}: cannot be read as text ({error}); copy it again'
    ) from error
