"""Common to the importers: pictures, references, labels -> a manifest.

  references = importing.References(Path('golden.png'), pattern=None)
  parts = importing.find_parts('pictures', references)
  print(importing.write('parts.jsonl', labelled, wrong))

The group of a test picture is its folder. Its name is its path below the folder
of all pictures, with hyphens for slashes.
"""

from __future__ import annotations

import json
import os
import pathlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from absl import flags

from zeroshot.data import (
  deeppcb,
  faults,
  manifest,
  pictures,
  readable,
  records,
)
from zeroshot.runtime import atomic_files
from zeroshot.types import JsonObject


class References(NamedTuple):
  """The references of test pictures.

  Attributes:
    reference: one picture for all; None if a pattern is given.
    pattern: path relative to the folder of a test picture, ``{stem}`` being the
      name of that picture without suffix; None with one picture for all.
  """

  reference: pathlib.Path | None
  pattern: str | None

  def of(self, picture: pathlib.Path) -> pathlib.Path:
    """The reference of a test picture; the file may be missing."""
    if self.reference is not None:
      return self.reference
    assert self.pattern is not None
    named = self.pattern.replace('{stem}', picture.stem)
    return pathlib.Path(os.path.normpath(picture.parent / named))


class Part(NamedTuple):
  """A test picture without its labels.

  Attributes:
    name: unique in the set.
    group: its folder, relative to the folder of all pictures.
    picture: path.
    reference: path of its reference.
  """

  name: str
  group: str
  picture: pathlib.Path
  reference: pathlib.Path


class Labels(NamedTuple):
  """The labels of a test picture.

  Attributes:
    boxes: x1, y1, x2, y2 of each, its first and last pixel.
    kinds: the kind of each box.
  """

  boxes: list[tuple[int, ...]]
  kinds: list[str]


def define_flags() -> None:
  """Defines the flags of all importers."""
  flags.DEFINE_string('images', None, 'Folder of pictures.', required=True)
  flags.DEFINE_string('reference', None, 'Reference of all pictures.')
  flags.DEFINE_string(
    'reference_pattern',
    None,
    "Reference, relative to a picture's folder, such as '{stem}_ref.png'.",
  )
  flags.DEFINE_string('out', None, 'Manifest to write, .jsonl.', required=True)


def import_with(
  read: Callable[[References], tuple[list[tuple[Part, Labels]], list[str]]],
) -> list[tuple[Part, Labels]]:
  """Runs an importer: reads, writes ``--out`` and prints a summary.

  Args:
    read: maps the references to the labelled test pictures and all faults.

  Returns:
    The labelled test pictures.

  Raises:
    ValueError: see ``references_of_flags``, ``check_out`` and ``write``.
  """
  references, out = references_of_flags(), flags.FLAGS.out
  check_out(out)
  labelled, wrong = read(references)
  print(write(out, labelled, wrong))
  return labelled


def references_of_flags() -> References:
  """The references given by ``--reference`` or ``--reference_pattern``.

  Raises:
    ValueError: unless exactly one of the two is given.
  """
  one, pattern = flags.FLAGS.reference, flags.FLAGS.reference_pattern
  if (one is None) == (pattern is None):
    raise ValueError(
      "give either --reference=GOLDEN.png or --reference_pattern='{stem}_ref"
      ".png'"
    )
  return References(None if one is None else pathlib.Path(one), pattern)


def find_parts(
  images: str | pathlib.Path,
  references: References,
  *,
  exclude: pathlib.Path | None = None,
) -> list[Part]:
  """The test pictures of a folder and its subfolders, sorted.

  Args:
    images: the folder.
    references: of the test pictures; they are excluded themselves.
    exclude: a folder whose pictures are excluded.

  Raises:
    ValueError: the folder does not exist or has no test picture, or some test
      pictures have no legal, unique name (all such are named).
  """
  folder = pathlib.Path(images)
  files = [
    file
    for file in list_pictures(folder)
    if not (exclude and file.resolve().is_relative_to(exclude.resolve()))
  ]
  parts = exclude_references(
    [part_of(file.relative_to(folder), folder, references) for file in files]
  )
  if not parts:
    raise ValueError(
      f'--images={images}: no test picture in it; {len(files)} files of it end '
      f'in {", ".join(pictures.SUFFIXES)}'
    )
  faults.refuse(name_faults(parts))
  return parts


