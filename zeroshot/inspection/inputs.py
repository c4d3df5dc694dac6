"""Paths and arrays of any kind -> images.

image = inputs.to_image('part.png', role='test')
image = inputs.to_image(camera_frame, role='test')
"""

from __future__ import annotations

import os

import numpy as np

from zeroshot.data import headers, pictures
from zeroshot.types import HostArray

Picture = str | os.PathLike[str] | HostArray

_LIGHT_PX = 1000  # a side from which light is sampled
_BRIGHT_SHARE = 0.999  # of the pixels are no brighter than the brightest parts
_MIN_BRIGHTEST = 0.2  # of white
_MAX_VALUE = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}


def to_image(
  picture: Picture,
  *,
  role: str,
  max_megapixels: float = headers.MAX_MEGAPIXELS,
) -> HostArray:
  """Reads a file, or takes an array for what it holds.

  Args:
    picture: path of a file; or RGB, RGBA, grey, or grey and alpha, ``[H, W]``
      or ``[H, W, C]``: uint8, uint16, bool, or floating in [0, 1].
    role: ``'reference'`` or ``'test'``, for the error.
    max_megapixels: the most that it may have, 1e6 pixels.

  Returns:
    Image float32 ``[H, W, 3]``, RGB; alpha is dropped.

  Raises:
    ValueError: the file cannot be read, the array is no picture, or there are
      too many pixels.
  """
  if isinstance(picture, str | os.PathLike):
    return pictures.read_picture(picture, max_megapixels=max_megapixels)
  return _from_array(np.asarray(picture), role, max_megapixels)


def check_pair(
  reference: Picture, good: HostArray, test: Picture, tested: HostArray
) -> None:
  """Refuses two pictures that cannot be compared, whatever they show.

  Args:
    reference: as the user gave it.
    good: its image.
    test: as the user gave it.
    tested: its image.

  Raises:
    ValueError: their sizes differ, or one is so dark that differences would be
      missed: those are judged by how much they differ, in parts of white.
  """
  if good.shape != tested.shape:
    raise ValueError(
      pictures.unequal(
        shown(reference), good.shape[:2], shown(test), tested.shape[:2]
      )
    )
  for role, picture, image in (
    ('reference', reference, good),
    ('test', test, tested),
  ):
    step = max(*image.shape[:2], _LIGHT_PX) // _LIGHT_PX
    brightest = np.quantile(image[::step, ::step].max(axis=2), _BRIGHT_SHARE)
    if brightest < _MIN_BRIGHTEST:
      raise ValueError(
        f'the {role} {headers.shown(shown(picture))} is too dark: its brightest'
        f' parts reach {brightest:.0%} of white, and {_MIN_BRIGHTEST:.0%} are '
        'needed; expose longer, or scale the values (12 bits stored as 16?)'
      )


def unlike(reference: Picture, test: Picture, mirrored: bool) -> str:
  """What to say of two pictures that do not show the same part.

  Args:
    reference: as the user gave it.
    test: as the user gave it.
    mirrored: whether the one shows the other in a mirror.
  """
  first, second = shown(reference), shown(test)
  pair = f'reference {headers.shown(first)} and test {headers.shown(second)}'
  if mirrored:
    return f'{pair} are mirror images; flip one of them'
  return (
    f'{pair} do not show the same part, or lie too far apart to be aligned; '
    'check that they belong together and show the same side at the same scale'
    f'{pictures.turned_apart(first, second)}'
  )


def shown(picture: Picture) -> str:
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
  name = f'the {role} picture'
  headers.check_size(width, height, name, max_megapixels=max_megapixels)
  if array.ndim == 2:
    array = array[..., None]
  if array.shape[2] < 3:
    array = np.repeat(array[..., :1], 3, axis=2)
  return _scaled(array[..., :3], role)


def _scaled(array: HostArray, role: str) -> HostArray:
  if array.dtype in _MAX_VALUE:
    return array.astype(np.float32) / np.float32(_MAX_VALUE[array.dtype])
  if array.dtype == bool:
    return array.astype(np.float32)
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
  return array.astype(np.float32)
