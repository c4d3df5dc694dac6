"""Raw pictures of cameras, by the optional package rawpy (LibRaw).

if raw.is_raw(data, path):
  pixels = raw.read(data, name, max_megapixels=400)
"""

from __future__ import annotations

import io
import os
import pathlib

from zeroshot.data import limits
from zeroshot.types import HostArray

_SUFFIXES = (
  *('.3fr', '.arw', '.cr2', '.cr3', '.dng', '.erf', '.iiq', '.kdc', '.mef'),
  *('.mos', '.nef', '.nrw', '.orf', '.pef', '.raf', '.rw2', '.srw'),
)
_STARTS = (b'FUJIFILMCCD-RAW', b'IIRO', b'IIRS', b'MMOR', b'IIU\0')
_TIFF_STARTS = (b'II*\0', b'MM\0*')  # most raw files have the form of a TIFF


def is_raw(data: bytes, path: str | os.PathLike[str]) -> bool:
  """Whether a file is a camera's raw picture, by its content and suffix.

  A TIFF is one if its suffix says so, for its first page then is a preview.
  """
  if data.startswith(_STARTS) or data[4:12] == b'ftypcrx ':
    return True
  is_named = pathlib.PurePath(path).suffix.lower() in _SUFFIXES
  return data.startswith(_TIFF_STARTS) and is_named


def read(data: bytes, name: str, *, max_megapixels: float) -> HostArray:
  """Develops a raw picture, upright, in the camera's white balance.

  Brightness is not adapted to the content, so that two pictures stay
  comparable.

  Args:
    data: content of the file.
    name: of the file, for the error.
    max_megapixels: largest size allowed, 1e6 pixels.

  Returns:
    uint16 ``[H, W, 3]``, sRGB.

  Raises:
    ValueError: rawpy is missing, or the file is damaged or too large.
  """
  try:
    import rawpy
  except ModuleNotFoundError as error:
    raise ValueError(
      f'{name}: raw pictures are an optional extra: pip install '
      "'zeroshot-inspection[raw]', or develop it to PNG"
    ) from error
  try:
    opened = rawpy.imread(io.BytesIO(data))
  except Exception as error:  # of many types, on malformed bytes
    raise ValueError(limits.damaged(name, 'a raw picture')) from error
  with opened:
    sizes = opened.sizes
    limits.check_size(
      sizes.width, sizes.height, name, max_megapixels=max_megapixels
    )
    try:
      developed: HostArray = opened.postprocess(
        use_camera_wb=True, no_auto_bright=True, output_bps=16
      )
    except Exception as error:
      raise ValueError(limits.damaged(name, 'a raw picture')) from error
  return developed
