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
from typing import NamedTuple

from zeroshot.data import faults, headers, pair_shapes, pictures
from zeroshot.data.limits import printable
from zeroshot.data.manifest import LabelledPair
from zeroshot.types import HostArray

_WORKERS = 8
_BATCH = 256  # files submitted at once, which bounds the number of futures

_Read = Callable[[pictures.Path], bytes]


class _Seen(NamedTuple):
  """What matters of a picture that can be read.

  Attributes:
    size: height and width, pixels.
    orientation: of EXIF, 1 (upright) to 8; 1 where decoders apply it.
  """

  size: tuple[int, int]
  orientation: int


def check_pairs(
  pairs: Sequence[LabelledPair], *, sizes_may_differ: bool = False
) -> None:
  """Refuses pairs that cannot be read.

  Args:
    pairs: to check.
    sizes_may_differ: see ``pair_faults``.

  Raises:
    ValueError: names the faults of ``pair_faults``, up to 20.
  """
  faults.refuse(pair_faults(pairs, sizes_may_differ=sizes_may_differ))


def check_pictures(paths: Iterable[pictures.Path]) -> None:
  """Refuses pictures that cannot be read; raises as ``check_pairs`` does."""
  faults.refuse(picture_faults(paths))


def pair_faults(
  pairs: Sequence[LabelledPair],
  *,
  labelled: bool = True,
  sizes_may_differ: bool = False,
  read: _Read = pictures.read_bytes,
) -> list[str]:
  """The faults of pairs.

  Args:
    pairs: to check; a picture of several pairs is read once.
    labelled: whether the pairs are to evaluate or to train on: their sizes must
      agree, and an EXIF orientation is not applied. Pairs to inspect may differ
      in both.
    sizes_may_differ: whether the sizes of labelled pairs need not agree,
      because they are registered.
    read: reads the content of a file.

  Returns:
    A line for each picture that cannot be read, each pair whose sizes differ,
    each mask of another size, each box outside of its picture and each picture
    with labels that an EXIF orientation turns, in the order of the pairs.
  """
  paths = (path for pair in pairs for path in _files(pair))
  seen = _look_at(paths, read, upright=not labelled)
  lines = []
  for pair in pairs:
    reference, test = seen[pair.reference_path], seen[pair.test_path]
    lines += [fault for fault in (reference, test) if isinstance(fault, str)]
    if isinstance(test, str):
      continue
    if labelled and not isinstance(reference, str):
      lines += _mismatches(pair, reference, test, sizes_may_differ)
    if pair.mask_path is not None:
      lines += _mask_faults(pair, seen[pair.mask_path], test)
    lines += box_faults(pair, *test.size)
  return list(dict.fromkeys(lines))


def picture_faults(paths: Iterable[pictures.Path]) -> list[str]:
  """A line for each picture that cannot be read, in the order given."""
  seen = _look_at(paths, pictures.read_bytes, upright=False).values()
  return [fault for fault in seen if isinstance(fault, str)]


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


def _mismatches(
  pair: LabelledPair, reference: _Seen, test: _Seen, sizes_may_differ: bool
) -> list[str]:
  """Why a labelled pair does not lie in one grid with its labels."""
  files = pair.reference_path, pair.test_path
  if reference.size != test.size and not sizes_may_differ:
    return [pair_shapes.describe_mismatch(*files, reference.size, test.size)]
  has_labels = pair.mask_path is not None or len(pair.truth.xyxy) > 0
  turned = test.orientation != 1 and has_labels
  if not turned and reference.orientation == test.orientation:
    return []
  return [
    f'{printable(files[1])}: its EXIF orientation is {test.orientation}, that '
    f'of its reference {reference.orientation}, and labelled pairs are read as '
    'stored, since nobody knows whether boxes were drawn before or after the '
    'turn; save both upright (mogrify -auto-orient), with the labels on them'
  ]


def _mask_faults(
  pair: LabelledPair, mask: _Seen | str, test: _Seen
) -> list[str]:
  """The fault of a pair's mask, if it has one."""
  if isinstance(mask, str):
    return [mask]
  if mask.size == test.size:
    return []
  sizes = [f'{width}x{height}' for height, width in (mask.size, test.size)]
  return [
    f'sizes differ: mask {pair.mask_path} is {sizes[0]} and test '
    f'{pair.test_path} is {sizes[1]}; paint the mask on the test picture'
  ]


def _look_at(
  paths: Iterable[pictures.Path], read: _Read, *, upright: bool
) -> dict[pictures.Path, _Seen | str]:
  """What matters of each picture, or its fault."""
  unique = iter(dict.fromkeys(paths))
  check = functools.partial(_seen_or_fault, read=read, upright=upright)
  seen: dict[pictures.Path, _Seen | str] = {}
  with concurrent.futures.ThreadPoolExecutor(_WORKERS) as pool:
    while batch := list(itertools.islice(unique, _BATCH)):
      seen.update(zip(batch, pool.map(check, batch), strict=True))
  return seen


def _seen_or_fault(
  path: pictures.Path, *, read: _Read, upright: bool
) -> _Seen | str:
  """What matters of one picture, or its fault."""
  try:
    data = read(path)
    size = pictures.size_of(data, path, upright=upright)
    return _Seen(size, headers.orientation_of(data))
  except ValueError as error:
    return str(error)
