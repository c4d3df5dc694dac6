"""Whether two pictures show the same part, and in which orientation.

  ratio = relation.match_ratio(aligned_reference, test, valid, roi_mask)
  if ratio < relation.CERTAIN_RATIO:
    orientation = relation.find_orientation(reference, test, ratio)
  relation.is_aligned(probability, ratio)

Small copies are compared patch by patch in their middle frequencies, which do
not depend on light; a defect changes few patches only. Pictures with too little
structure to judge, such as blank plates, count as the same part, so that a
scratch on them is found.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.data import pictures
from zeroshot.registration import coarse_search, register
from zeroshot.types import HostArray

_SMALL_PX = 160  # longest side of the small copies
_QUICK_PX = 640  # longest side of copies of large pictures
_PATCH_PX = 10  # side of a patch of the small copies
_MIN_CONTRAST = 0.02  # standard deviation of a patch with structure
_MIN_PATCHES = 12  # with structure, in each picture; fewer cannot be judged
_MIN_CORRELATION = 0.7  # of a patch that matches
MIN_RATIO = 0.3  # of pictures of the same part
MIN_PROBABILITY = 0.5  # that an alignment is right
CERTAIN_RATIO = 0.8  # above it no other orientation is tried
_MIN_GAIN = 0.2  # of another orientation, since parts may look symmetric
_MIN_OTHER_RATIO = 0.5  # of another orientation


class Orientation(NamedTuple):
  """How a reference must be reoriented to match a test picture.

  Attributes:
    quarters: rotations by 90 degrees, anticlockwise.
    mirrored: whether it must be flipped left to right first.
  """

  quarters: int
  mirrored: bool


UNCHANGED = Orientation(0, False)


def match_ratio(
  aligned_reference: HostArray,
  test: HostArray,
  valid: HostArray,
  roi_mask: HostArray | None = None,
) -> float:
  """The share of the reference's structure that the test picture shows.

  Args:
    aligned_reference: registered, ``[H, W, 3]``: uint8, uint16, or float32 in
      [0, 1].
    test: like ``aligned_reference``.
    valid: mask ``[H, W]``, 1 where the reference has content.
    roi_mask: uint8 mask ``[H, W]``, 1 where to inspect; None is everywhere.

  Returns:
    In [0, 1]: the larger of the ratios in the region of interest and in the
    whole picture. The whole may include a different background, and a defect
    may fill the region. NaN if either picture has too little structure.
  """
  level = coarse_search.pyramid(_shrink(aligned_reference), _shrink(test))[0]
  reference_patches, test_patches = (
    patches - patches.mean(axis=1, keepdims=True)
    for patches in (_patches(level.reference), _patches(level.test))
  )  # [N, P]
  reference_std = reference_patches.std(axis=1)
  test_std = test_patches.std(axis=1)
  power = np.maximum(reference_std * test_std, 1e-12)
  correlation = (reference_patches * test_patches).mean(axis=1) / power
  matches = correlation > _MIN_CORRELATION
  ratios = []
  for mask in [valid] if roi_mask is None else [valid, valid * roi_mask]:
    content = _shrink(mask.astype(np.float32))
    inside = _patches(content).min(axis=1, initial=1) > 0.99
    in_reference = inside & (reference_std > _MIN_CONTRAST)
    in_test = inside & (test_std > _MIN_CONTRAST)
    is_enough = min(in_reference.sum(), in_test.sum()) >= _MIN_PATCHES
    ratios.append(np.mean(matches[in_reference]) if is_enough else np.nan)
  return float(np.fmax.reduce(ratios))


def is_aligned(probability: float, ratio: float) -> bool:
  """Whether two pictures may be compared as they are aligned.

  Args:
    probability: that the alignment is right; NaN leaves it to ``ratio``.
    ratio: ``match_ratio``; NaN, of pictures without structure, counts as
      aligned.
  """
  if not math.isnan(probability):
    return probability >= MIN_PROBABILITY
  return not ratio < MIN_RATIO


def find_orientation(
  reference: HostArray, test: HostArray, ratio: float
) -> Orientation:
  """Finds an orientation of the reference that matches clearly better.

  Args:
    reference: ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: like ``reference``.
    ratio: ``match_ratio`` of the reference as it came.

  Returns:
    The first orientation that is clearly better, rotations before mirrors, and
    quarter turns for square pictures only; else ``UNCHANGED``.
  """
  small, small_test = _shrink(reference), _shrink(test)
  is_square = test.shape[0] == test.shape[1]
  for mirrored in (False, True):
    for quarters in (2, 0, 1, 3) if is_square else (2, 0):
      orientation = Orientation(quarters, mirrored)
      if orientation == UNCHANGED:
        continue
      turned = reorient(small, orientation)
      _, other = _judge_registered(turned, small_test)
      if other >= max(_MIN_OTHER_RATIO, ratio + _MIN_GAIN):
        return orientation
  return UNCHANGED


def quick_check(
  reference: HostArray, test: HostArray, roi_mask: HostArray | None = None
) -> tuple[Orientation, float, float]:
  """Checks on small copies whether large pictures show the same part.

  Args:
    reference: ``[H, W, 3]``: uint8, uint16, or float32 in [0, 1].
    test: like ``reference``.
    roi_mask: see ``match_ratio``.

  Returns:
    ``find_orientation``, and the probability of the alignment and
    ``match_ratio`` in that orientation, all of copies with a longest side of
    640 px.
  """
  small, small_test = (
    pictures.as_image(coarse_search.shrink(picture, _QUICK_PX))
    for picture in (reference, test)
  )
  if roi_mask is not None:
    roi_mask = coarse_search.shrink(roi_mask, _QUICK_PX)
  probability, ratio = _judge_registered(small, small_test, roi_mask)
  if not ratio < CERTAIN_RATIO:  # NaN cannot be improved
    return UNCHANGED, probability, ratio
  orientation = find_orientation(small, small_test, ratio)
  if orientation != UNCHANGED:
    small = reorient(small, orientation)
    probability, ratio = _judge_registered(small, small_test, roi_mask)
  return orientation, probability, ratio


def reorient(picture: HostArray, orientation: Orientation) -> HostArray:
  """Flips and rotates a picture."""
  flipped = picture[:, ::-1] if orientation.mirrored else picture
  return np.ascontiguousarray(np.rot90(flipped, orientation.quarters))


def _judge_registered(
  reference: HostArray, test: HostArray, roi_mask: HostArray | None = None
) -> tuple[float, float]:
  """Registers two images; returns the probability and ``match_ratio``."""
  registration = register.register(reference, test, method='affine')
  ratio = match_ratio(
    registration.aligned_reference, test, registration.valid, roi_mask
  )
  return registration.probability, ratio


def _shrink(picture: HostArray) -> HostArray:
  """A copy as an image, its longest side at most 160 px.

  The copy of a slender picture is larger: its short side has two patches.
  """
  height, width = picture.shape[:2]
  factor = max(
    _SMALL_PX / max(height, width), 2 * _PATCH_PX / min(height, width)
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
