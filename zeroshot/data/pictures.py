"""Reads and writes pictures as float32 RGB in [0, 1].

  reference, test = pictures.read_pair('good.png', 'part.png')
  pictures.write_picture('out.png', test)

Errors name the file. Pictures to inspect are read upright and in any type of
pixels, by ``read_pixels``; those with labels in the stored grid, by
``read_picture``.
"""

from __future__ import annotations

import os
import pathlib
import stat
from collections.abc import Callable

import cv2
import numpy as np

from zeroshot.data import decoding, pair_shapes
from zeroshot.data.limits import MAX_MEGAPIXELS, Path, printable
from zeroshot.types import HostArray

# Of files that are found in folders: raw pictures often lie beside a JPEG.
SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')

_MAX_VALUE = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}
_MAX_BYTES_PER_PIXEL = 8  # colour and alpha of 16 bits
_MAX_METADATA_BYTES = 1 << 26


def read_picture(
  path: Path, *, max_megapixels: float = MAX_MEGAPIXELS
) -> HostArray:
  """Reads a picture file in the grid that boxes and masks are drawn in.

  Grey is repeated over the channels and alpha is dropped. The EXIF orientation
  of a JPEG, PNG or WebP is not applied.

  Args:
    path: a file of BMP, GIF, HEIC, JPEG, PNG, PNM, TIFF, WebP or a camera's raw
      format, grey or colour, 8 or 16 bits.
    max_megapixels: largest size allowed, 1e6 pixels.

  Returns:
    Image float32 ``[H, W, 3]``, RGB, in [0, 1].

  Raises:
    ValueError: the file is missing, empty, cut short, no picture, of another
      depth than 8 or 16 bits, too large, or holds several pictures.
  """
  data = read_bytes(path, max_megapixels=max_megapixels)
  return decode(data, path, max_megapixels=max_megapixels)


def read_pixels(
  path: Path, *, max_megapixels: float = MAX_MEGAPIXELS
) -> HostArray:
  """Reads a picture file upright: its EXIF orientation is applied.

  Args:
    path: see ``read_picture``; samples of a TIFF may be of any type.
    max_megapixels: see ``read_picture``.

  Returns:
    ``[H, W, 3]``, RGB, of the stored type; see ``decoding.decode``.

  Raises:
    ValueError: see ``read_picture``.
  """
  data = read_bytes(path, max_megapixels=max_megapixels)
  return decoding.decode(
    data, path, max_megapixels=max_megapixels, upright=True
  )


def as_image(pixels: HostArray) -> HostArray:
  """Pixels uint8, uint16, or float32 in [0, 1], as float32 in [0, 1]."""
  if pixels.dtype not in _MAX_VALUE:
    return pixels
  return pixels.astype(np.float32) / np.float32(_MAX_VALUE[pixels.dtype])


def as_uint8(pixels: HostArray) -> HostArray:
  """Pixels of any dtype of ``as_image``, as uint8."""
  if pixels.dtype == np.uint8:
    return pixels
  return np.rint(as_image(pixels) * 255).astype(np.uint8)


def decode(
  data: bytes, path: Path, *, max_megapixels: float = MAX_MEGAPIXELS
) -> HostArray:
  """Decodes the content of a picture file.

  Args:
    data: the content.
    path: of the file, for the error.
    max_megapixels: see ``read_picture``.

  Returns:
    See ``read_picture``.

  Raises:
    ValueError: see ``read_picture``.
  """
  return as_image(_decode_stored(data, path, max_megapixels))


def size_of(
  data: bytes,
  path: Path,
  *,
  upright: bool = False,
  max_megapixels: float = MAX_MEGAPIXELS,
) -> tuple[int, int]:
  """Height and width in pixels of a file's content.

  Args:
    data: the content.
    path: of the file, for the error.
    upright: as ``read_pixels`` reads it; else as ``decode`` does.
    max_megapixels: see ``read_picture``.

  Raises:
    ValueError: wherever that reader raises one.
  """
  if upright:
    pixels = decoding.decode(
      data, path, max_megapixels=max_megapixels, upright=True
    )
  else:
    pixels = _decode_stored(data, path, max_megapixels)
  height, width = pixels.shape[:2]
  return height, width


def list_pictures(folder: Path) -> list[pathlib.Path]:
  """The files of a folder with a suffix of pictures, sorted by name.

  Args:
    folder: subfolders are not searched.

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
  sizes_may_differ: bool = False,
) -> tuple[HostArray, HostArray]:
  """Reads a reference picture and a test picture.

  Args:
    reference_path: picture of the good part.
    test_path: picture of the part under test.
    read: reads one picture.
    sizes_may_differ: whether pictures of two sizes are accepted.

  Returns:
    ``(reference, test)``, images float32 ``[H, W, 3]``, RGB, in [0, 1].

  Raises:
    ValueError: a picture cannot be read, or their sizes differ.
  """
  reference, test = read(reference_path), read(test_path)
  sizes = reference.shape[:2], test.shape[:2]
  if sizes[0] != sizes[1] and not sizes_may_differ:
    raise ValueError(
      pair_shapes.describe_mismatch(reference_path, test_path, *sizes)
    )
  return reference, test


def read_bytes(path: Path, *, max_megapixels: float = MAX_MEGAPIXELS) -> bytes:
  """The file's content.

  Args:
    path: of a regular file; pipes and devices are refused.
    max_megapixels: a file too large for such a picture is not read.

  Raises:
    ValueError: the file is missing, empty, too large or cannot be read.
  """
  max_bytes = int(max_megapixels * 1e6 * _MAX_BYTES_PER_PIXEL)
  max_bytes += _MAX_METADATA_BYTES
  try:
    with open(path, 'rb', opener=_open_regular) as file:
      size = os.fstat(file.fileno()).st_size
      data = file.read() if size <= max_bytes else b''
  except FileNotFoundError as error:
    raise ValueError(
      f'{printable(path)}: no such file; check the path'
    ) from error
  except (OSError, ValueError) as error:  # ValueError: a NUL in the path
    why = getattr(error, 'strerror', None) or error
    raise ValueError(
      f'{printable(path)}: cannot be read ({why}); give a readable file'
    ) from error
  if size > max_bytes:
    raise ValueError(
      f'{printable(path)}: {size / 1e6:.0f} MB are more than a picture of '
      f'max_megapixels, {max_megapixels:g}, takes; crop it or scale it down'
    )
  if not data:
    raise ValueError(f'{printable(path)}: the file is empty; copy it again')
  return data


def _open_regular(path: str, flags: int) -> int:
  """Opens a regular file, without blocking on a pipe."""
  descriptor = os.open(path, flags | os.O_NONBLOCK)
  if not stat.S_ISREG(os.fstat(descriptor).st_mode):
    os.close(descriptor)
    raise OSError(0, 'not a regular file')
  return descriptor


def _decode_stored(data: bytes, path: Path, max_megapixels: float) -> HostArray:
  """RGB pixels in the stored grid, 8 or 16 bits."""
  pixels = decoding.decode(
    data, path, max_megapixels=max_megapixels, upright=False
  )
  if pixels.dtype not in _MAX_VALUE:
    raise ValueError(
      f'{printable(path)}: pixels of type {pixels.dtype}; convert it to 8 or '
      '16 bits'
    )
  return pixels
