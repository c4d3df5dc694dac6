"""Whether an alignment is right, from points that it was not fitted to.

  check = held_out.check(reference, test, matrix)
  check.num_agreeing, check.num_points, check.probability

Corners of the test picture are looked for in the moved reference, in a window
around where the alignment puts them. Where it is right, most are found in
place, whatever the light is; where it is wrong, the best place in the window is
anywhere, so few are found in place by chance.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from zeroshot.registration import transforms
from zeroshot.registration.pyramid import Plane
from zeroshot.types import HostArray

_NUM_POINTS = 80
_PATCH_PX = 17
_REACH_PX = 6  # searched on every side
_NEAR_PX = 1.6  # in place
_MIN_CORRELATION = 0.5  # of a point that agrees
_MIN_CONTRAST = 0.15  # standard deviation of a patch, in those of the texture
_MIN_LEVELS = 2.5  # of 255, likewise: less may be noise
_CHANCE = 0.06  # of a point to agree with a wrong alignment
MIN_POINTS = 12  # fewer say nothing
PATCHES_PX = 160  # longest side of the planes whose patches are compared
_SQUARE_PX = 10  # side of a patch
_MIN_PATCH_LEVELS = 5.0  # standard deviation of one with structure, of 255
_MIN_PATCH_CORRELATION = 0.7  # of one that is shown
# Intercept, and the weights of share, log(1 + evidence) and patch share.
_COEFFICIENTS = (-8.0, 6.0, 1.0, 6.0)


class Check(NamedTuple):
  """How far held-out points agree with an alignment.

  Attributes:
    points: float32 ``[N, 2]``, x and y in the test plane.
    agree: bool ``[N]``, which are found in place.
    distance_px: float32 ``[N]``, from their place, pixels of the test plane.
    correlation: float32 ``[N]``, with what was found.
    overlap: share of the test picture that the reference covers.
    patch_share: see ``patch_share``; NaN if it was not measured.
  """

  points: HostArray
  agree: HostArray
  distance_px: HostArray
  correlation: HostArray
  overlap: float
  patch_share: float = math.nan

  @property
  def share(self) -> float:
    """Of the points that agree; NaN without points."""
    return float(self.agree.mean()) if len(self.agree) else math.nan

  @property
  def residual_px(self) -> float:
    """Median distance of the points that agree, pixels; NaN without any."""
    return self._distance(0.5)

  @property
  def far_px(self) -> float:
    """Distance that nine in ten of the points that agree stay within."""
    return self._distance(0.9)

  @property
  def evidence(self) -> float:
    """Log likelihood ratio of a right against a wrong alignment, in nats."""
    count, hits = len(self.agree), int(self.agree.sum())
    if hits <= count * _CHANCE:
      return 0.0
    share = hits / count
    miss = 0.0
    if share < 1:
      miss = (count - hits) * math.log((1 - share) / (1 - _CHANCE))
    return hits * math.log(share / _CHANCE) + miss

  def _distance(self, share: float) -> float:
    if not self.agree.any():
      return math.nan
    return float(np.quantile(self.distance_px[self.agree], share))

  @property
  def probability(self) -> float:
    """That the alignment is right, in [0, 1]; NaN without structure.

    A logistic regression on drawn pairs, see ``experiments.alignment``.
    """
    is_enough = len(self.agree) >= MIN_POINTS
    share = self.share if is_enough else self.patch_share
    patches = share if math.isnan(self.patch_share) else self.patch_share
    if math.isnan(share):
      return math.nan
    offset, per_share, per_nat, per_patch = _COEFFICIENTS
    logit = offset + per_share * share + per_patch * patches
    logit += per_nat * math.log1p(self.evidence)
    return 1 / (1 + math.exp(-logit))


def patch_share(
  reference: Plane,
  test: Plane,
  matrix: HostArray,
  *,
  roi_mask: HostArray | None = None,
) -> float:
  """The share of the reference's structure that the test picture shows.

  Small copies are compared patch by patch, in place.

  Args:
    reference: see ``check``.
    test: see ``check``.
    matrix: see ``check``.
    roi_mask: see ``check``.

  Returns:
    In [0, 1]; NaN if either picture has too little structure.
  """
  content = _content(reference, test.shape, matrix, roi_mask)
  moved = transforms.warp(reference.texture, matrix, shape=test.shape)
  old, new, inside = (
    _patches(plane) for plane in (moved, test.texture, content)
  )
  old, new = (p - p.mean(axis=1, keepdims=True) for p in (old, new))
  spreads = old.std(axis=1), new.std(axis=1)
  structured = [
    inside.all(axis=1) & (spread * plane.contrast > _MIN_PATCH_LEVELS)
    for spread, plane in zip(spreads, (reference, test), strict=True)
  ]
  if min(structured[0].sum(), structured[1].sum()) < MIN_POINTS:
    return math.nan
  power = np.maximum(spreads[0] * spreads[1], 1e-12)
  correlation = (old * new).mean(axis=1) / power
  return float(np.mean(correlation[structured[0]] > _MIN_PATCH_CORRELATION))


def _patches(plane: HostArray) -> HostArray:
  """A plane ``[h, w]`` cut into patches, ``[N, P]``."""
  rows, columns = (side // _SQUARE_PX for side in plane.shape)
  whole = plane[: rows * _SQUARE_PX, : columns * _SQUARE_PX]
  grid = whole.reshape(rows, _SQUARE_PX, columns, _SQUARE_PX).swapaxes(1, 2)
  return grid.reshape(rows * columns, _SQUARE_PX**2)


def _content(
  reference: Plane,
  shape: tuple[int, int],
  matrix: HostArray,
  roi_mask: HostArray | None,
) -> HostArray:
  """Where the moved reference is to be compared, bool ``[h, w]``."""
  y, x = (np.arange(side, dtype=np.float32) for side in shape)
  content = transforms.leads_inside(
    matrix,
    x[None, :],
    y[:, None],
    height=reference.height,
    width=reference.width,
  )
  if reference.valid is not None:
    content &= transforms.warp(reference.valid, matrix, shape=shape) > 0.99
  if roi_mask is not None:
    size = shape[::-1]
    content &= cv2.resize(roi_mask, size, interpolation=cv2.INTER_NEAREST) > 0
  return content


def check(
  reference: Plane,
  test: Plane,
  matrix: HostArray,
  *,
  roi_mask: HostArray | None = None,
) -> Check:
  """Looks for corners of the test picture in the moved reference.

  Args:
    reference: what is moved.
    test: what it is moved on to.
    matrix: float64 ``[3, 3]`` from pixels of ``test`` to those of
      ``reference``.
    roi_mask: uint8 over the test picture, 0 where not to look; None looks
      everywhere.

  Returns:
    Check; without points where the two do not overlap, or have no texture.
  """
  moved = transforms.warp(reference.texture, matrix, shape=test.shape)
  content = _content(reference, test.shape, matrix, roi_mask)
  overlap = float(content.mean())
  texture = np.ascontiguousarray(test.texture)
  points = _corners(texture, content)
  least = max(_MIN_CONTRAST, _MIN_LEVELS / test.contrast)
  searched = [_search(texture, moved, x, y, least) for x, y in points]
  if not len(points):
    nothing = np.zeros(0, np.float32)
    return Check(nothing.reshape(0, 2), nothing > 0, nothing, nothing, overlap)
  kept = [n for n, result in enumerate(searched) if result is not None]
  results = [result for result in searched if result is not None]
  distance, correlation = np.array(results, np.float32).reshape(-1, 2).T
  agree = (distance <= _NEAR_PX) & (correlation >= _MIN_CORRELATION)
  return Check(
    points[kept].astype(np.float32), agree, distance, correlation, overlap
  )


def _corners(texture: HostArray, content: HostArray) -> HostArray:
  """Corners spread over where there is content, int ``[N, 2]``, x and y."""
  margin = _PATCH_PX // 2 + _REACH_PX
  inner = np.zeros(texture.shape, np.uint8)
  inner[margin:-margin, margin:-margin] = 255
  inner[~content] = 0
  eroded = cv2.erode(inner, np.ones((_PATCH_PX, _PATCH_PX), np.uint8))
  area = float(np.count_nonzero(eroded))
  spacing = max(math.sqrt(area / _NUM_POINTS) * 0.6, 4.0)
  corners: HostArray | None = cv2.goodFeaturesToTrack(
    texture, _NUM_POINTS, 0.005, spacing, mask=eroded, blockSize=5
  )
  if corners is None:
    return np.zeros((0, 2), int)
  return np.rint(corners[:, 0]).astype(int)


def _search(
  test: HostArray, moved: HostArray, x: int, y: int, min_contrast: float
) -> tuple[float, float] | None:
  """How far from its place a patch is found, and how well it correlates.

  None where the patch has no contrast.
  """
  half, reach = _PATCH_PX // 2, _PATCH_PX // 2 + _REACH_PX
  patch = test[y - half : y + half + 1, x - half : x + half + 1]
  if patch.std() < min_contrast:
    return None
  around = moved[y - reach : y + reach + 1, x - reach : x + reach + 1]
  surface = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
  _, best, _, (column, row) = cv2.minMaxLoc(surface)
  dx = column - _REACH_PX + _peak(surface[row], column)
  dy = row - _REACH_PX + _peak(surface[:, column], row)
  return math.hypot(dx, dy), float(best)


def _peak(line: HostArray, place: int) -> float:
  """How far a parabola's top lies from the largest of three values."""
  if not 0 < place < len(line) - 1:
    return 0.0
  before, here, after = (float(v) for v in line[place - 1 : place + 2])
  curvature = before - 2 * here + after
  return 0.5 * (before - after) / curvature if curvature < -1e-9 else 0.0
