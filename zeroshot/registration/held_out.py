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

import numpy as np

from zeroshot.registration import corners, windows
from zeroshot.registration.plane import Plane
from zeroshot.types import HostArray

_PATCH_PX = 17
_REACH_PX = 6  # searched on every side
_NEAR_PX = 1.6  # in place
_MIN_CORRELATION = 0.5  # of a point that agrees
_MIN_CONTRAST = 0.15  # standard deviation of a patch, in those of the texture
_MIN_LEVELS = 4.0  # of 255, likewise: less may be noise
_CHANCE = 0.06  # of a point to agree with a wrong alignment
_CELLS = 3  # a side, of which each may drift
_MIN_IN_CELL = 4  # points that tell its drift
_FIT_STEPS = 8  # of reweighted least squares
_FIT_DAMPING = 0.05  # points that say that nothing is left
# Least fall of N * log(cost), over N offsets, that shows perspective where so
# many points agree: Schwarz's criterion for two parameters more.
_CRITERION = 10.0
_GOOD_SHARE = 0.85
MIN_POINTS = 12  # fewer say nothing
# Fewer of the points in place, and farther from it, agree only roughly.
_ROUGH_SHARE = 0.6
_ROUGH_PX = 0.75
# Where the curves cross one half, and their slopes there times four.
_POINTS_CURVE = (1.6, 3.0)
_POINTS_ALONE_CURVE = (3.2, 3.0)  # where no patch tells a lattice from the part
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

    The fit of a homography's increment to the offsets of the points that
    correlate, of which far ones count little; 0 with too few of them, and where
    nearly all agree and an affine increment leaves hardly more.
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
    _, without = _fit(columns[:, 2:], offset)
    solution, left = _fit(columns, offset)
    gain = len(offset) * math.log(without / left)
    if self.share > _GOOD_SHARE and gain < _CRITERION:
      return 0.0  # an affine move explains the offsets as well
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
    3 px and more, see ``profiling.alignments``.
    """
    by_points = len(self.agree) >= MIN_POINTS
    by_patches = not math.isnan(self.patch_share)
    if not by_points and not by_patches:
      return math.nan
    probability = 1.0
    if by_points:
      evidence = max(self.evidence, self.coarse_evidence)
      curve = _POINTS_CURVE if by_patches else _POINTS_ALONE_CURVE
      probability *= _logistic(math.log1p(evidence), *curve)
    if by_patches:
      probability *= _logistic(self.patch_share, *_PATCHES_CURVE)
    return probability

  @property
  def is_coarse(self) -> bool:
    """Whether the points agree on the coarse plane alone."""
    if len(self.agree) < MIN_POINTS:
      return False
    return _logistic(math.log1p(self.evidence), *_POINTS_CURVE) < 0.5

  @property
  def is_rough(self) -> bool:
    """Whether few points are in place, and those not closely."""
    if len(self.agree) < MIN_POINTS or not self.agree.any():
      return False
    return self.share < _ROUGH_SHARE and self.residual_px > _ROUGH_PX


def _fit(columns: HostArray, offset: HostArray) -> tuple[HostArray, float]:
  """A fit to offsets of which far ones count little, and what it leaves.

  Args:
    columns: float ``[2 * N, K]``.
    offset: ``[2 * N]``, pixels along x, then those along y.

  Returns:
    Float64 ``[K]``, and the sum of ``log(1 + distance ** 2)``.
  """
  solution = np.zeros(columns.shape[1])
  for _ in range(_FIT_STEPS):
    left = (offset - columns @ solution).reshape(2, -1)
    weight = 1 / (1 + np.square(left).sum(axis=0))
    weighted = columns * np.concatenate([weight, weight])[:, None]
    normal = weighted.T @ columns + _FIT_DAMPING * np.eye(len(solution))
    solution = np.linalg.solve(normal, weighted.T @ offset)
  left = (offset - columns @ solution).reshape(2, -1)
  cost = float(np.log1p(np.square(left).sum(axis=0)).sum())
  return solution, max(cost, 1e-9)


def _logistic(value: float, middle: float, slope: float) -> float:
  return 1 / (1 + math.exp(-slope * (value - middle)))


def check(
  reference: Plane,
  test: Plane,
  matrix: HostArray,
  *,
  roi_mask: HostArray | None = None,
  points: HostArray | None = None,
) -> Check:
  """Looks for corners of the test picture in the moved reference.

  Args:
    reference: what is moved.
    test: what it is moved on to.
    matrix: float64 ``[3, 3]`` from pixels of ``test`` to those of
      ``reference``.
    roi_mask: uint8 over the test picture, 0 where not to look; None looks
      everywhere.
    points: of another check of the same test plane, to look for the same
      corners; None chooses some where both pictures have content.

  Returns:
    Check; without points where the two do not overlap, or have no texture.
  """
  half = _PATCH_PX // 2
  if points is None:
    places = corners.spread(
      reference,
      test,
      matrix,
      roi_mask=roi_mask,
      half=half,
      reach=_REACH_PX,
    )
  else:
    places = points.astype(int)
  patches = windows.cut(test.texture, places, half)
  least = max(_MIN_CONTRAST, _MIN_LEVELS / test.contrast)
  kept = patches.std(axis=(1, 2)) >= least
  places, patches = places[kept], patches[kept]
  around = windows.moved(reference.texture, matrix, places, half + _REACH_PX)
  offset, correlation = windows.search(patches, around)
  agree = np.hypot(offset[:, 0], offset[:, 1]) <= _NEAR_PX
  agree &= correlation >= _MIN_CORRELATION
  return Check(places.astype(np.float32), agree, offset, correlation)
