"""Picture files and arrays of any kind -> pixels.

pair = inputs.load_pair('good.png', camera_frame, max_megapixels=400)
pair.reference, pair.test, pair.warnings
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data import bit_depth, decoding, limits, pictures
from zeroshot.inspection import brightness
from zeroshot.types import HostArray

Picture = str | os.PathLike[str] | HostArray

_DEPTHS = (np.uint8, np.uint16)
_BAND_ROWS = 64  # checked at once for colours


def name_of(picture: Picture, unnamed: str) -> str:
  """The stem of a picture's file; pixels have none, and are ``unnamed``."""
  if isinstance(picture, str | os.PathLike):
    return Path(picture).stem
  return unnamed


def to_pixels(
  picture: Picture,
  *,
  role: str,
  max_megapixels: float = limits.MAX_MEGAPIXELS,
) -> HostArray:
  """Reads a file, or copies an array, without changing its dtype.

  Args:
    picture: path of a file; or RGB, RGBA, grey, or grey and alpha, ``[H, W]``
      or ``[H, W, C]``: uint8, uint16, bool, or floating in [0, 1].
    role: ``'reference'`` or ``'test'``, for the error.
    max_megapixels: largest size allowed, 1e6 pixels.

  Returns:
    ``[H, W, 3]``, RGB, upright; alpha is dropped. Of an array uint8, uint16, or
    float32 in [0, 1]; of a file see ``decoding.decode``.

  Raises:
    ValueError: the file cannot be read, the array is no picture, or there are
      too many pixels.
  """
  if isinstance(picture, str | os.PathLike):
    return pictures.read_pixels(picture, max_megapixels=max_megapixels)
  return _from_array(np.asarray(picture), role, max_megapixels)


class LoadedPicture(NamedTuple):
  """One picture, before it is matched with another.

  Attributes:
    stored: its pixels and the scale of their values.
    is_grey: whether no pixel has a colour.
  """

  stored: brightness.Stored
  is_grey: bool


class LoadedPair(NamedTuple):
  """The pixels of a pair, on one scale of brightness.

  Attributes:
    reference: uint8, uint16 or float32 ``[H, W, 3]``, RGB.
    test: as ``reference``, of its own height and width.
    warnings: sentences on what was changed, for the user.
  """

  reference: HostArray
  test: HostArray
  warnings: tuple[str, ...]


def load_pair(
  reference: Picture,
  test: Picture,
  *,
  max_megapixels: float,
  bits: int | None = None,
) -> LoadedPair:
  """Reads both pictures of a pair, at a time, and makes them comparable.

  Args:
    reference: see ``to_pixels``.
    test: see ``to_pixels``.
    max_megapixels: see ``to_pixels``.
    bits: see ``load_picture``.

  Returns:
    See ``join``; their sizes may differ.

  Raises:
    ValueError: see ``load_picture`` and ``join``.
  """
  with ThreadPoolExecutor(1) as pool:
    other = pool.submit(
      load_picture,
      test,
      role='test',
      max_megapixels=max_megapixels,
      bits=bits,
    )
    first = load_picture(
      reference, role='reference', max_megapixels=max_megapixels, bits=bits
    )
    return join(first, other.result())


def load_picture(
  picture: Picture,
  *,
  role: str,
  max_megapixels: float,
  bits: int | None = None,
) -> LoadedPicture:
  """Reads one picture and measures it.

  Args:
    picture: see ``to_pixels``.
    role: see ``to_pixels``.
    max_megapixels: see ``to_pixels``.
    bits: 8 to 16, that samples stored in 16 bits use; None finds them.

  Raises:
    ValueError: see ``to_pixels``; or values do not fit into ``bits``.
  """
  bit_depth.check(bits)
  pixels = to_pixels(picture, role=role, max_megapixels=max_megapixels)
  name = f'the {role} {limits.printable(describe(picture))}'
  stored = brightness.measure(pixels, name=name, bits=bits)
  return LoadedPicture(stored, _is_grey(stored.pixels))


def join(reference: LoadedPicture, test: LoadedPicture) -> LoadedPair:
  """Makes two pictures comparable.

  Samples of 16 bits get one depth, dark pictures are stretched, and if only one
  of them has colours, both become grey.

  Args:
    reference: of ``load_picture``; it may be joined with many test pictures.
    test: of ``load_picture``.

  Returns:
    The pixels; a picture that needs no change is the same array as before.

  Raises:
    ValueError: one is too dark; see ``brightness.match``.
  """
  first, second, warnings = brightness.match(reference.stored, test.stored)
  if reference.is_grey != test.is_grey:
    first, second = _to_grey(first), _to_grey(second)
  return LoadedPair(first, second, warnings)


def _is_grey(pixels: HostArray) -> bool:
  # The sample of a coloured picture nearly always has a colour, and is cheap.
  if not _has_equal_channels(brightness.sample(pixels)):
    return False
  return all(
    _has_equal_channels(pixels[row : row + _BAND_ROWS])
    for row in range(0, len(pixels), _BAND_ROWS)
  )


def _has_equal_channels(pixels: HostArray) -> bool:
  red, green, blue = cv2.split(pixels)
  return np.array_equal(red, green) and np.array_equal(green, blue)


def _to_grey(pixels: HostArray) -> HostArray:
  grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
  return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)


def describe(picture: Picture) -> str:
  """The name of a picture in messages."""
  if isinstance(picture, str | os.PathLike):
    return os.fspath(picture)
  return '(array)'


def _from_array(
  array: HostArray, role: str, max_megapixels: float
) -> HostArray:
  channels = array.shape[2] if array.ndim == 3 else 1
  if array.ndim not in (2, 3) or channels not in range(1, 5):
    raise ValueError(
      f'the {role} picture has shape {array.shape}; give [H, W] or [H, W, C] '
      'with 1 to 4 channels'
    )
  if array.size == 0:
    raise ValueError(
      f'the {role} picture has shape {array.shape} and no pixel; give one'
    )
  height, width = array.shape[:2]
  limits.check_size(
    width, height, f'the {role} picture', max_megapixels=max_megapixels
  )
  return _copy_checked(decoding.three_channels(array), role)


def _copy_checked(array: HostArray, role: str) -> HostArray:
  if array.dtype in _DEPTHS:
    return array.copy(order='C')
  if array.dtype == bool:
    return array.astype(np.float32, order='C')
  if not np.issubdtype(array.dtype, np.floating):
    raise ValueError(
      f'the {role} picture is of type {array.dtype}; give uint8, uint16, bool '
      'or floating in [0, 1]'
    )
  num_wrong = np.count_nonzero(~np.isfinite(array))
  if num_wrong:
    raise ValueError(
      f'the {role} picture has {num_wrong} values that are NaN or infinite; '
      'replace them'
    )
  low, high = float(array.min()), float(array.max())
  if low < 0 or high > 1:
    raise ValueError(
      f'the {role} picture has values from {low} to {high}; scale it to [0, 1]'
    )
  return array.astype(np.float32, order='C')
