"""Small TIFF files of any kind, written tag by tag.

data = tiffs.encode(values, bits=4, photometric=0)
"""

from __future__ import annotations

import struct

import numpy as np

BLACK_IS_ZERO, WHITE_IS_ZERO, RGB = 1, 0, 2
UNSIGNED, SIGNED, FLOATING = 1, 2, 3


def encode(
  values,
  *,
  bits,
  photometric=BLACK_IS_ZERO,
  sample_format=UNSIGNED,
  planar=False,
  compression=1,
  tags=(),
):
  """An uncompressed little-endian TIFF.

  Args:
    values: ``[H, W]`` or ``[H, W, C]``; integers of ``bits`` bits each are
      packed, rows start at whole bytes; floating ones are stored as they are.
    bits: of a sample.
    photometric: the tag's value.
    sample_format: the tag's value.
    planar: whether each channel is stored for itself.
    compression: the tag's value; the content is not compressed.
    tags: further ``(tag, value)``, each a short number.
  """
  values = np.asarray(values)
  values = values.reshape(*values.shape[:2], -1)  # [H, W, C]
  height, width, channels = values.shape
  planes = np.moveaxis(values, 2, 0)[..., None] if planar else values[None]
  strips = [_pack(plane.reshape(height, -1), bits) for plane in planes]
  start = 8
  offsets = []
  for strip in strips:
    offsets.append(start)
    start += len(strip)
  entries = {
    256: (3, [width]),
    257: (3, [height]),
    258: (3, [bits] * channels),
    259: (3, [compression]),
    262: (3, [photometric]),
    273: (4, offsets),
    277: (3, [channels]),
    278: (3, [height]),
    279: (4, [len(strip) for strip in strips]),
    284: (3, [2 if planar else 1]),
    339: (3, [sample_format] * channels),
    **{tag: (3, [value]) for tag, value in tags},
  }
  return b''.join(
    (b'II*\0', struct.pack('<L', start), *strips, _directory(entries, start))
  )


def _pack(rows, bits):
  if rows.dtype.kind == 'f' or bits in (8, 16, 32, 64):
    return rows.astype(rows.dtype.newbyteorder('<')).tobytes()
  order = np.arange(bits - 1, -1, -1)
  places = (rows[..., None].astype(np.int64) >> order) & 1  # [H, W, bits]
  flat = places.reshape(len(rows), -1).astype(np.uint8)
  return np.packbits(flat, axis=1).tobytes()


def _directory(entries, start):
  """The directory, and behind it the values that do not fit into it."""
  behind = start + 2 + 12 * len(entries) + 4
  content, extra = struct.pack('<H', len(entries)), b''
  for tag, (kind, numbers) in sorted(entries.items()):
    packed = struct.pack(
      f'<{len(numbers)}{"H" if kind == 3 else "L"}', *numbers
    )
    if len(packed) > 4:
      extra, packed = extra + packed, struct.pack('<L', behind + len(extra))
    content += struct.pack('<HHL', tag, kind, len(numbers))
    content += packed.ljust(4, b'\0')
  return content + bytes(4) + extra
