"""The headers of picture files, checked before anything is decoded.

  headers.check(data, path, max_megapixels=400)
  headers.orientation('part.jpg')

A header of a few bytes can declare a picture that exceeds the memory, and a
decoder returns only one picture of an animation. OpenCV silently fills the
missing part of a truncated JPEG with grey, so the end markers of files are
checked as well. Files of formats that are not listed here are never decoded.

Pillow's plugins read the headers; ``PIL.Image.open`` would apply a size limit
that is global to the process. The runner of an exported network may lack
Pillow: there only the headers of TIFF and the end markers are checked, and
OpenCV's own size limit applies.
"""

from __future__ import annotations

import importlib
import io
import re
from typing import Any, NamedTuple

from zeroshot.data import limits, tiff
from zeroshot.data.limits import Path, printable

_JPEG_START = b'\xff\xd8\xff'
_PNG_START = b'\x89PNG\r\n\x1a\n'
# A marker that ends the entropy-coded bytes of a JPEG: no stuffed zero, no
# restart marker, no fill byte.
_JPEG_MARKER = re.compile(rb'\xff[^\x00\x01\xd0-\xd7\xff]')
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
# Name -> first bytes of files, and Pillow's plugin for the header ('' for TIFF,
# which is parsed here).
_FORMATS: dict[str, tuple[tuple[bytes, ...], str]] = {
  'BMP': ((b'BM',), 'Bmp'),
  'GIF': ((b'GIF8',), 'Gif'),
  'JPEG': ((_JPEG_START,), 'Jpeg'),
  'PNG': ((_PNG_START,), 'Png'),
  'PNM': (tuple(b'P%d' % n for n in range(1, 7)), 'Ppm'),
  'TIFF': (tiff.STARTS, ''),
  'WebP': ((b'RIFF',), 'WebP'),
}
_ORIENTATION = 0x112  # tag of EXIF


class Header(NamedTuple):
  """The content of a picture file's header.

  Attributes:
    width: pixels.
    height: pixels.
    several: whether there is more than one picture, as frames or pages.
    tiff: all that is known of a TIFF; None for another format.
  """

  width: int
  height: int
  several: bool
  tiff: tiff.TiffHeader | None = None


def check(data: bytes, path: Path, *, max_megapixels: float) -> Header | None:
  """Refuses a file that must not be decoded.

  Args:
    data: content of the file.
    path: of the file, for the error.
    max_megapixels: largest size allowed, 1e6 pixels.

  Returns:
    The header; None if nothing here can read it.

  Raises:
    ValueError: no picture, cut short, a damaged header, too many pixels, or
      several pictures.
  """
  if _is_cut_short(data):
    raise ValueError(
      f'{printable(path)}: the picture is cut short (its end marker is '
      'missing); copy it again from its source'
    )
  header = _header(data, path)
  if header is None:
    return None
  limits.check_size(
    header.width, header.height, printable(path), max_megapixels=max_megapixels
  )
  if header.several:
    raise ValueError(limits.several(printable(path)))
  return header


def undecodable(data: bytes, path: Path) -> str:
  """The error text for a file whose header is one of a picture only."""
  return limits.damaged(printable(path), _format(data))


def orientation(path: Path) -> int:
  """The EXIF orientation of a file, 1 (upright) to 8; 1 if it has none.

  A TIFF, HEIC or raw picture counts as upright: decoders apply its tag.
  """
  try:
    with open(path, 'rb') as file:
      reader = _reader(_format(file.read(16)))
      file.seek(0)
      return _orientation(reader(file)) if reader else 1
  except Exception:  # only a hint within another error
    return 1


def orientation_of(data: bytes) -> int:
  """As ``orientation``, of a file's content."""
  try:
    reader = _reader(_format(data))
    return _orientation(reader(io.BytesIO(data))) if reader else 1
  except Exception:  # the decoder tells what is wrong with it
    return 1


def _orientation(picture: Any) -> int:
  tag = int(picture.getexif().get(_ORIENTATION, 1))
  return tag if 1 <= tag <= 8 else 1


def _format(data: bytes) -> str | None:
  """Name of the format; None if it is not supported."""
  if data.startswith(b'RIFF') and data[8:12] != b'WEBP':
    return None  # sound or film
  for name, (starts, _) in _FORMATS.items():
    if data.startswith(starts):
      return name
  return None


def _reader(kind: str | None) -> Any:
  """Pillow's class for the header of a format; None if there is none."""
  plugin = _FORMATS[kind][1] if kind else ''
  if not plugin:
    return None
  try:
    module = importlib.import_module(f'PIL.{plugin}ImagePlugin')
  except ModuleNotFoundError:
    return None
  return getattr(module, f'{plugin}ImageFile')


def _header(data: bytes, path: Path) -> Header | None:
  """The header of a file; None if nothing here can read it."""
  kind = _format(data)
  if kind is None:
    raise ValueError(
      f'{printable(path)}: not a picture ({", ".join(_FORMATS)}, HEIC or a '
      "camera's raw format); give one, or convert it to PNG"
    )
  reader = _reader(kind)
  try:
    if kind == 'TIFF':
      parsed = tiff.parse(data)
      return Header(parsed.width, parsed.height, parsed.several, parsed)
    if reader is None:
      return None
    picture = reader(io.BytesIO(data))
    # Other pictures in a JPEG are previews, which Pillow counts no frames.
    width, height = picture.size
    return Header(width, height, getattr(picture, 'is_animated', False))
  except Exception as error:  # of many types, on malformed bytes
    raise ValueError(undecodable(data, path)) from error


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

  A search for FFD9 would find the end of a thumbnail in the header, and fail on
  bytes that a camera appends.
  """
  position = 2
  while match := _JPEG_MARKER.search(data, position):
    marker = data[match.start() + 1]
    if marker == _END_OF_IMAGE:
      return True
    if marker == _START_OF_SCAN and data.endswith(b'\xff\xd9'):
      return True  # the walk over the entropy-coded bytes is spared
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
