"""Reads and writes pictures as float32 RGB in [0, 1], and fails by name.

  reference, test = pictures.read_pair('good.png', 'part.png')
  pictures.write_picture('out.png', test)

OpenCV decodes a JPEG that was cut short without a word and fills what is
missing with grey, so the markers that end a file are looked for here, before
it is decoded.
"""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Callable

import cv2
import numpy as np

from zeroshot.types import HostArray

Path = str | os.PathLike[str]

SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')

_JPEG_START = b'\xff\xd8\xff'
_PNG_START = b'\x89PNG\r\n\x1a\n'
# What ends a JPEG's entropy-coded bytes: a marker that is neither a stuffed
# zero, nor a restart marker, nor fill.
_JPEG_MARKER = re.compile(rb'\xff[^\x00\x01\xd0-\xd7\xff]')
_MAX_VALUE = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}


def read_picture(path: Path) -> HostArray:
  """Reads a picture file.

  Grey is repeated over the channels and alpha is dropped. Pixels are taken as
  they are stored: an EXIF orientation is not applied, since boxes and masks
  are in the stored grid.

  Args:
    path: a file that OpenCV decodes (PNG, JPEG, BMP, TIFF, WebP, ...), grey or
      colour, 8 or 16 bits.

  Returns:
    Image float32 ``[H, W, 3]``, RGB, in [0, 1].

  Raises:
    ValueError: the file is missing, empty, cut short, no picture, or of
      another depth than 8 or 16 bits.
  """
  return decode(read_bytes(path), path)


def read_pixels(path: Path) -> HostArray:
  """Reads a picture file of any size, pixels as they are stored.

  Args:
    path: see ``read_picture``.

  Returns:
    uint8 or uint16 ``[H, W, 3]``, RGB.

  Raises:
    ValueError: see ``read_picture``.
  """
  return np.ascontiguousarray(_three_channels(_decoded(read_bytes(path), path)))


def as_image(pixels: HostArray) -> HostArray:
  """Pixels uint8, uint16, or float32 in [0, 1], as float32 in [0, 1]."""
  if pixels.dtype not in _MAX_VALUE:
    return pixels
  return pixels.astype(np.float32) / np.float32(_MAX_VALUE[pixels.dtype])


def decode(data: bytes, path: Path) -> HostArray:
  """The picture of a file's content.

  Args:
    data: the content.
    path: where it is from, for the error.

  Returns:
    See ``read_picture``, which reads the content first.

  Raises:
    ValueError: it is cut short, no picture, or of another depth.
  """
  return _to_rgb(_decoded(data, path))


def size_of(data: bytes, path: Path) -> tuple[int, int]:
  """Height and width in pixels; fails wherever ``decode`` would."""
  height, width = _decoded(data, path).shape[:2]
  return height, width


def list_pictures(folder: Path) -> list[pathlib.Path]:
  """The files of a folder that end as pictures do, sorted by name.

  Args:
    folder: where to look; not below it.

  Raises:
    ValueError: there is no such folder, or no such file in it.
  """
  folder = pathlib.Path(folder)
  if not folder.is_dir():
    raise ValueError(f'{folder}: there is no such folder')
  files = sorted(
    file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES
  )
  if not files:
    raise ValueError(f'{folder}: no file ends in {", ".join(SUFFIXES)}')
  return files


def write_picture(path: Path, image: HostArray) -> None:
  """Writes a picture with 8 bits a channel.

  Args:
    path: where to; the suffix chooses the format.
    image: float ``[H, W, 3]`` RGB, or ``[H, W]`` grey, in [0, 1].

  Raises:
    ValueError: the image has another shape or leaves [0, 1], the folder is
      missing, or the suffix names no format.
  """
  image = np.asarray(image)
  if image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)):
    raise ValueError(
      f'{path}: image has shape {image.shape}; give [H, W, 3] or [H, W]'
    )
  if image.size == 0:
    raise ValueError(f'{path}: image has shape {image.shape} and no pixel')
  low, high = float(image.min()), float(image.max())
  if not (low >= -1e-3 and high <= 1 + 1e-3):  # NaN fails as well
    raise ValueError(
      f'{path}: image has values from {low} to {high}; scale it to [0, 1]'
    )
  stored = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
  if stored.ndim == 3:
    stored = stored[..., ::-1]  # RGB to OpenCV's BGR
  try:
    written = cv2.imwrite(os.fspath(path), np.ascontiguousarray(stored))
  except cv2.error as error:
    raise ValueError(
      f'{path}: the suffix names no picture format; use .png or .jpg'
    ) from error
  if not written:
    raise ValueError(
      f'{path}: cannot be written; check that its folder exists and is writable'
    )


