"""Pictures of phones: HEIC and HEIF, by the optional package pillow-heif.

if heic.is_heic(data):
  pixels = heic.read(data, 'part.heic', max_megapixels=400)
"""

from __future__ import annotations

import io

import numpy as np

from zeroshot.data import limits
from zeroshot.types import HostArray

_BRANDS = frozenset(
  (b'heic', b'heix', b'heim', b'heis', b'hevc', b'hevx', b'mif1', b'msf1')
)
_DEEP_MODES = {'RGB;16': 3, 'RGBA;16': 4, 'I;16': 1, 'L;16': 1}  # channels
_MODES = {'RGB': 3, 'RGBA': 4, 'L': 1}


def is_heic(data: bytes) -> bool:
  """Whether the content is that of a HEIC or HEIF file."""
  if data[4:8] != b'ftyp':
    return False
  length = min(int.from_bytes(data[:4], 'big'), 256)
  brands = {data[8:12], *(data[i : i + 4] for i in range(16, length, 4))}
  return not brands.isdisjoint(_BRANDS) and b'avif' not in brands


def read(data: bytes, name: str, *, max_megapixels: float) -> HostArray:
  """Decodes a HEIC, upright: the file's own rotation is applied.

  Args:
    data: content of the file.
    name: of the file, for the error.
    max_megapixels: largest size allowed, 1e6 pixels.

  Returns:
    uint8, or uint16 for 10 and 12 bits, ``[H, W, C]``, RGB, RGBA or grey.

  Raises:
    ValueError: pillow-heif is missing, or the file is damaged, too large, or
      holds several pictures.
  """
  try:
    import pillow_heif
  except ModuleNotFoundError as error:
    raise ValueError(
      f'{name}: HEIC is an optional extra: pip install '
      "'zeroshot-inspection[heic]', or convert it to PNG"
    ) from error
  try:
    opened = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
    width, height = opened.size
    count = len(opened)
  except Exception as error:  # of many types, on malformed bytes
    raise ValueError(limits.damaged(name, 'HEIC')) from error
  limits.check_size(width, height, name, max_megapixels=max_megapixels)
  if count > 1:
    raise ValueError(limits.several(name))
  try:
    mode, pixels = opened.mode, np.asarray(opened)
    channels = {**_MODES, **_DEEP_MODES}[mode]
    return pixels.reshape(*opened.size[::-1], channels)
  except Exception as error:
    raise ValueError(limits.damaged(name, 'HEIC')) from error
