"""Converts painted masks, laid out as in MVTec AD, into a manifest.

  python -m data_tools.import_masks --masks=ground_truth --images=test \
      (--reference=GOLDEN.png | --reference_pattern='{stem}_ref.png') \
      --out=FILE.jsonl [--mask_pattern='{stem}_mask.png']

The mask of ``test/scratch/003.png`` is ``ground_truth/scratch/003_mask.png``;
each region that is not black becomes a box, and the folder name is its kind.
Pictures in a folder ``good`` show good parts and need no mask. Any other
picture without a mask is an error; a black mask marks a good part. Pictures
directly in ``--images`` have the kind 'difference'.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from absl import flags

from data_tools import importing, label_boxes
from data_tools.importing import Labels, Part
from zeroshot.data import masks as mask_files
from zeroshot.data import pictures
from zeroshot.runtime import cli
from zeroshot.types import UNKNOWN_KIND

_GOOD = 'good'


def main(argv: Sequence[str]) -> None:
  """Imports the masks."""
  del argv
  options = flags.FLAGS
  importing.import_with(
    lambda references: read(
      options.masks, options.images, references, pattern=options.mask_pattern
    )
  )


def read(
  masks: str,
  images: str,
  references: importing.References,
  *,
  pattern: str = '{stem}_mask.png',
) -> tuple[list[tuple[Part, Labels]], list[str]]:
  """Reads painted masks.

  Args:
    masks: folder of the masks.
    images: folder of the pictures.
    references: of the test pictures.
    pattern: file name of a mask; ``{stem}`` stands for the name of the picture
      without suffix.

  Returns:
    The readable test pictures with their labels, sorted; and all faults.

  Raises:
    ValueError: there is no folder of masks apart from the pictures, or no
      picture.
  """
  folder = pathlib.Path(masks)
  if not folder.is_dir() or folder.resolve() == pathlib.Path(images).resolve():
    raise ValueError(
      f'--masks={masks}: give a folder that holds the masks and no pictures'
    )
  parts = importing.find_parts(images, references, exclude=folder)
  labelled, wrong, used = [], [], set()
  for part in parts:
    inside = part.picture.relative_to(images)
    name = pattern.replace('{stem}', inside.stem)
    file = folder / inside.parent / name
    used.add(file)
    try:
      labelled.append((part, _labels(part.picture, file, inside.parent.name)))
    except ValueError as error:
      wrong.append(str(error))
  wrong += [
    f'{file}: there is no picture for this mask; remove it'
    for file in sorted(folder.rglob('*'))
    if file.suffix.lower() in pictures.SUFFIXES and file not in used
  ]
  return labelled, wrong


def _labels(picture: pathlib.Path, mask: pathlib.Path, folder: str) -> Labels:
  """The labels of a picture, from its mask."""
  size = label_boxes.size_of(picture)
  if not mask.is_file():
    if folder == _GOOD:
      return Labels([], [])
    raise ValueError(
      f'{picture}: there is no mask {mask}; paint it, or move the picture to a '
      f'folder {_GOOD!r} if the part is good'
    )
  if label_boxes.size_of(mask) != size:
    raise ValueError(
      f'sizes differ: mask {mask} and picture {picture}; paint the mask on the '
      'picture'
    )
  boxes = [tuple(box) for box in mask_files.boxes_of(mask)]
  if boxes and folder == _GOOD:
    raise ValueError(
      f'{mask}: marks a defect in a folder {_GOOD!r}; move it and its picture'
    )
  return Labels(boxes, [folder or UNKNOWN_KIND] * len(boxes))


def define_flags() -> None:
  """The command's flags; a function, so that importing does nothing."""
  flags.DEFINE_string('masks', None, 'Folder of the masks.', required=True)
  flags.DEFINE_string(
    'mask_pattern',
    '{stem}_mask.png',
    'File name of a mask; {stem} is the name of its picture without suffix.',
  )
  importing.define_flags()


if __name__ == '__main__':
  define_flags()
  cli.run(main)