def read_pair(
  reference_path: Path,
  test_path: Path,
  *,
  read: Callable[[Path], HostArray] = read_picture,
) -> tuple[HostArray, HostArray]:
  """Reads a reference picture and a test picture of the same size.

  Args:
    reference_path: picture of the good part.
    test_path: picture of the part under test.
    read: reads one of them.

  Returns:
    ``(reference, test)``, images float32 ``[H, W, 3]``, RGB, in [0, 1].

  Raises:
    ValueError: a picture cannot be read, or their sizes differ.
  """
  reference, test = read(reference_path), read(test_path)
  if reference.shape != test.shape:
    raise ValueError(
      unequal(reference_path, reference.shape[:2], test_path, test.shape[:2])
    )
  return reference, test


def unequal(
  reference_path: Path,
  reference: tuple[int, ...],
  test_path: Path,
  test: tuple[int, ...],
) -> str:
  """What to say of a pair whose heights and widths, in pixels, differ."""
  sizes = [f'{width}x{height}' for height, width in (reference, test)]
  return (
    f'sizes differ: reference {reference_path} is {sizes[0]} and test'
    f' {test_path} is {sizes[1]}; take both with the same settings, or'
    ' resize one to the other'
  )


def read_bytes(path: Path) -> bytes:
  """The file's content.

  Raises:
    ValueError: the file is missing, empty or cannot be read.
  """
  try:
    data = pathlib.Path(path).read_bytes()
  except FileNotFoundError as error:
    raise ValueError(f'{path}: no such file; check the path') from error
  except OSError as error:
    raise ValueError(
      f'{path}: cannot be read ({error.strerror}); give a readable file'
    ) from error
  if not data:
    raise ValueError(f'{path}: the file is empty; copy it again')
  return data


def _decoded(data: bytes, path: Path) -> HostArray:
  """The pixels as they are stored: grey, BGR or BGRA, 8 or 16 bits."""
  if _is_cut_short(data):
    raise ValueError(
      f'{path}: the picture is cut short (its end marker is missing); copy it'
      ' again from its source'
    )
  try:
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
  except cv2.error:
    stored = None
  if stored is None:
    raise ValueError(
      f'{path}: not a picture that OpenCV can decode; convert it to PNG'
    )
  if stored.dtype not in _MAX_VALUE:
    raise ValueError(
      f'{path}: pixels of type {stored.dtype}; convert it to 8 or 16 bits'
    )
  return stored


def _to_rgb(stored: HostArray) -> HostArray:
  """Decoded pixels as float32 RGB in [0, 1]."""
  return as_image(_three_channels(stored))


def _three_channels(stored: HostArray) -> HostArray:
  """Decoded pixels as RGB, of their own type."""
  if stored.ndim == 2:
    stored = stored[..., np.newaxis]  # [H, W, 1]
  if stored.shape[-1] < 3:  # grey, or grey and alpha
    stored = np.repeat(stored[..., :1], 3, axis=-1)  # [H, W, 3]
  return stored[..., 2::-1]  # BGR(A) to RGB


def _is_cut_short(data: bytes) -> bool:
  """Whether a JPEG, PNG or BMP ends before its own end marker."""
  if data.startswith(_JPEG_START):
    return not _jpeg_ends(data)
  if data.startswith(_PNG_START):
    return not _png_ends(data)
  if data.startswith(b'BM'):
    return len(data) < int.from_bytes(data[2:6], 'little')
  return False


def _jpeg_ends(data: bytes) -> bool:
  """Walks the segments of a JPEG (ITU T.81, annex B) to its end marker.

  The walk, unlike a search for FFD9, is not deceived by the end of a thumbnail
  inside the header or by bytes that a camera appends.
  """
  position = 2
  while match := _JPEG_MARKER.search(data, position):
    marker = data[match.start() + 1]
    if marker == 0xD9:
      return True
    length = data[match.end() : match.end() + 2]
    position = match.end() + int.from_bytes(length, 'big')
  return False


def _png_ends(data: bytes) -> bool:
  """Walks the chunks of a PNG to a complete IEND."""
  position = len(_PNG_START)
  while position + 12 <= len(data):  # length, name and checksum
    if data[position + 4 : position + 8] == b'IEND':
      return True
    position += 12 + int.from_bytes(data[position : position + 4], 'big')
  return False
