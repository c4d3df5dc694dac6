"""Labelled pairs of DeepPCB or of a manifest, in one form.

  pairs = manifest.read_manifest('parts.csv')
  pairs = manifest.labelled_pairs(deeppcb.list_pairs('PCBData', 'trainval'))

A manifest is a table, CSV, or has one JSON object a line:

  reference,test,name,group,boxes,kinds
  good.png,part7.png,part7,lot 3,10 20 31 45; 50 60 52 61,scratch; dent

  {"reference": "good.png", "test": "part7.png", "name": "part7",
   "group": "lot 3", "boxes": [[10, 20, 31, 45], [50, 60, 52, 61]],
   "kinds": ["scratch", "dent"]}

Paths are relative to the manifest's folder. A box has its first and its last
pixel, x1 y1 x2 y2, as in DeepPCB; no box (an empty cell, an empty list) means a
good part. Instead of ``boxes``, ``mask`` may name a picture whose regions that
are not black become the boxes; ``kinds`` then is one word for all of them.
Optional fields are ``kinds``; ``name``, by default the line number; and
``group``, by default the path of the reference.
"""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from zeroshot.data import deeppcb, faults, masks, records
from zeroshot.types import UNKNOWN_KIND, Boxes

_MAX_NAME_BYTES = 200  # names become file names


class LabelledPair(NamedTuple):
  """One pair and its annotation.

  Attributes:
    name: unique in the set.
    group: pairs of one group show the same product.
    reference_path: picture of the good part.
    test_path: picture of the part under test.
    truth: boxes as annotated; a kind is ``'difference'`` where not known.
    mask_path: picture that the boxes were read from, if any.
  """

  name: str
  group: str
  reference_path: pathlib.Path
  test_path: pathlib.Path
  truth: Boxes
  mask_path: pathlib.Path | None = None


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
  """As ``labelled_pairs``, but faults are returned, not raised.

  Returns:
    The pairs, without boxes where these cannot be read; and a line for each
    annotation that cannot be.
  """
  pairs, wrong = [], []
  for entry in entries:
    truth = deeppcb.to_boxes([], [])
    try:
      truth = deeppcb.read_annotations(entry.annotation_path)
    except ValueError as error:
      wrong.append(str(error))
    pairs.append(LabelledPair(*entry[:4], truth))
  return pairs, wrong


def read_manifest(
  path: str | os.PathLike[str], *, need_labels: bool = True
) -> list[LabelledPair]:
  """Reads a manifest.

  Args:
    path: of the file, CSV or JSON lines.
    need_labels: refuse lines without boxes and mask, even if all are so.

  Returns:
    The pairs in file order; each of their pictures exists. One that is not
    labelled has no boxes.

  Raises:
    ValueError: the file is missing, or lines are malformed or name pictures
      that are not there (all such are named).
  """
  parsed = records.read_records(path)
  pairs, wrong = _parse(parsed, path, need_labels=need_labels)
  missing = [
    f'{path}, line {line}: there is no picture {picture}; correct the path'
    for line, pair in pairs.items()
    for picture in (pair.reference_path, pair.test_path)
    if not picture.is_file()
  ]
  faults.refuse([*wrong, *missing])
  return list(pairs.values())


def parse_manifest(
  parsed: records.Records,
  path: str | os.PathLike[str],
  *,
  need_labels: bool = True,
) -> tuple[list[LabelledPair], list[str]]:
  """As ``read_manifest``, but faults of lines are returned, not raised.

  Args:
    parsed: of ``records.read_records``.
    path: of the file.
    need_labels: see ``read_manifest``. If any line has a label, the others
      need one in any case.

  Returns:
    The pairs, whose pictures may be missing; and the faults of other lines.
  """
  pairs, wrong = _parse(parsed, path, need_labels=need_labels)
  return list(pairs.values()), wrong


def in_groups(
  pairs: Sequence[LabelledPair], groups: str, *, field: str
) -> list[LabelledPair]:
  """Selects the pairs of some groups, in their own order.

  Args:
    pairs: to select from.
    groups: comma-separated names; ``''`` selects all.
    field: name of the config field, for the error.

  Raises:
    ValueError: there is no such group.
  """
  selected = split_names(groups)
  known = sorted({pair.group for pair in pairs})
  unknown = sorted(set(selected) - set(known))
  if unknown:
    raise ValueError(
      f'{field}: there is no group {", ".join(unknown)}; the groups are '
      f'{", ".join(known)}'
    )
  return [pair for pair in pairs if not selected or pair.group in selected]


def split_names(field: str) -> list[str]:
  """The names in a comma-separated field."""
  return [name.strip() for name in field.split(',') if name.strip()]


