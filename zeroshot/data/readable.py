"""Checks picture files before long work that would fail on them.

  readable.check_pairs(pairs)  # one error that names every bad file
  read = readable.hold(pairs)  # also keeps the files in memory
  reference, test = pictures.read_pair(a, b, read=read)

Every file is read and decoded, but its pixels are not kept, so that memory does
not grow with the number of pictures. OpenCV decodes without Python's lock, so
threads run in parallel.
"""

from __future__ import annotations

import concurrent.futures
import functools
import itertools
from collections.abc import Callable, Iterable, Sequence

from zeroshot.data import faults, pair_shapes, pictures
from zeroshot.data.manifest import LabelledPair
from zeroshot.types import HostArray

_WORKERS = 8
_BATCH = 256  # files submitted at once, which bounds the number of futures

_Read = Callable[[pictures.Path], bytes]
_Size = tuple[int, int]


def check_pairs(pairs: Sequence[LabelledPair]) -> None:
  """Refuses pairs that cannot be read.

  Args:
    pairs: to check.

  Raises:
    ValueError: names the faults of ``pair_faults``, up to 20.
  """
  faults.refuse(pair_faults(pairs))


def check_pictures(paths: Iterable[pictures.Path]) -> None:
  """Refuses pictures that cannot be read; raises as ``check_pairs`` does."""
  faults.refuse(picture_faults(paths))


def pair_faults(
  pairs: Sequence[LabelledPair],
  *,
  labelled: bool = True,
  read: _Read = pictures.read_bytes,
) -> list[str]:
  """The faults of pairs.

  Args:
    pairs: to check; a picture of several pairs is read once.
    labelled: whether the pairs are to evaluate or to train on: their sizes must
      agree. Those of pairs to inspect may differ.
    read: reads the content of a file.

  Returns:
    A line for each picture that cannot be read, each pair whose sizes differ,
    each mask of another size and each box outside of its picture, in the order
    of the pairs.
  """
  sizes = _sizes((path for pair in pairs for path in _files(pair)), read)
  lines = []
  for pair in pairs:
    reference, test = sizes[pair.reference_path], sizes[pair.test_path]
    lines += [size for size in (reference, test) if isinstance(size, str)]
    if isinstance(test, str):
      continue
    if labelled and not isinstance(reference, str) and reference != test:
      lines.append(
        pair_shapes.describe_mismatch(
          pair.reference_path, pair.test_path, reference, test
        )
      )
    if pair.mask_path is not None:
      lines += _mask_faults(pair, sizes[pair.mask_path], test)
    lines += box_faults(pair, *test)
  return list(dict.fromkeys(lines))


def picture_faults(paths: Iterable[pictures.Path]) -> list[str]:
  """A line for each picture that cannot be read, in the order given."""
  sizes = _sizes(paths, pictures.read_bytes).values()
  return [size for size in sizes if isinstance(size, str)]


def box_faults(pair: LabelledPair, height: int, width: int) -> list[str]:
  """A line for each box that lies outside of a picture of that size."""
  return [
    f'{pair.test_path}: box {box.tolist()} lies outside of the picture, '
    f'{width}x{height}; correct it, x1 y1 x2 y2'
    for box in pair.truth.xyxy
    if box[0] >= width or box[1] >= height or box[2] < 0 or box[3] < 0
  ]


def hold(
  pairs: Sequence[LabelledPair],
) -> Callable[[pictures.Path], HostArray]:
  """Checks pairs, and keeps the content of their files in memory.

  It is decoded at each access: it is smaller than the pixels, and exact.

  Args:
    pairs: to keep.

  Returns:
    A function that reads a picture of these pairs as
    ``pictures.read_picture`` does.

  Raises:
    ValueError: see ``check_pairs``.
  """
  content: dict[pictures.Path, bytes] = {}

  def read(path: pictures.Path) -> bytes:
    content[path] = data = pictures.read_bytes(path)
    return data

  faults.refuse(pair_faults(pairs, read=read))
  return lambda path: pictures.decode(content[path], path)


def _files(pair: LabelledPair) -> list[pictures.Path]:
  """All pictures of a pair."""
  files = (pair.reference_path, pair.test_path, pair.mask_path)
  return [file for file in files if file is not None]


def _mask_faults(
  pair: LabelledPair, mask: _Size | str, test: _Size
) -> list[str]:
  """The fault of a pair's mask, if it has one."""
  if isinstance(mask, str):
    return [mask]
  if mask == test:
    return []
  sizes = [f'{width}x{height}' for height, width in (mask, test)]
  return [
    f'sizes differ: mask {pair.mask_path} is {sizes[0]} and test '
    f'{pair.test_path} is {sizes[1]}; paint the mask on the test picture'
  ]


def _sizes(
  paths: Iterable[pictures.Path], read: _Read
) -> dict[pictures.Path, _Size | str]:
  """The height and width of each picture, or its fault."""
  unique = iter(dict.fromkeys(paths))
  check = functools.partial(_size_or_fault, read=read)
  sizes: dict[pictures.Path, _Size | str] = {}
  with concurrent.futures.ThreadPoolExecutor(_WORKERS) as pool:
    while batch := list(itertools.islice(unique, _BATCH)):
      sizes.update(zip(batch, pool.map(check, batch), strict=True))
  return sizes


def _size_or_fault(path: pictures.Path, *, read: _Read) -> _Size | str:
  """One picture's height and width, or its fault."""
  try:
    return pictures.size_of(read(path), path)
  except ValueError as error:
    return str(error)
