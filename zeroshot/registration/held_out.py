"""Whether an alignment is right, from points that it was not fitted to.

  check = held_out.check(reference, test, matrix)
  check.agree, check.evidence, check.probability

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
_EQUAL_CORRELATION = 0.03  # so little less correlated is as good a place
_MIN_CORRELATION = 0.5  # of a point that agrees
_MIN_CONTRAST = 0.15  # standard deviation of a patch, in those of the texture
_MIN_LEVELS = 4.0  # of 255, likewise: less may be noise
_CHANCE = 0.06  # of a point to agree with a wrong alignment
_CELLS = 3  # a side, of which each may drift
_MIN_IN_CELL = 4  # points that tell its drift
MIN_POINTS = 12  # fewer say nothing
# Where the curves cross one half, and their slopes there times four.
_POINTS_CURVE = (1.6, 3.0)
_PATCHES_CURVE = (0.43, 20.0)


class Check(NamedTuple):
  """How far held-out points agree with an alignment.

  Attributes:
    points: float32 ``[N, 2]``, x and y in the test plane.
    agree: bool ``[N]``, which are found in place.
    offset_px: float32 ``[N, 2]``, from their place, pixels of the test plane.
    correlation: float32 ``[N]``, with what was found.
    coarse_evidence: of points on a coarse plane, see ``evidence``: blurred
      pictures, or a shift of few pixels, agree there alone. 0 if it was not
      measured.
    patch_share: see ``patches.shown_share``; NaN if it was not measured, 0 if
      pictures with structure overlap in none of it.
  """

  points: HostArray
  agree: HostArray
  offset_px: HostArray
  correlation: HostArray
  coarse_evidence: float = 0.0
  patch_share: float = math.nan

  @property
  def share(self) -> float:
    """Of the points that agree; NaN without points."""
    return float(self.agree.mean()) if len(self.agree) else math.nan

  @property
  def residual_px(self) -> float:
    """Median distance of the points that agree, pixels; NaN without any."""
    if not self.agree.any():
      return math.nan
    return float(np.median(self.distance_px[self.agree]))

  @property
  def drift_px(self) -> float:
    """The longest median offset of a ninth of the picture, pixels.

    What a move leaves by its form, such as perspective, drifts one way in a
    part of the picture; noise does not. 0 with too few points.
    """
    clear = self.correlation >= _MIN_CORRELATION
    clear &= self.distance_px < _REACH_PX - 1
    if clear.sum() < MIN_POINTS:
      return 0.0
    points, offset = self.points[clear], self.offset_px[clear]
    low, high = points.min(axis=0), points.max(axis=0) + 1
    cell = ((points - low) / (high - low) * _CELLS).astype(int) @ [1, _CELLS]
    medians = [
      np.median(offset[cell == n], axis=0)
      for n in range(_CELLS**2)
      if (cell == n).sum() >= _MIN_IN_CELL
    ]
    return max((float(np.hypot(*median)) for median in medians), default=0.0)

  @property
  def perspective_px(self) -> float:
    """How far perspective moves the points' border, by their offsets, pixels.

    The least-squares fit of a homography's increment to the offsets of the
    points that correlate; 0 with too few of them.
    """
    clear = self.correlation >= _MIN_CORRELATION
    if clear.sum() < MIN_POINTS:
      return 0.0
    points = self.points[clear] - self.points[clear].mean(axis=0)
    x, y = (points / max(float(np.abs(points).max()), 1.0)).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    columns = np.block(
      [
        [np.stack([x * x, x * y, x, y, one, zero, zero, zero], axis=1)],
        [np.stack([x * y, y * y, zero, zero, zero, x, y, one], axis=1)],
      ]
    )
    offset = self.offset_px[clear].T.ravel()
    solution = np.linalg.lstsq(columns, offset, rcond=None)[0]
    return float(np.hypot(solution[0], solution[1]))

  @property
  def distance_px(self) -> HostArray:
    """From their place, float32 ``[N]``, pixels of the test plane."""
    return np.hypot(self.offset_px[:, 0], self.offset_px[:, 1])

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

  @property
  def probability(self) -> float:
    """That the alignment is right, in [0, 1]; NaN without structure.

    Two witnesses must agree: the points, which a wrong alignment cannot put in
    place, and the patches, which differ where only a lattice is shared. Both
    curves were fitted to drawn moves of photographs that are right or wrong by
    3 px and more, see ``profiling.alignment``.
    """
    by_points = len(self.agree) >= MIN_POINTS
    by_patches = not math.isnan(self.patch_share)
    if not by_points and not by_patches:
      return math.nan
    probability = 1.0
    if by_points:
      evidence = max(self.evidence, self.coarse_evidence)
      probability *= _logistic(math.log1p(evidence), *_POINTS_CURVE)
    if by_patches:
      probability *= _logistic(self.patch_share, *_PATCHES_CURVE)
    return probability

  @property
  def is_coarse(self) -> bool:
    """Whether the points agree on the coarse plane alone."""
    if len(self.agree) < MIN_POINTS:
      return False
    return _logistic(math.log1p(self.evidence), *_POINTS_CURVE) < 0.5


def _logistic(value: float, middle: float, slope: float) -> float:
  return 1 / (1 + math.exp(-slope * (value - middle)))


def compared_area(
  reference: Plane,
  shape: tuple[int, int],
  matrix: HostArray,
  roi_mask: HostArray | None,
) -> HostArray:
  """Where the moved reference is to be compared, bool ``[h, w]``."""
  content = transforms.inside(
    matrix,
    height=shape[0],
    width=shape[1],
    reference_shape=reference.shape,
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
  content = compared_area(reference, test.shape, matrix, roi_mask)
  texture = np.ascontiguousarray(test.texture)
  points = _corners(texture, content)
  least = max(_MIN_CONTRAST, _MIN_LEVELS / test.contrast)
  searched = [_search(texture, moved, x, y, least) for x, y in points]
  if not len(points):
    nothing = np.zeros(0, np.float32)
    return Check(
      nothing.reshape(0, 2), nothing > 0, nothing.reshape(0, 2), nothing
    )
  kept = [n for n, result in enumerate(searched) if result is not None]
  results = [result for result in searched if result is not None]
  values = np.array(results, np.float32).reshape(-1, 3)
  offset, correlation = values[:, :2], values[:, 2]
  agree = np.hypot(offset[:, 0], offset[:, 1]) <= _NEAR_PX
  agree &= correlation >= _MIN_CORRELATION
  return Check(points[kept].astype(np.float32), agree, offset, correlation)


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
) -> tuple[float, float, float] | None:
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
  # Along a straight edge a patch fits at many places: in place will do.
  middle = slice(_REACH_PX - 1, _REACH_PX + 2)
  _, near, _, (near_column, near_row) = cv2.minMaxLoc(surface[middle, middle])
  if near > best - _EQUAL_CORRELATION:
    best = near
    column, row = near_column + _REACH_PX - 1, near_row + _REACH_PX - 1
  dx = column - _REACH_PX + _peak(surface[row], column)
  dy = row - _REACH_PX + _peak(surface[:, column], row)
  return dx, dy, float(best)


def _peak(line: HostArray, place: int) -> float:
  """How far a parabola's top lies from the largest of three values."""
  if not 0 < place < len(line) - 1:
    return 0.0
  before, here, after = (float(v) for v in line[place - 1 : place + 2])
  curvature = before - 2 * here + after
  return 0.5 * (before - after) / curvature if curvature < -1e-9 else 0.0
