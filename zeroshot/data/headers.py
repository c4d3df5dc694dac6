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
import os
import re
import struct
from typing import Any, NamedTuple

Path = str | os.PathLike[str]

MAX_MEGAPIXELS = 400.0  # default limit

_JPEG_START = b'\xff\xd8\xff'
_PNG_START = b'\x89PNG\r\n\x1a\n'
# A marker that ends the entropy-coded bytes of a JPEG: no stuffed zero, no
# restart marker, no fill byte.
_JPEG_MARKER = re.compile(rb'\xff[^\x00\x01\xd0-\xd7\xff]')
# Name -> first bytes of files, and Pillow's plugin for the header ('' for TIFF,
# which is parsed here).
_FORMATS: dict[str, tuple[tuple[bytes, ...], str]] = {
  'BMP': ((b'BM',), 'Bmp'),
  'GIF': ((b'GIF8',), 'Gif'),
  'JPEG': ((_JPEG_START,), 'Jpeg'),
  'PNG': ((_PNG_START,), 'Png'),
  'PNM': (tuple(b'P%d' % n for n in range(1, 7)), 'Ppm'),
  'TIFF': ((b'II*\0', b'MM\0*', b'II+\0', b'MM\0+'), ''),
  'WebP': ((b'RIFF',), 'WebP'),
}
_DECODER_MEGAPIXELS = 1073  # OpenCV decodes 2 ** 30 pixels at most
_WIDTH, _HEIGHT, _SUBFILE = 256, 257, 254  # tags of TIFF
_TIFF_CODES = {3: 'H', 4: 'L', 16: 'Q'}  # of struct, for types of TIFF
_MAX_PAGES = 64  # that are parsed


class Header(NamedTuple):
  """The content of a picture file's header.

  Attributes:
    width: pixels.
    height: pixels.
    several: whether there is more than one picture, as frames or pages.
  """

  width: int
  height: int
  several: bool


def check(data: bytes, path: Path, *, max_megapixels: float) -> None:
  """Refuses a file that must not be decoded.

  Args:
    data: content of the file.
    path: of the file, for the error.
    max_megapixels: largest size allowed, 1e6 pixels.

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
    return
  width, height, has_several = header
  check_size(width, height, printable(path), max_megapixels=max_megapixels)
  if has_several:
    raise ValueError(
      f'{printable(path)}: holds several pictures (an animation, or pages); '
      'save the one that is meant as PNG'
    )


def check_size(
  width: int, height: int, name: str, *, max_megapixels: float
) -> None:
  """Refuses a picture that is too large; ``name`` is for the error."""
  megapixels = width * height / 1e6
  if megapixels <= max_megapixels:
    return
  remedy = 'crop it or scale it down'
  if megapixels <= _DECODER_MEGAPIXELS:
    remedy += f', or raise max_megapixels to {int(megapixels) + 1}'
  raise ValueError(
    f'{name}: {width}x{height} is {megapixels:.6g} megapixels, more than '
    f'max_megapixels, {max_megapixels:g}; {remedy}'
  )


def check_limit(max_megapixels: float) -> float:
  """Returns a legal limit unchanged.

  Raises:
    ValueError: it is not positive, or more than OpenCV decodes.
  """
  if not 0 < max_megapixels <= _DECODER_MEGAPIXELS:
    raise ValueError(
      f'max_megapixels is {max_megapixels}; give more than 0 and at most '
      f'{_DECODER_MEGAPIXELS}'
    )
  return float(max_megapixels)


def undecodable(data: bytes, path: Path) -> str:
  """The error text for a file whose header is one of a picture only."""
  return (
    f'{printable(path)}: not a picture that OpenCV can decode (damaged, cut '
    f'short, or a rare kind of {_format(data)}); copy it again, or convert it '
    'to PNG'
  )


def orientation(path: Path) -> int:
  """The EXIF orientation of a file, 1 (upright) to 8; 1 if it has none.

  A TIFF counts as upright: OpenCV applies its tag.
  """
  try:
    with open(path, 'rb') as file:
      reader = _reader(_format(file.read(16)))
      file.seek(0)
      return int(reader(file).getexif().get(0x112, 1)) if reader else 1
  except Exception:  # only a hint within another error
    return 1


def printable(path: Path) -> str:
  """A path on one line, without control characters, for messages."""
  text = os.fspath(path)
  return text if text.isprintable() else repr(text)


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
    *most, last = _FORMATS
    raise ValueError(
      f'{printable(path)}: not a picture ({", ".join(most)} or {last}); give '
      'one, or convert it to PNG'
    )
  reader = _reader(kind)
  try:
    if kind == 'TIFF':
      return _tiff_header(data)
    if reader is None:
      return None
    picture = reader(io.BytesIO(data))
    # Other pictures in a JPEG are previews, which Pillow counts no frames.
    width, height = picture.size
    return Header(width, height, getattr(picture, 'is_animated', False))
  except Exception as error:  # of many types, on malformed bytes
    raise ValueError(undecodable(data, path)) from error


def _tiff_header(data: bytes) -> Header:
  """The header of a TIFF, whose pixel types Pillow may not support.

  Walks the directories of TIFF 6.0 and BigTIFF. A page that is a reduced copy
  of another is not counted.

  Raises:
    struct.error, KeyError: the file is damaged.
  """
  order = '<' if data.startswith(b'II') else '>'
  big = b'+' in data[:4]
  offset_code, count_code = ('Q', 'Q') if big else ('L', 'H')
  entry_size, value_at = (20, 12) if big else (12, 8)

  def number(code: str, place: int) -> int:
    value: int = struct.unpack_from(order + code, data, place)[0]
    return value

  place, pages = number(offset_code, 8 if big else 4), []
  visited: set[int] = set()
  while place and place not in visited and len(visited) < _MAX_PAGES:
    visited.add(place)
    num_entries = number(count_code, place)
    place += struct.calcsize(order + count_code)
    tags = {}
    for entry in range(place, place + num_entries * entry_size, entry_size):
      if (tag := number('H', entry)) in (_WIDTH, _HEIGHT, _SUBFILE):
        code = _TIFF_CODES[number('H', entry + 2)]
        tags[tag] = number(code, entry + value_at)
    pages.append(tags)
    place = number(offset_code, place + num_entries * entry_size)
  whole = [tags for tags in pages if not tags.get(_SUBFILE, 0) & 0b101]
  several = len(whole) > 1 or pages[0] not in whole  # decoders take the first
  return Header(pages[0][_WIDTH], pages[0][_HEIGHT], several)


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
    if marker == 0xD9:
      return True
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
