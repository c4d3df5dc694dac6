"""References that are read once for many test pictures.

  reference = prepare('good.png', max_megapixels=400)
  reference = Recent().get('good.png', max_megapixels=400, bits=None)

What is kept is what a pair needs of its reference alone: the decoded and
measured pixels, and the small copies that registration compares. The network is
one graph, from two pictures to scores; its features of a reference cannot be
kept without running it in two parts.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from zeroshot.detect import working_size
from zeroshot.detect.pair_input import KnownReference
from zeroshot.inspection import inputs
from zeroshot.inspection.inputs import LoadedPicture, Picture
from zeroshot.registration import register
from zeroshot.registration.pyramid import Pyramid
from zeroshot.types import HostArray

_MOST = 4  # references that are remembered
_MOST_BYTES = 2**28  # of all their pixels


class PreparedReference(NamedTuple):
  """A reference that is ready to be compared with any test picture.

  Attributes:
    given: as the user gave it, for messages.
    loaded: its pixels, read-only, and what was measured of them.
    pyramid: of its pixels; copies are made when they are first needed.
  """

  given: Picture
  loaded: LoadedPicture
  pyramid: Pyramid

  def known(self, pixels: HostArray) -> HostArray | KnownReference:
    """What detection is given: the pixels, with the pyramid if it is theirs.

    Args:
      pixels: of the reference, after it was joined with a test picture.
    """
    if pixels is self.loaded.stored.pixels and pixels.dtype == np.uint8:
      return KnownReference(pixels, self.pyramid)
    return pixels

  def shrunk(self, pixels: HostArray, factor: int) -> KnownReference:
    """The reference averaged down, made once for each factor.

    Args:
      pixels: see ``known``.
      factor: of ``working_size.factor_for``.
    """
    if pixels is not self.loaded.stored.pixels:
      return working_size.shrink(pixels, factor)
    return self.pyramid.once(
      f'shrunk by {factor}', lambda _: working_size.shrink(pixels, factor)
    )


def prepare(
  reference: Picture, *, max_megapixels: float, bits: int | None = None
) -> PreparedReference:
  """Reads a reference; for the arguments see ``inputs.load_picture``.

  Raises:
    ValueError: see ``inputs.load_picture``.
  """
  loaded = inputs.load_picture(
    reference, role='reference', max_megapixels=max_megapixels, bits=bits
  )
  pixels = loaded.stored.pixels
  pixels.flags.writeable = False  # many inspections share them
  return PreparedReference(reference, loaded, register.prepare(pixels))


class Recent:
  """The references of the last few files, for threads to share.

  A file that was written anew is read anew. More than ``_MOST`` references, or
  ``_MOST_BYTES`` of pixels, are not kept.
  """

  def __init__(self) -> None:
    """Remembers none."""
    self._kept: OrderedDict[tuple[object, ...], PreparedReference] = (
      OrderedDict()
    )
    self._lock = threading.Lock()

  def get(
    self, path: Picture, *, max_megapixels: float, bits: int | None
  ) -> PreparedReference:
    """The reference, remembered or read; arrays are prepared each time.

    Raises:
      ValueError: see ``prepare``.
    """
    key = _key(path, bits)
    if key is None:
      return prepare(path, max_megapixels=max_megapixels, bits=bits)
    with self._lock:
      if key in self._kept:
        self._kept.move_to_end(key)
        return self._kept[key]
    reference = prepare(path, max_megapixels=max_megapixels, bits=bits)
    with self._lock:
      self._kept[key] = reference
      self._forget()
    return reference

  def _forget(self) -> None:
    """Drops the oldest until few enough are kept."""
    sizes = [each.loaded.stored.pixels.nbytes for each in self._kept.values()]
    while len(sizes) > _MOST or sum(sizes) > _MOST_BYTES:
      self._kept.popitem(last=False)
      del sizes[0]


def _key(path: Picture, bits: int | None) -> tuple[object, ...] | None:
  """What identifies the content of a file; None for what is no file."""
  if not isinstance(path, str | os.PathLike):
    return None
  try:
    state = os.stat(path)
  except (OSError, ValueError):  # reading it tells why
    return None
  stamp = state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
  return os.fspath(path), *stamp, bits
