"""Converts YOLO labels into a manifest.

  python -m data_tools.import_yolo --labels=DIR --images=DIR --names=FILE.txt \
      (--reference=GOLDEN.png | --reference_pattern='{stem}_ref.png') \
      --out=FILE.jsonl

The labels of ``DIR/lot3/part7.png`` are in ``DIR/lot3/part7.txt``, one line per
box: class number, then x and y of the centre, width and height, as fractions of
the picture's size. An empty file marks a good part; a picture without a file is
an error. ``--names`` has one class name per line.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from absl import flags

from data_tools import importing, label_boxes
from data_tools.importing import Labels, Part
from zeroshot.data import tables
from zeroshot.runtime import cli


def main(argv: Sequence[str]) -> None:
  """Imports the labels."""
  del argv
  options = flags.FLAGS
  importing.import_with(
    lambda references: read(
      options.labels, options.images, options.names, references
    )
  )


def read(
  labels: str, images: str, names: str, references: importing.References
) -> tuple[list[tuple[Part, Labels]], list[str]]:
  """Reads YOLO labels.

  Args:
    labels: folder of the labels.
    images: folder of the pictures.
    names: path of the file with the class names.
    references: of the test pictures.

  Returns:
    The readable test pictures with their labels, sorted; and all faults.

  Raises:
    ValueError: a folder does not exist, or there is no picture or class name.
  """
  folder = pathlib.Path(labels)
  if not folder.is_dir():
    raise ValueError(f'--labels={labels}: there is no such folder')
  kinds = _read_names(names)
  parts = importing.find_parts(images, references)
  files = [
    folder / part.picture.relative_to(images).with_suffix('.txt')
    for part in parts
  ]
  known = {file.resolve() for file in (*files, pathlib.Path(names))}
  wrong = [
    f'{file}: there is no picture for these labels; remove them'
    for file in sorted(folder.rglob('*.txt'))
    if file.resolve() not in known
  ]
  labelled = []
  for part, file in zip(parts, files, strict=True):
    try:
      size = label_boxes.size_of(part.picture)
    except ValueError as error:
      wrong.append(str(error))
      continue
    part_labels, faults = _read_labels(file, size, kinds)
    labelled.append((part, part_labels))
    wrong += faults
  return labelled, wrong


def _read_names(path: str) -> list[str]:
  """The names of the classes, in the order of their numbers."""
  names = [line.strip() for line in tables.read_lines(path)]
  while names and not names[-1]:
    names.pop()
  if not names or not all(names) or path.endswith(('.yaml', '.yml')):
    raise ValueError(
      f'--names={path}: give a text file with the name of a class in each line'
    )
  return names


def _read_labels(
  file: pathlib.Path, size: tuple[int, int], kinds: list[str]
) -> tuple[Labels, list[str]]:
  """The labels of a picture, and the faults of its other lines."""
  labels, wrong = Labels([], []), []
  if not file.is_file():
    return labels, [
      f'{file}: no such file; write an empty one if the part is good'
    ]
  for number, line in enumerate(tables.read_lines(file), start=1):
    if not line.strip():
      continue
    try:
      kind, box = _parse(line, size, kinds, f'{file}, line {number}')
    except ValueError as error:
      wrong.append(str(error))
      continue
    labels.boxes.append(box)
    labels.kinds.append(kind)
  return labels, wrong


def _parse(
  line: str, size: tuple[int, int], kinds: list[str], where: str
) -> tuple[str, tuple[int, ...]]:
  """The kind and the box of one line."""
  number, *shares = line.split()
  try:
    x, y, width, height = map(float, shares)
  except ValueError as error:
    raise ValueError(
      f'{where}: {line.strip()[:80]!r} is malformed; write class x y width '
      'height'
    ) from error
  if not number.isdecimal() or int(number) >= len(kinds):
    known = ', '.join(f'{i} {kind}' for i, kind in enumerate(kinds))
    raise ValueError(
      f'{where}: unknown class {number!r}; the classes are {known}'
    )
  if max(x, y, width, height) > 2:
    raise ValueError(
      f'{where}: {line.strip()[:80]!r} are no shares of the picture; divide '
      'by its width and height'
    )
  across, down = size
  sides = (
    (x - width / 2) * across,
    (y - height / 2) * down,
    (x + width / 2) * across,
    (y + height / 2) * down,
  )
  return kinds[int(number)], label_boxes.pixel_box(sides, size, where=where)


def define_flags() -> None:
  """The command's flags; a function, so that importing does nothing."""
  flags.DEFINE_string('labels', None, 'Folder of the labels.', required=True)
  flags.DEFINE_string(
    'names', None, 'File with one class name per line.', required=True
  )
  importing.define_flags()


if __name__ == '__main__':
  define_flags()
  cli.run(main)
