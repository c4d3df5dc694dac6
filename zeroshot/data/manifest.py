"""Labelled pairs, of DeepPCB or of anybody's manifest, in one form.

  pairs = manifest.read_manifest('parts.jsonl')
  pairs = manifest.labelled_pairs(deeppcb.list_pairs('PCBData', 'trainval'))

A manifest has one JSON object a line:

  {"reference": "good.png", "test": "part7.png", "group": "lot 3",
   "boxes": [[10, 20, 31, 45]], "kinds": ["scratch"]}

Paths are relative to the manifest's folder. A box names its first and its last
pixel, x1 y1 x2 y2, as DeepPCB's do. ``kinds`` may be left out, and so may
``group``, which then is the reference's path.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from zeroshot.data import deeppcb, faults
from zeroshot.types import UNKNOWN_KIND, Boxes

_FIELDS = {'reference', 'test', 'boxes', 'kinds', 'group'}


class LabelledPair(NamedTuple):
  """One pair and its annotation.

  Attributes:
    name: unique in the set.
    group: pairs of one group show the same product.
    reference_path: picture of the good part.
    test_path: picture of the part under test.
    truth: boxes as annotated; a kind is ``'difference'`` where not known.
  """

  name: str
  group: str
  reference_path: pathlib.Path
  test_path: pathlib.Path
  truth: Boxes


def labelled_pairs(entries: Iterable[deeppcb.Entry]) -> list[LabelledPair]:
  """Reads the annotations of entries of DeepPCB.

  Args:
    entries: of ``deeppcb.list_pairs``.

  Returns:
    The pairs, in the same order.

  Raises:
    ValueError: annotations cannot be read (all such are named).
  """
  pairs, wrong = annotate(entries)
  faults.refuse(wrong)
  return pairs


def annotate(
  entries: Iterable[deeppcb.Entry],
) -> tuple[list[LabelledPair], list[str]]:
  """As ``labelled_pairs``, but what is wrong is returned, not raised.

  Returns:
    The pairs, without boxes where these cannot be read; and a line for each
    annotation that cannot be.
  """
  pairs, wrong = [], []
  for entry in entries:
    truth = deeppcb.annotated([], [])
    try:
      truth = deeppcb.read_annotations(entry.annotation_path)
    except ValueError as error:
      wrong.append(str(error))
    pairs.append(LabelledPair(*entry[:4], truth))
  return pairs, wrong


def read_manifest(path: str | os.PathLike[str]) -> list[LabelledPair]:
  """Reads a manifest.

  Args:
    path: of the file, JSON lines.

  Returns:
    The pairs in file order; each of their pictures exists. Their names are
    the numbers of their lines.

  Raises:
    ValueError: the file is missing, or lines are malformed or name pictures
      that are not there (all such are named).
  """
  pairs, wrong = parse_manifest(path)
  missing = [
    f'{path}, line {pair.name}: there is no picture {picture}; correct the path'
    for pair in pairs
    for picture in (pair.reference_path, pair.test_path)
    if not picture.is_file()
  ]
  faults.refuse([*wrong, *missing])
  return pairs


def parse_manifest(
  path: str | os.PathLike[str],
) -> tuple[list[LabelledPair], list[str]]:
  """As ``read_manifest``, but malformed lines are returned, not raised.

  Args:
    path: of the file.

  Returns:
    The pairs of the other lines, be their pictures there or not; and what is
    wrong with each malformed one.

  Raises:
    ValueError: the file cannot be read, or is empty.
  """
  file = pathlib.Path(path)
  try:
    lines = file.read_text('utf-8').splitlines()
  except (OSError, UnicodeDecodeError) as error:
    raise ValueError(
      f'{path}: cannot be read as text ({error}); give a manifest, JSON lines'
    ) from error
  pairs, wrong = [], []
  for number, line in enumerate(lines, start=1):
    if not line.strip():
      continue
    try:
      pairs.append(_parse(line, number, file))
    except ValueError as error:
      wrong.append(str(error))
  if not pairs and not wrong:
    raise ValueError(f'{path}: no pair in it; give one JSON object a line')
  return pairs, wrong


def in_groups(
  pairs: Sequence[LabelledPair], groups: str, *, field: str
) -> list[LabelledPair]:
  """The pairs of some groups, in their own order.

  Args:
    pairs: to choose from.
    groups: comma-separated names; ``''`` takes all.
    field: of the config, for the error.

  Raises:
    ValueError: there is no such group.
  """
  wanted = split_names(groups)
  known = sorted({pair.group for pair in pairs})
  unknown = sorted(set(wanted) - set(known))
  if unknown:
    raise ValueError(
      f'{field}: there is no group {", ".join(unknown)}; the groups are '
      f'{", ".join(known)}'
    )
  return [pair for pair in pairs if not wanted or pair.group in wanted]


def split_names(field: str) -> list[str]:
  """The names in a comma-separated field."""
  return [name.strip() for name in field.split(',') if name.strip()]


def _parse(line: str, number: int, file: pathlib.Path) -> LabelledPair:
  """The pair of one line."""
  where = f'{file}, line {number}'
  try:
    fields = json.loads(line)
  except (ValueError, RecursionError) as error:
    raise ValueError(
      f'{where}: not JSON ({error}); give one object a line'
    ) from error
  if not isinstance(fields, dict):
    raise ValueError(f'{where}: {line.strip()[:80]} is no JSON object')
  missing = sorted({'reference', 'test', 'boxes'} - set(fields))
  unknown = sorted(set(fields) - _FIELDS)
  if missing or unknown:
    raise ValueError(
      f'{where}: lacks {missing} and has unknown {unknown}; the fields are '
      f'{sorted(_FIELDS)}'
    )
  return LabelledPair(
    name=str(number),
    group=str(fields.get('group', fields['reference'])),
    reference_path=file.parent / str(fields['reference']),
    test_path=file.parent / str(fields['test']),
    truth=_boxes(fields['boxes'], fields.get('kinds'), where),
  )


def _boxes(corners: Any, kinds: Any, where: str) -> Boxes:
  """The boxes of one line."""
  if not isinstance(corners, list):
    raise ValueError(f'{where}: boxes is {corners!r}; give a list of boxes')
  rows = []
  for box in corners:
    if not isinstance(box, list) or len(box) != 4:
      raise ValueError(f'{where}: box {box!r}; give [x1, y1, x2, y2]')
    rows.append(deeppcb.parse_corners([str(x) for x in box], where=where))
  words = [UNKNOWN_KIND] * len(rows) if kinds is None else kinds
  if (
    not isinstance(words, list)
    or len(words) != len(rows)
    or not all(isinstance(word, str) for word in words)
  ):
    raise ValueError(
      f'{where}: kinds is {kinds!r}; give one word for each of the '
      f'{len(rows)} boxes, or leave kinds out'
    )
  return deeppcb.annotated(rows, words)
