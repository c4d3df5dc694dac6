"""The content of a picture file of any format -> RGB pixels.

  pixels = decoding.decode(data, path, max_megapixels=400, upright=True)

OpenCV decodes most formats; ``tiff``, ``heic`` and ``raw`` have the others.
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.data import headers, heic, raw, tiff
from zeroshot.data.limits import Path, printable
from zeroshot.types import HostArray

_COLOUR = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_ANYDEPTH


def decode(
  data: bytes, path: Path, *, max_megapixels: float, upright: bool
) -> HostArray:
  """Decodes the content of a picture file.

  Args:
    data: the content.
    path: of the file: for the error, and for its suffix.
    max_megapixels: largest size allowed, 1e6 pixels.
    upright: whether an EXIF orientation of a JPEG, PNG or WebP is applied;
      else the pixels are in the stored grid. That of a TIFF, HEIC or raw
      picture is applied in any case.

  Returns:
    ``[H, W, 3]``, RGB, of the stored type: uint8, uint16, or, of TIFF alone,
    any other integers and floating point numbers. Grey is repeated over the
    channels and alpha is dropped.

  Raises:
    ValueError: the content is empty, cut short, no picture, too large, or holds
      several pictures; or an optional package is missing.
  """
  name = printable(path)
  if heic.is_heic(data):
    return three_channels(heic.read(data, name, max_megapixels=max_megapixels))
  if raw.is_raw(data, path):
    return raw.read(data, name, max_megapixels=max_megapixels)
  header = headers.check(data, path, max_megapixels=max_megapixels)
  if header is not None and header.tiff is not None:
    if header.tiff.is_dng:  # of another suffix
      return raw.read(data, name, max_megapixels=max_megapixels)
    try:
      stored = tiff.read(data, header.tiff)
    except ValueError as error:
      raise ValueError(f'{name}: {error}') from error
  else:
    stored = _decode(data, upright=upright)
  if stored is None:
    raise ValueError(headers.undecodable(data, path))
  return three_channels(stored)


def three_channels(pixels: HostArray) -> HostArray:
  """Contiguous pixels ``[H, W, 3]``: grey repeated, alpha dropped.

  Args:
    pixels: ``[H, W]``, or ``[H, W, C]`` with 1 to 4 channels.
  """
  if pixels.ndim == 2:
    pixels = pixels[..., np.newaxis]  # [H, W, 1]
  if pixels.shape[-1] < 3:  # grey, or grey and alpha
    pixels = np.repeat(pixels[..., :1], 3, axis=-1)  # [H, W, 3]
  return np.ascontiguousarray(pixels[..., :3])


def _decode(data: bytes, *, upright: bool) -> HostArray | None:
  flags = _COLOUR if upright else _COLOUR | cv2.IMREAD_IGNORE_ORIENTATION
  try:
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
  except cv2.error:
    return None
