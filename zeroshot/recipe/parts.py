"""Good parts, ready to be compared with any test picture.

parts = parts_of(goods, moves, region=None, max_megapixels=400)
index = parts.nearest(test, to_frame)
pair = parts.pair(0, loaded_pair, loaded_test, move)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data.pictures import as_uint8
from zeroshot.detect.registered_pair import RegisteredPair, register_pair
from zeroshot.inspection import inputs, prepared
from zeroshot.inspection.inputs import LoadedPair, LoadedPicture
from zeroshot.inspection.prepared import PreparedReference
from zeroshot.recipe import appearance
from zeroshot.recipe import moves as made
from zeroshot.registration.registration import EstimatedMove
from zeroshot.registration.warp import Warp
from zeroshot.types import HostArray

_THUMBNAIL_PX = 48  # longest side


class Parts(NamedTuple):
  """Good parts and their moves.

  Attributes:
    prepared: each as ``Detector.prepare`` makes it; the first is the frame.
    moves: where the frame's pixels lie in each.
    thumbnails: float32 ``[N, h, w, 3]``, each in the frame, 0 to 255.
    memory: of ``appearance.remember``.
    region: bool ``[H, W]``, what is inspected of the frame; None is all.
  """

  prepared: tuple[PreparedReference, ...]
  moves: tuple[Warp, ...]
  thumbnails: HostArray
  memory: HostArray
  region: HostArray | None

  @property
  def frame(self) -> PreparedReference:
    """The first good part."""
    return self.prepared[0]

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
) -> Parts:
  """Prepares good parts.

  Args:
    goods: pixels ``[H, W, 3]`` each; the first is the frame.
    moves: where the frame's pixels lie in each.
    region: bool ``[H, W]``, what is inspected of the frame; None is all.
    max_megapixels: larger pictures, 1e6 pixels, are refused.

  Raises:
    ValueError: see ``Detector.prepare``.
  """
  known = tuple(
    prepared.prepare(good, max_megapixels=max_megapixels) for good in goods
  )
  small = _small(goods[0].shape[:2])
  thumbnails = [
    _thumbnail(as_uint8(good), appearance.invert(move), small)
    for good, move in zip(goods, moves, strict=True)
  ]
  memory = appearance.remember(goods, moves)
  return Parts(known, tuple(moves), np.stack(thumbnails), memory, region)


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
