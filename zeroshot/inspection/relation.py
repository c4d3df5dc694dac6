"""Whether two pictures show the same part, and which way up.

  share = relation.match_ratio(aligned_reference, test, valid, wanted)
  if share < relation.SURE:
    way = relation.find_orientation(reference, test, share)

What is compared are middle frequencies, patch by patch, on small copies: light
does not matter, and a defect only where it is. Pictures with too little
structure to be told apart, as blank plates, count as the same part: a scratch
on them is to be found.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data import pictures
from zeroshot.registration import coarse_search, register
from zeroshot.types import HostArray

_LONGEST_PX = 160  # of the small copies
_GLANCE_PX = 640  # likewise, of large pictures
_PATCH_PX = 10  # of these
_MIN_CONTRAST = 0.02  # standard deviation in a patch with structure
_MIN_PATCHES = 12  # of these in either picture, to judge at all
_MIN_CORRELATION = 0.7  # in a patch that is found again
MIN_FOUND = 0.3  # of the patches, in pictures of the same part
SURE = 0.8  # likewise, where there is no need to look for another way
_MIN_GAIN = 0.2  # by which another way must be better: one may look it
_MIN_FOUND_OTHER = 0.5


class Orientation(NamedTuple):
  """How a reference must be laid to show what a test picture shows.

  Attributes:
    quarters: turns by 90 degrees, anticlockwise.
    mirrored: whether it must be flipped, left to right, before.
  """

  quarters: int
  mirrored: bool


AS_IT_CAME = Orientation(0, False)


def match_ratio(
  aligned_reference: HostArray,
  test: HostArray,
  valid: HostArray,
  wanted: HostArray | None = None,
) -> float:
  """How much of the reference's structure the test picture shows.

  Args:
    aligned_reference: registered, ``[H, W, 3]``: uint8, uint16, or float32 in
      [0, 1].
    test: likewise.
    valid: float32 mask ``[H, W]``, 1 where the reference has content.
    wanted: uint8 mask ``[H, W]``, 1 where to inspect; None for everywhere.

  Returns:
    In [0, 1], of what is wanted or of the whole, whichever is more: the one may
    lie before another background, and of the other a defect may be all there
    is. NaN where either picture has too little structure to say.
  """
  level = coarse_search.pyramid(_small(aligned_reference), _small(test))[0]
  old, new = (
    patches - patches.mean(axis=1, keepdims=True)
    for patches in (_patches(level.reference), _patches(level.test))
  )  # [N, P]
  old_contrast, new_contrast = old.std(axis=1), new.std(axis=1)
  power = np.maximum(old_contrast * new_contrast, 1e-12)
  found = (old * new).mean(axis=1) / power > _MIN_CORRELATION
  shares = []
  for mask in [valid] if wanted is None else [valid, valid * wanted]:
    content = _patches(_small(mask)).min(axis=1, initial=1) > 0.99
    told = content & (old_contrast > _MIN_CONTRAST)
    other = content & (new_contrast > _MIN_CONTRAST)
    is_enough = min(told.sum(), other.sum()) >= _MIN_PATCHES
    shares.append(np.mean(found[told]) if is_enough else np.nan)
  return float(np.fmax.reduce(shares))


def find_orientation(
  reference: HostArray, test: HostArray, share: float
) -> Orientation:
  """Finds how a reference that hardly fits as it came would fit better.

  Args:
    reference: ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    share: what was found again as it came.

  Returns:
    The first way that is clearly better: turns before mirrors, and on the side
    only where the pictures are square; else as it came.
  """
  small, small_test = _small(reference), _small(test)
  square = test.shape[0] == test.shape[1]
  for mirrored in (False, True):
    for quarters in (2, 0, 1, 3) if square else (2, 0):
      way = Orientation(quarters, mirrored)
      if way == AS_IT_CAME:
        continue
      other = _share_moved(reorient(small, way), small_test)
      if other >= max(_MIN_FOUND_OTHER, share + _MIN_GAIN):
        return way
  return AS_IT_CAME


def quick_check(
  reference: HostArray, test: HostArray, wanted: HostArray | None = None
) -> tuple[Orientation, float]:
  """Whether two large pictures show the same part, before they are compared.

  Args:
    reference: ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: likewise.
    wanted: see ``match_ratio``.

  Returns:
    ``find_orientation``, and ``match_ratio`` when the reference is laid so, both of
    copies with a longest side of 640 px.
  """
  small, small_test = (
    pictures.as_image(coarse_search.shrink(picture, _GLANCE_PX))
    for picture in (reference, test)
  )
  if wanted is not None:
    wanted = coarse_search.shrink(wanted, _GLANCE_PX)
  share = _share_moved(small, small_test, wanted)
  if not share < SURE:  # NaN is no reason to look further
    return AS_IT_CAME, share
  way = find_orientation(small, small_test, share)
  if way != AS_IT_CAME:
    share = _share_moved(reorient(small, way), small_test, wanted)
  return way, share


def reorient(picture: HostArray, way: Orientation) -> HostArray:
  """A picture flipped and turned."""
  flipped = picture[:, ::-1] if way.mirrored else picture
  return np.ascontiguousarray(np.rot90(flipped, way.quarters))


def _share_moved(
  reference: HostArray, test: HostArray, wanted: HostArray | None = None
) -> float:
  """``match_ratio`` of two images once they are registered."""
  found = register.register(reference, test, method='affine')
  return match_ratio(found.aligned_reference, test, found.valid, wanted)


def _small(picture: HostArray) -> HostArray:
  """A copy as an image, its longest side no more than 160 px.

  Of a slender picture it is longer, since rows of patches must fit in.
  """
  height, width = picture.shape[:2]
  factor = max(
    _LONGEST_PX / max(height, width), 2 * _PATCH_PX / min(height, width)
  )
  if factor < 1:
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
  return pictures.as_image(picture)


def _patches(plane: HostArray) -> HostArray:
  """A plane ``[h, w]`` cut into patches, ``[N, P]``."""
  rows, columns = (side // _PATCH_PX for side in plane.shape)
  whole = plane[: rows * _PATCH_PX, : columns * _PATCH_PX]
  grid = whole.reshape(rows, _PATCH_PX, columns, _PATCH_PX).swapaxes(1, 2)
  return grid.reshape(rows * columns, _PATCH_PX**2)
