"""Picture files and arrays of any kind -> pixels.

pixels = inputs.to_pixels('part.png', role='test')
pixels = inputs.to_pixels(camera_frame, role='test')
"""

from __future__ import annotations

import os
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data import decoding, limits, pictures
from zeroshot.types import HostArray

Picture = str | os.PathLike[str] | HostArray

_SAMPLE_PX = 1000  # approximate longest side of a sample of the pixels
_BRIGHT_SHARE = 0.999  # quantile that stands for the brightest parts
_MIN_BRIGHTEST = 0.2  # of white
_DEPTHS = (np.uint8, np.uint16)


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
    uint8, uint16, or float32 in [0, 1], ``[H, W, 3]``, RGB; alpha is dropped.

  Raises:
    ValueError: the file cannot be read, the array is no picture, or there are
      too many pixels.
  """
  if isinstance(picture, str | os.PathLike):
    return pictures.read_pixels(picture, max_megapixels=max_megapixels)
  return _from_array(np.asarray(picture), role, max_megapixels)


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
  reference: Picture, test: Picture, *, max_megapixels: float
) -> LoadedPair:
  """Reads both pictures of a pair and checks that they can be compared.

  If only one of them has colours, both become grey.

  Args:
    reference: see ``to_pixels``.
    test: see ``to_pixels``.
    max_megapixels: see ``to_pixels``.

  Returns:
    The pixels; their sizes may differ.

  Raises:
    ValueError: see ``to_pixels``; or one is so dark that differences would be
      missed, since those are measured relative to white.
  """
  given = {'reference': reference, 'test': test}
  pair = [
    to_pixels(picture, role=role, max_megapixels=max_megapixels)
    for role, picture in given.items()
  ]
  for (role, picture), pixels in zip(given.items(), pair, strict=True):
    sample = pictures.as_image(_sample(pixels))
    brightest = np.quantile(sample.max(axis=2), _BRIGHT_SHARE)
    if brightest < _MIN_BRIGHTEST:
      raise ValueError(
        f'the {role} {limits.printable(describe(picture))} is too dark: its '
        f'brightest parts reach {brightest:.0%} of white, and '
        f'{_MIN_BRIGHTEST:.0%} are needed; expose longer, or scale the values '
        '(12 bits stored as 16?)'
      )
  if _is_grey(pair[0]) != _is_grey(pair[1]):
    pair = [_to_grey(pixels) for pixels in pair]
  return LoadedPair(pair[0], pair[1], ())


def _sample(pixels: HostArray) -> HostArray:
  """At most about 1000 evenly spaced rows and columns."""
  step = max(*pixels.shape[:2], _SAMPLE_PX) // _SAMPLE_PX
  return pixels[::step, ::step]


def _is_grey(pixels: HostArray) -> bool:
  # The sample of a coloured picture nearly always has a colour, and is cheap.
  return all(
    bool((part == part[..., :1]).all()) for part in (_sample(pixels), pixels)
  )


def _to_grey(pixels: HostArray) -> HostArray:
  grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
  return np.repeat(grey[..., None], 3, axis=2)


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