def _parse(
  parsed: records.Records, path: str | os.PathLike[str], *, need_labels: bool
) -> tuple[dict[int, LabelledPair], list[str]]:
  """The pairs by line number, and the faults of the other lines."""
  wrong = list(parsed.faults.values())
  need_labels = need_labels or has_labels(parsed)
  pairs: dict[int, LabelledPair] = {}
  lines: dict[str, int] = {}  # by name
  for record in parsed.records:
    where = f'{path}, line {record.line}'
    try:
      pair = _to_pair(record, pathlib.Path(path).parent, where)
      if need_labels:
        check_name(pair.name, where)
        _check_labelled(record, where)
      if pair.name in lines:
        raise ValueError(
          f'{where}: line {lines[pair.name]} has the name {pair.name!r} too; '
          'give each its own'
        )
    except ValueError as error:
      wrong.append(str(error))
    else:
      lines[pair.name] = record.line
      pairs[record.line] = pair
  return pairs, wrong


def has_labels(parsed: records.Records) -> bool:
  """Whether any line has boxes or a mask."""
  return any(map(_is_labelled, parsed.records))


def _is_labelled(record: records.Record) -> bool:
  return 'boxes' in record.fields or 'mask' in record.fields


def _check_labelled(record: records.Record, where: str) -> None:
  if not _is_labelled(record):
    raise ValueError(
      f'{where}: neither boxes nor mask; label it, with empty boxes if the '
      'part is good'
    )


def _to_pair(
  record: records.Record, folder: pathlib.Path, where: str
) -> LabelledPair:
  """The pair of one line."""
  fields = record.fields
  for field in ('reference', 'test', 'name', 'group', 'mask'):
    text = fields.get(field, 'left out')
    if not isinstance(text, str) or not text.strip():
      raise ValueError(f'{where}: {field} is {text!r}; give a text')
  mask, kinds = fields.get('mask'), fields.get('kinds')
  if mask is not None and 'boxes' in fields:
    raise ValueError(f'{where}: both boxes and mask; give one of them')
  if mask is None:
    truth = _boxes(fields.get('boxes', []), kinds, where)
  else:
    truth = _boxes_of_mask(folder / mask, kinds, where)
  return LabelledPair(
    name=fields.get('name', str(record.line)),
    group=fields.get('group') or fields['reference'],
    reference_path=folder / fields['reference'],
    test_path=folder / fields['test'],
    truth=truth,
    mask_path=None if mask is None else folder / mask,
  )


def check_name(name: str, where: str) -> None:
  """Refuses a name that is not legal in a file name.

  Args:
    name: of a pair, not empty.
    where: file and line, for the error.

  Raises:
    ValueError: it has a slash, a backslash, a leading dot or a character that
      is not printable, or is longer than 200 bytes.
  """
  if (
    set(name) & {'/', '\\'}
    or not name.isprintable()
    or name[0] == '.'
    or len(name.encode()) > _MAX_NAME_BYTES
  ):
    raise ValueError(
      f'{where}: name {name!r}; files are named by it: give up to '
      f'{_MAX_NAME_BYTES} letters without / and \\ and no dot at the start'
    )


def _boxes_of_mask(mask: pathlib.Path, kinds: object, where: str) -> Boxes:
  """The boxes of a mask's regions."""
  try:
    corners = masks.boxes_of(mask)
  except ValueError as error:
    raise ValueError(f'{where}: mask {error}') from error
  if kinds is not None and (not isinstance(kinds, list) or len(kinds) != 1):
    raise ValueError(
      f'{where}: kinds is {kinds!r}; with a mask, give one word for all of its '
      'regions, or leave kinds out'
    )
  return _boxes(corners, kinds and kinds * len(corners), where)


def _boxes(corners: object, kinds: object, where: str) -> Boxes:
  """The boxes of one line."""
  if not isinstance(corners, list):
    raise ValueError(f'{where}: boxes is {corners!r}; give a list of boxes')
  rows = []
  for box in corners:
    if not isinstance(box, list) or len(box) != 4:
      raise ValueError(f'{where}: box {box!r}; give x1, y1, x2, y2')
    rows.append(deeppcb.parse_corners([str(x) for x in box], where=where))
  words = [UNKNOWN_KIND] * len(rows) if kinds is None else kinds
  if (
    not isinstance(words, list)
    or len(words) != len(rows)
    or not all(isinstance(word, str) and word.strip() for word in words)
  ):
    raise ValueError(
      f'{where}: kinds is {kinds!r}; give one word for each of the '
      f'{len(rows)} boxes, or leave kinds out'
    )
  return deeppcb.to_boxes(rows, words)
