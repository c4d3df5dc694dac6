"""Paths and arrays of any kind -> images.

image = inputs.to_image('part.png', role='test')
image = inputs.to_image(camera_frame, role='test')
"""

from __future__ import annotations

import os

import numpy as np

from zeroshot.data import pictures
from zeroshot.types import HostArray

Picture = str | os.PathLike[str] | HostArray

_DEPTHS = (np.uint8, np.uint16)


def to_image(picture: Picture, *, role: str) -> HostArray:
  """Reads a file, or takes an array for what it holds.

  Args:
    picture: path of a file; or RGB, RGBA, grey, or grey and alpha, ``[H, W]``
      or ``[H, W, C]``: uint8, uint16, bool, or floating in [0, 1].
    role: ``'reference'`` or ``'test'``, for the error.

  Returns:
    Image float32 ``[H, W, 3]``, RGB; alpha is dropped.

  Raises:
    ValueError: the file cannot be read, or the array is no picture.
  """
  return pictures.as_image(to_pixels(picture, role=role))


def to_pixels(picture: Picture, *, role: str) -> HostArray:
  """Reads a file, or copies an array, in the type that it came in.

  Args:
    picture: see ``to_image``.
    role: likewise.

  Returns:
    uint8, uint16, or float32 in [0, 1], ``[H, W, 3]``, RGB.

  Raises:
    ValueError: see ``to_image``.
  """
  if isinstance(picture, str | os.PathLike):
    return pictures.read_pixels(picture)
  return _from_array(np.asarray(picture), role)


def _from_array(array: HostArray, role: str) -> HostArray:
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
    raise ValueError(f'the {role} picture has shape {array.shape} and no pixel')
  if array.ndim == 2:
    array = array[..., None]
  if array.shape[2] < 3:
    array = np.repeat(array[..., :1], 3, axis=2)
  return _checked(array[..., :3], role)


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
  low, high = float(array.min()), float(array.max())
  if not (low >= 0 and high <= 1):  # NaN fails as well
    raise ValueError(
      f'the {role} picture has values from {low} to {high}; scale it to [0, 1]'
    )
  return array.astype(np.float32, order='C')
