"""TIFF files: their header, and their pixels of any kind.

  header = tiff.parse(data)
  pixels = tiff.read(data, header)  # [H, W, 3], RGB, of the stored type

OpenCV reads what it reads right. Of the rest, Pillow reads samples of 2 and 4
bits, and ``tifffile`` reads floating samples of 16 bits, samples of more than 8
bits stored channel by channel (where OpenCV silently mixes the channels up),
and compressions that OpenCV lacks; some of those need the extra ``tiff``.
"""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.types import HostArray

STARTS = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
DNG_VERSION = 50706
_WIDTH, _HEIGHT, _SUBFILE, _BITS = 256, 257, 254, 258
_COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 259, 262, 274
_CHANNELS, _PLANAR, _FORMAT, _TILE_WIDTH = 277, 284, 339, 322
_TAGS = frozenset(
  (_WIDTH, _HEIGHT, _SUBFILE, _BITS, _COMPRESSION, _PHOTOMETRIC)
  + (_ORIENTATION, _CHANNELS, _PLANAR, _FORMAT, _TILE_WIDTH, DNG_VERSION)
)
_CODES = {1: 'B', 3: 'H', 4: 'L', 16: 'Q'}  # of struct, for types of TIFF
_MAX_PAGES = 64  # that are parsed
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _FLOATING = 0, 1, 2, 3
_OPENCV_BITS = (1, 8, 10, 12, 14, 16, 32, 64)
_OPENCV_COMPRESSIONS = (1, 2, 3, 4, 5, 7, 8, 32773, 32946)
_RGB_AND_MORE = 3  # channels


class TiffHeader(NamedTuple):
  """What the directories of a TIFF say.

  Attributes:
    width: pixels.
    height: pixels.
    several: whether there is more than one picture.
    bits: of a sample.
    channels: samples of a pixel.
    floating: whether samples are floating point numbers.
    planar: whether each channel is stored for itself.
    photometric: what values mean: 0 is white, 0 is black, RGB or others.
    tiled: whether it is stored in tiles.
    compression: number of the scheme.
    orientation: as in EXIF, 1 (upright) to 8.
    is_dng: whether it is a camera's raw picture.
  """

  width: int
  height: int
  several: bool
  bits: int
  channels: int
  floating: bool
  planar: bool
  photometric: int
  tiled: bool
  compression: int
  orientation: int
  is_dng: bool

  def suits_opencv(self) -> bool:
    """Whether OpenCV reads it right."""
    return (
      self.bits in _OPENCV_BITS
      and self.compression in _OPENCV_COMPRESSIONS
      and not (self.floating and self.bits < 32)
      and not (self.planar and self.channels > 1 and self.bits > 8)
    )


def parse(data: bytes) -> TiffHeader:
  """Walks the directories of TIFF 6.0 and BigTIFF.

  A page that is a reduced copy of another is not counted.

  Raises:
    struct.error, KeyError: the file is damaged.
  """
  pages = _pages(data)
  first = pages[0]  # decoders take the first
  whole = [tags for tags in pages if not tags.get(_SUBFILE, 0) & 0b101]
  return TiffHeader(
    first[_WIDTH],
    first[_HEIGHT],
    several=len(whole) > 1 or first not in whole,
    bits=first.get(_BITS, 1),
    channels=first.get(_CHANNELS, 1),
    floating=first.get(_FORMAT, 1) == _FLOATING,
    planar=first.get(_PLANAR, 1) == 2,
    photometric=first.get(_PHOTOMETRIC, _BLACK_IS_ZERO),
    tiled=_TILE_WIDTH in first,
    compression=first.get(_COMPRESSION, 1),
    orientation=first.get(_ORIENTATION, 1),
    is_dng=any(DNG_VERSION in tags for tags in pages),
  )


def read(data: bytes, header: TiffHeader) -> HostArray | None:
  """The pixels of a TIFF, upright: its orientation is applied.

  Args:
    data: content of the file.
    header: of ``parse``.

  Returns:
    ``[H, W, 3]``, RGB, or grey ``[H, W]``, of the stored type; None if nothing
    here can decode it.

  Raises:
    ValueError: a package is missing; the message names it.
  """
  if header.suits_opencv():
    pixels = _read_by_opencv(data, header)
    # OpenCV refuses whole files of small tiles.
    if pixels is not None or not header.tiled or header.bits != 8:
      return pixels
  if header.bits in (2, 4):
    return _read_by_pillow(data)  # it applies the orientation too
  pixels = _read_by_tifffile(data, header)
  return None if pixels is None else turn_upright(pixels, header.orientation)


