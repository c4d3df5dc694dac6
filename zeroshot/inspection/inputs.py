"""Paths and arrays of any kind -> pixels.

pixels = inputs.to_pixels('part.png', role='test')
pixels = inputs.to_pixels(camera_frame, role='test')
"""

from __future__ import annotations

import os

import cv2
import numpy as np

from zeroshot.data import headers, pictures
from zeroshot.types import HostArray

Picture = str | os.PathLike[str] | HostArray

_SAMPLE_PX = 1000  # a side at most, roughly, where a sample is enough
_BRIGHT_SHARE = 0.999  # of the pixels are no brighter than the brightest parts
_MIN_BRIGHTEST = 0.2  # of white
_DEPTHS = (np.uint8, np.uint16)


def to_pixels(
  picture: Picture,
  *,
  role: str,
  max_megapixels: float = headers.MAX_MEGAPIXELS,
) -> HostArray:
  """Reads a file, or copies an array, in the type that it came in.

  Args:
    picture: path of a file; or RGB, RGBA, grey, or grey and alpha, ``[H, W]``
      or ``[H, W, C]``: uint8, uint16, bool, or floating in [0, 1].
    role: ``'reference'`` or ``'test'``, for the error.
    max_megapixels: the most that it may have, 1e6 pixels.

  Returns:
    uint8, uint16, or float32 in [0, 1], ``[H, W, 3]``, RGB; alpha is dropped.

  Raises:
    ValueError: the file cannot be read, the array is no picture, or there are
      too many pixels.
  """
  if isinstance(picture, str | os.PathLike):
    return pictures.read_pixels(picture, max_megapixels=max_megapixels)
  return _from_array(np.asarray(picture), role, max_megapixels)


def check_pair(
  reference: Picture, good: HostArray, test: Picture, tested: HostArray
) -> None:
  """Refuses two pictures that cannot be compared, whatever they show.

  Args:
    reference: as the user gave it.
    good: its pixels.
    test: as the user gave it.
    tested: its pixels.

  Raises:
    ValueError: their sizes differ, or one is so dark that differences would be
      missed: those are judged by how much they differ, in parts of white.
  """
  if good.shape != tested.shape:
    raise ValueError(
      pictures.unequal(
        describe(reference), good.shape[:2], describe(test), tested.shape[:2]
      )
    )
  for role, picture, pixels in (
    ('reference', reference, good),
    ('test', test, tested),
  ):
    sample = pictures.as_image(_sample(pixels))
    brightest = np.quantile(sample.max(axis=2), _BRIGHT_SHARE)
    if brightest < _MIN_BRIGHTEST:
      raise ValueError(
        f'the {role} {headers.printable(describe(picture))} is too dark: its brightest'
        f' parts reach {brightest:.0%} of white, and {_MIN_BRIGHTEST:.0%} are '
        'needed; expose longer, or scale the values (12 bits stored as 16?)'
      )


def in_same_colours(
  good: HostArray, tested: HostArray
) -> tuple[HostArray, HostArray]:
  """Takes the colours from one picture where the other has none.

  Args:
    good: pixels ``[H, W, 3]`` of the reference.
    tested: likewise, of the test picture.

  Returns:
    The two, each in the type that it came in.
  """
  if _is_grey(good) == _is_grey(tested):
    return good, tested
  return _as_grey(good), _as_grey(tested)


def _sample(pixels: HostArray) -> HostArray:
  """Every so many-th row and column."""
  step = max(*pixels.shape[:2], _SAMPLE_PX) // _SAMPLE_PX
  return pixels[::step, ::step]


def _is_grey(pixels: HostArray) -> bool:
  # Of a picture with colours the sample has one, nearly always, at less work.
  return all(
    bool((part == part[..., :1]).all()) for part in (_sample(pixels), pixels)
  )


def _as_grey(pixels: HostArray) -> HostArray:
  grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
  return np.repeat(grey[..., None], 3, axis=2)


def unlike(reference: Picture, test: Picture, mirrored: bool) -> str:
  """What to say of two pictures that do not show the same part.

  Args:
    reference: as the user gave it.
    test: as the user gave it.
    mirrored: whether the one shows the other in a mirror.
  """
  first, second = describe(reference), describe(test)
  pair = (
    f'reference {headers.printable(first)} and test {headers.printable(second)}'
  )
  if mirrored:
    return f'{pair} are mirror images; flip one of them'
  return (
    f'{pair} do not show the same part, or lie too far apart to be aligned; '
    'check that they belong together and show the same side at the same scale'
    f'{pictures.turned_apart(first, second)}'
  )


def describe(picture: Picture) -> str:
  """What to call a picture in a message."""
  if isinstance(picture, str | os.PathLike):
    return os.fspath(picture)
  return '(array)'


def _from_array(
  array: HostArray, role: str, max_megapixels: float
) -> HostArray:
  if array.ndim not in (2, 3) or array.shape[2:] not in (
    (),
    (1,),
    (2,),
    (3,),
    (4,),
  ):
    raise ValueError(
      f'the {role} picture has shape {array.shape}; give [H, W] or [H, W, C] '
      'with 1 to 4 channels'
    )
  if array.size == 0:
    raise ValueError(
      f'the {role} picture has shape {array.shape} and no pixel; give one'
    )
  height, width = array.shape[:2]
  headers.check_size(
    width, height, f'the {role} picture', max_megapixels=max_megapixels
  )
  return _checked(pictures.three_channels(array), role)


def _checked(array: HostArray, role: str) -> HostArray:
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