def exclude_references(parts: Sequence[Part]) -> list[Part]:
  """The test pictures that are not the reference of another."""
  references = {part.reference.resolve() for part in parts}
  return [part for part in parts if part.picture.resolve() not in references]


def list_pictures(folder: pathlib.Path) -> list[pathlib.Path]:
  """The pictures of ``--images`` and its subfolders, sorted."""
  if not folder.is_dir():
    raise ValueError(f'--images={folder}: there is no such folder')
  return sorted(
    file
    for file in folder.rglob('*')
    if file.suffix.lower() in pictures.SUFFIXES
  )


def part_of(
  inside: pathlib.Path, folder: pathlib.Path, references: References
) -> Part:
  """The test picture at a path relative to a folder."""
  parent = inside.parent.as_posix()
  return Part(
    name='-'.join(inside.with_suffix('').parts),
    group=folder.resolve().name if parent == '.' else parent,
    picture=folder / inside,
    reference=references.of(folder / inside),
  )


def name_faults(parts: Sequence[Part]) -> list[str]:
  """A line for each test picture without a legal, unique name."""
  counts = Counter(part.name for part in parts)
  lines = []
  for part in parts:
    try:
      manifest.check_name(part.name, str(part.picture))
    except ValueError as error:
      lines.append(str(error))
    if counts[part.name] > 1:
      lines.append(
        f'{part.picture}: {counts[part.name]} pictures would have the name '
        f'{part.name}; rename all but one'
      )
  return lines


def write(
  out: str | pathlib.Path,
  labelled: Sequence[tuple[Part, Labels]],
  wrong: Sequence[str],
) -> str:
  """Checks all pictures and writes the manifest atomically.

  Args:
    out: path of the manifest; its folder is created if missing.
    labelled: the test pictures with their labels.
    wrong: faults found before.

  Returns:
    A summary in one line.

  Raises:
    ValueError: there is a fault, a picture cannot be read, or its size is not
      that of its reference (all faults are named).
  """
  file = pathlib.Path(out)
  pairs = [_pair(part, labels) for part, labels in labelled]
  faults.refuse([*wrong, *readable.pair_faults(pairs)])
  file.parent.mkdir(parents=True, exist_ok=True)
  lines = (json.dumps(_line(*row, file.parent)) for row in labelled)
  with atomic_files.atomic_write(file) as partial:
    partial.write_text(''.join(f'{line}\n' for line in lines), 'utf-8')
  kinds = Counter(kind for _, labels in labelled for kind in labels.kinds)
  good = sum(not labels.boxes for _, labels in labelled)
  counts = ', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))
  groups = len({part.group for part, _ in labelled})
  return (
    f'{len(labelled)} pairs, groups: {groups}, good parts: {good}, boxes: '
    f'{kinds.total()}{f" ({counts})" if counts else ""}; {file}'
  )


def check_out(out: str | pathlib.Path) -> None:
  """Rejects a path that exists or has the suffix of a table.

  Raises:
    ValueError: names the path.
  """
  if pathlib.Path(out).suffix.lower() in records.TABLES:
    raise ValueError(f'--out={out}: it will hold JSON lines; give FILE.jsonl')
  if pathlib.Path(out).exists():
    raise ValueError(f'--out={out}: is there already; move it or give another')


def _pair(part: Part, labels: Labels) -> manifest.LabelledPair:
  truth = deeppcb.to_boxes(labels.boxes, labels.kinds)
  return manifest.LabelledPair(
    part.name, part.group, part.reference, part.picture, truth
  )


def _line(part: Part, labels: Labels, folder: pathlib.Path) -> JsonObject:
  """The fields of one line of the manifest, paths relative to its folder."""

  def path(of: pathlib.Path) -> str:
    return pathlib.Path(os.path.relpath(of, folder)).as_posix()

  return {
    'reference': path(part.reference),
    'test': path(part.picture),
    'name': part.name,
    'group': part.group,
    'boxes': [list(box) for box in labels.boxes],
    'kinds': labels.kinds,
  }
