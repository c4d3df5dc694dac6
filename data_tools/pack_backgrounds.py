"""Packs a folder of photographs into one image bank.

  python -m data_tools.pack_backgrounds --photographs=DIR --out=FILE.npz

The bank holds ``pictures``, uint8 ``[N, S, S, 3]`` RGB, and ``names``. A
training run keeps it in device memory and crops backgrounds from it. Files
without the suffix of a picture are skipped; if a picture cannot be read, an
error names it and nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from absl import flags

from zeroshot.data import faults, pictures
from zeroshot.runtime import atomic_files, cli
from zeroshot.types import HostArray


def main(argv: Sequence[str]) -> None:
  """Packs the photographs."""
  del argv
  out = Path(flags.FLAGS.out)
  count = pack(Path(flags.FLAGS.photographs), out, size_px=flags.FLAGS.size_px)
  print(f'{count} pictures: {out}')


def pack(photographs: Path, out: Path, *, size_px: int) -> int:
  """Writes the image bank of a folder.

  Args:
    photographs: folder of the pictures, packed in the order of their names.
    out: file to write, ``.npz``.
    size_px: side S of the square pictures in the bank.

  Returns:
    The number of pictures.

  Raises:
    ValueError: the folder has no picture, some pictures cannot be read (all are
      named), or an argument is out of range.
  """
  if size_px < 1:
    raise ValueError(f'size_px is {size_px}; give at least 1')
  if out.suffix != '.npz':
    raise ValueError(f'{out}: a bank is a .npz file')
  files = pictures.list_pictures(photographs)
  packed: list[HostArray] = []
  unreadable: list[str] = []
  for file in files:
    try:
      packed.append(square(pictures.read_picture(file), size_px=size_px))
    except ValueError as error:
      unreadable.append(str(error))
  if unreadable:
    raise ValueError(
      f'nothing was written; {len(unreadable)} of {len(files)} pictures cannot '
      f'be read: {faults.summarize(unreadable)}'
    )
  _write(out, np.stack(packed), [file.name for file in files])
  return len(files)


def square(image: HostArray, *, size_px: int) -> HostArray:
  """The central square of a picture, resized.

  Args:
    image: float32 ``[H, W, 3]`` in [0, 1].
    size_px: side S of the result.

  Returns:
    uint8 ``[S, S, 3]``.
  """
  height, width = image.shape[:2]
  side = min(height, width)
  top, left = (height - side) // 2, (width - side) // 2
  middle = image[top : top + side, left : left + side]
  method = cv2.INTER_AREA if side >= size_px else cv2.INTER_CUBIC
  resized = cv2.resize(middle, (size_px, size_px), interpolation=method)
  return np.rint(np.clip(resized, 0, 1) * 255).astype(np.uint8)


def _write(out: Path, packed: HostArray, names: list[str]) -> None:
  """Writes the bank atomically."""
  out.parent.mkdir(parents=True, exist_ok=True)
  with atomic_files.atomic_write(out) as partial, partial.open('wb') as file:
    np.savez(file, pictures=packed, names=np.array(names))


def define_flags() -> None:
  """The command's flags; a function, so that importing does nothing."""
  flags.DEFINE_string(
    'photographs', None, 'Folder of the photographs.', required=True
  )
  flags.DEFINE_string('out', None, 'The .npz file to write.', required=True)
  flags.DEFINE_integer('size_px', 256, 'Side of the pictures in the bank.')


if __name__ == '__main__':
  define_flags()
  cli.run(main)
