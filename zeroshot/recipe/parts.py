"""Good parts, ready to be compared with any test picture.

parts = parts_of(goods, moves, region=None, max_megapixels=400, factor=2)
small = parts.shrink(loaded_test)
index = parts.nearest(small.stored.pixels, to_frame)
pair = parts.pair(0, loaded_pair, small, move)

Where a recipe has a least size all of that is at a fraction of the resolution,
see ``detect.working_size``; only ``originals`` is as it came.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.detect import working_size
from zeroshot.detect.registered_pair import RegisteredPair, register_pair
from zeroshot.inspection import inputs, prepared
from zeroshot.inspection.inputs import LoadedPair, LoadedPicture
from zeroshot.inspection.prepared import PreparedReference
from zeroshot.recipe import appearance
from zeroshot.recipe import moves as made
from zeroshot.registration import register
from zeroshot.registration.registration import EstimatedMove
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray

_THUMBNAIL_PX = 48  # longest side


class Parts(NamedTuple):
  """Good parts and their moves.

  Attributes:
    originals: each as it came, as ``Detector.prepare`` makes it; the first is
      the frame.
    prepared: the same, shrunk by the factor.
    moves: where the frame's pixels lie in each.
    thumbnails: float32 ``[N, h, w, 3]``, each in the frame, 0 to 255.
    memory: of ``appearance.remember``.
    region: bool ``[H, W]``, what is inspected of the frame; None is all.
    factor: by which all but ``originals`` is shrunk; 1 is not at all.
  """

  originals: tuple[PreparedReference, ...]
  prepared: tuple[PreparedReference, ...]
  moves: tuple[Warp, ...]
  thumbnails: HostArray
  memory: HostArray
  region: HostArray | None
  factor: int

  @property
  def frame(self) -> PreparedReference:
    """The first good part, shrunk."""
    return self.prepared[0]

  def factor_of(self, test: LoadedPicture) -> int:
    """By what a test picture is shrunk: less where it is small."""
    return working_size.limit(self.factor, test.stored.pixels.shape[:2])

  def shrink(self, test: LoadedPicture) -> LoadedPicture:
    """A test picture at the resolution at which it is compared."""
    return _shrink(test, self.factor_of(test))

  def nearest(self, test: HostArray, warp: Warp, *, but: int = -1) -> int:
    """The good part that is most like a test picture.

    Args:
      test: pixels ``[H, W, 3]``.
      warp: from the test picture into the frame.
      but: a good part that is left out; -1 is none.

    Returns:
      Its index.
    """
    seen = _thumbnail(as_uint8(test), warp, _small(warp.reference_shape))
    difference = np.abs(self.thumbnails - seen)  # [N, h, w, 3]
    if self.region is not None:
      height, width = seen.shape[:2]
      region = cv2.resize(
        self.region.astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_AREA,
      )
      difference = difference * region[..., np.newaxis]
    distance = difference.mean(axis=(1, 2, 3))
    if but >= 0:
      distance[but] = np.inf
    return int(np.argmin(distance))

  def pair(
    self,
    index: int,
    loaded: LoadedPair,
    test: LoadedPicture,
    move: EstimatedMove,
  ) -> RegisteredPair:
    """A test picture, registered with a good part.

    Args:
      index: of the good part.
      loaded: the frame, joined with the test picture.
      test: the test picture.
      move: of the frame onto the test picture.
    """
    if index == 0:
      reference, warp = loaded.reference, move.warp
    else:
      stored = self.prepared[index].loaded
      reference = inputs.join(stored, test).reference
      warp = made.compose(move.warp, self.moves[index])
    return register_pair(
      as_uint8(reference), as_uint8(loaded.test), warp, None, move.foreign
    )


def parts_of(
  goods: Sequence[HostArray],
  moves: Sequence[Warp],
  *,
  region: HostArray | None,
  max_megapixels: float,
  factor: int = 1,
) -> Parts:
  """Prepares good parts.

  Args:
    goods: pixels ``[H, W, 3]`` each; the first is the frame.
    moves: where the frame's pixels lie in each.
    region: bool ``[H, W]``, what is inspected of the frame; None is all.
    max_megapixels: larger pictures, 1e6 pixels, are refused.
    factor: of ``working_size.factor_for``, at which they are compared.

  Raises:
    ValueError: see ``Detector.prepare``.
  """
  originals = tuple(
    prepared.prepare(good, max_megapixels=max_megapixels) for good in goods
  )
  known = tuple(_shrink_prepared(each, factor) for each in originals)
  shrunk = [each.loaded.stored.pixels for each in known]
  shapes = [each.shape[:2] for each in shrunk]
  if factor > 1:
    moves = [
      working_size.scale_warp(move, (shape, shapes[0]))
      for move, shape in zip(moves, shapes, strict=True)
    ]
    if region is not None:
      region = working_size.shrink_mask(region, factor) > 0
  small = _small(shapes[0])
  thumbnails = [
    _thumbnail(as_uint8(good), appearance.invert(move), small)
    for good, move in zip(shrunk, moves, strict=True)
  ]
  return Parts(
    originals,
    known,
    tuple(moves),
    np.stack(thumbnails),
    appearance.remember(shrunk, moves),
    region,
    factor,
  )


def _shrink(picture: LoadedPicture, factor: int) -> LoadedPicture:
  """A picture averaged down, with what was measured of it as it came."""
  if factor == 1:
    return picture
  small = working_size.shrink_picture(picture.stored.pixels, factor)
  return picture._replace(
    stored=dataclasses.replace(picture.stored, pixels=small)
  )


def _shrink_prepared(
  reference: PreparedReference, factor: int
) -> PreparedReference:
  if factor == 1:
    return reference
  small = _shrink(reference.loaded, factor)
  pixels = small.stored.pixels
  pixels.flags.writeable = False
  return PreparedReference(reference.given, small, register.prepare(pixels))


def _small(shape: tuple[int, ...]) -> tuple[int, int]:
  """Height and width of a thumbnail of the frame."""
  share = min(1.0, _THUMBNAIL_PX / max(shape))
  return max(1, round(shape[0] * share)), max(1, round(shape[1] * share))


def _thumbnail(
  picture: HostArray, warp: Warp, small: tuple[int, int]
) -> HostArray:
  """A picture in the frame, small, float32 ``[h, w, 3]``."""
  framed = made.to_frame(picture, warp)
  size = small[1], small[0]
  return cv2.resize(framed, size, interpolation=cv2.INTER_AREA).astype(
    np.float32
  )