def turn_upright(pixels: HostArray, orientation: int) -> HostArray:
  """Pixels ``[H, W]`` or ``[H, W, C]`` as they are meant to be seen.

  Args:
    pixels: as stored.
    orientation: of EXIF: where the first row and column of the stored pixels
      are; any value but 2 to 8 is upright.
  """
  if 5 <= orientation <= 8:  # the first row is a side
    pixels = pixels.swapaxes(0, 1)
  if orientation in (3, 4, 7, 8):
    pixels = pixels[::-1]
  if orientation in (2, 3, 6, 7):
    pixels = pixels[:, ::-1]
  return np.ascontiguousarray(pixels)


def _pages(data: bytes) -> list[dict[int, int]]:
  """The first value of each tag of interest, page by page."""
  order = '<' if data.startswith(b'II') else '>'
  big = b'+' in data[:4]
  offset_code, count_code = ('Q', 'Q') if big else ('L', 'H')
  entry_size, value_at = (20, 12) if big else (12, 8)

  def number(code: str, place: int) -> int:
    value: int = struct.unpack_from(order + code, data, place)[0]
    return value

  def value(entry: int) -> int | None:
    code = _CODES.get(number('H', entry + 2))
    if code is None:
      return None
    size = struct.calcsize(order + code) * number(offset_code, entry + 4)
    inside = size <= entry_size - value_at
    place = entry + value_at
    return number(code, place if inside else number(offset_code, place))

  place, pages = number(offset_code, 8 if big else 4), []
  visited: set[int] = set()
  while place and place not in visited and len(visited) < _MAX_PAGES:
    visited.add(place)
    num_entries = number(count_code, place)
    place += struct.calcsize(order + count_code)
    end = place + num_entries * entry_size
    entries = {
      number('H', entry): entry for entry in range(place, end, entry_size)
    }
    found = {tag: value(entries[tag]) for tag in _TAGS & set(entries)}
    pages.append(
      {tag: known for tag, known in found.items() if known is not None}
    )
    place = number(offset_code, end)
  return pages


def _read_by_opencv(data: bytes, header: TiffHeader) -> HostArray | None:
  try:
    # IMREAD_COLOR_RGB leaves 16-bit pixels in the order BGR.
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
  except cv2.error:
    return None
  if stored is None:
    return None
  if stored.ndim == _RGB_AND_MORE:
    code = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}[stored.shape[2]]
    if stored.dtype in (np.uint8, np.uint16, np.float32):
      stored = cv2.cvtColor(stored, code)
    else:
      stored = np.ascontiguousarray(stored[..., 2::-1])
  # OpenCV inverts samples of up to 8 bits only.
  if header.photometric == _WHITE_IS_ZERO and stored.dtype == np.uint16:
    stored = np.iinfo(np.uint16).max - stored
  return stored


def _read_by_pillow(data: bytes) -> HostArray | None:
  """Grey and palettes of 2 and 4 bits, scaled to 8 bits."""
  try:
    from PIL import TiffImagePlugin
  except ModuleNotFoundError as error:
    raise ValueError(
      'samples of 2 or 4 bits need the package pillow'
    ) from error
  try:
    picture = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    return np.asarray(picture.convert('RGB' if picture.mode == 'P' else 'L'))
  except Exception:  # of many types, on malformed bytes
    return None


def _read_by_tifffile(data: bytes, header: TiffHeader) -> HostArray | None:
  if header.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
    return None  # palettes and other colour spaces
  try:
    import tifffile
  except ModuleNotFoundError as error:
    raise ValueError('this kind of TIFF needs the package tifffile') from error
  try:
    with tifffile.TiffFile(io.BytesIO(data)) as opened:
      pixels = np.asarray(opened.pages[0].asarray())
  except Exception as error:  # of many types, on malformed bytes
    if 'imagecodecs' in str(error) or isinstance(error, ModuleNotFoundError):
      raise ValueError(
        'this compression or packing of TIFF is an optional extra: '
        "pip install 'zeroshot-inspection[tiff]', or convert it to PNG"
      ) from error
    return None
  if header.planar and pixels.ndim == _RGB_AND_MORE:
    pixels = np.moveaxis(pixels, 0, 2)
  if pixels.shape[:2] != (header.height, header.width):
    return None
  if header.photometric == _WHITE_IS_ZERO and pixels.dtype.kind == 'u':
    pixels = (1 << header.bits) - 1 - pixels
  if pixels.dtype == np.float16:
    pixels = pixels.astype(np.float32)
  return pixels
