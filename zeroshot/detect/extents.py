"""How far a difference reaches: to where the pictures really changed.

  inner = reached(components, scores, typical_score, pictures, extent_share=0.4)
  xyxy = boxes_round(components, inner, pictures, hidden_px=2.0)

The score map says what differs, but it fades over several pixels. Where a
difference ends is read off the two pictures instead, at half of its change.
Where it runs into material that looks like it (copper spilt onto copper, a bite
that opens onto bare board) its end cannot be seen: some pixels are added on
those sides. For notation see components.
"""

from __future__ import annotations

import cv2
import numpy as np

from zeroshot.detect.components import Components, mean_over_highest
from zeroshot.types import HostArray

Pictures = tuple[HostArray, HostArray]

_RIM_PX = 3  # a difference runs on through pixels so near to a side
_PROBES_PX = (2, 4)  # beyond the side, where like material is looked for
_ALIKE = 0.5  # of the change; values that differ by less are alike


def reached(
  components: Components,
  scores: HostArray,
  typical_score: HostArray,
  pictures: Pictures | None,
  *,
  extent_share: float,
) -> HostArray:
  """Which pixels of each component belong to the difference itself.

  Args:
    components: the components.
    scores: ``[H, W]`` in [0, 1].
    typical_score: ``[K]``, ``mean_over_highest`` of the scores.
    pictures: reference and test ``[H, W, 3]`` in one grid and light, uint8 or
      float32; None leaves the extents to the scores alone.
    extent_share: in [0, 1]; pixels belong to it that have at least this share
      of their component's typical score and of its typical change. At 0 all of
      them do.

  Returns:
    Bool ``[N]``, at least one of each component.
  """
  least = extent_share * typical_score  # [K]
  inner = scores[components.y, components.x] >= least[components.label]
  if pictures is None:
    return _or_all(components, inner)
  change = _largest_change(*pictures)
  least = extent_share * mean_over_highest(components, change)
  changed = change[components.y, components.x] >= least[components.label]
  return _or_all(components, inner & changed)


def extents(
  components: Components,
  scores: HostArray,
  typical_score: HostArray,
  pictures: Pictures | None,
  *,
  extent_share: float,
  hidden_px: float,
) -> HostArray:
  """The box of each component: ``boxes_round`` of what is ``reached``."""
  inner = reached(
    components, scores, typical_score, pictures, extent_share=extent_share
  )
  return boxes_round(components, inner, pictures, hidden_px=hidden_px)


def boxes_round(
  components: Components,
  inner: HostArray,
  pictures: Pictures | None,
  *,
  hidden_px: float,
) -> HostArray:
  """The boxes round the differences themselves.

  Args:
    components: the components.
    inner: bool ``[N]``, of ``reached``; the box goes round these pixels.
    pictures: see ``reached``.
    hidden_px: added on each side on which the difference runs into material
      that looks like it, where pictures are given.

  Returns:
    Float32 ``[K, 4]``, x1 y1 x2 y2 in pixels, half-open, not clipped.
  """
  corners = _corners(components, inner)
  if pictures is None:
    return corners.astype(np.float32)
  typical_change = mean_over_highest(components, _largest_change(*pictures))
  runs_on = _runs_on(components, inner, corners, pictures[1], typical_change)
  outward = np.array([-hidden_px, -hidden_px, hidden_px, hidden_px])
  return (corners + outward * runs_on).astype(np.float32)


def _largest_change(reference: HostArray, test: HostArray) -> HostArray:
  """How far two pictures differ in the channel where they differ most."""
  first, second, third = cv2.split(cv2.absdiff(reference, test))
  return cv2.max(cv2.max(first, second), third)


def _or_all(components: Components, reached: HostArray) -> HostArray:
  """``reached``, but all pixels of a component of which none is.

  That happens where score and change are high in different places, and to a
  share of 1 by rounding.
  """
  return (
    reached
    | ~np.logical_or.reduceat(reached, components.starts)[components.label]
  )


def _corners(components: Components, reached: HostArray) -> HostArray:
  """Returns the box round each component's reached pixels, int ``[K, 4]``."""
  beyond = np.iinfo(components.x.dtype).max
  return np.stack(
    [
      np.minimum.reduceat(
        np.where(reached, components.x, beyond), components.starts
      ),
      np.minimum.reduceat(
        np.where(reached, components.y, beyond), components.starts
      ),
      np.maximum.reduceat(
        np.where(reached, components.x, -1), components.starts
      )
      + 1,
      np.maximum.reduceat(
        np.where(reached, components.y, -1), components.starts
      )
      + 1,
    ],
    axis=1,
  )


def _runs_on(
  components: Components,
  reached: HostArray,
  corners: HostArray,
  test: HostArray,
  typical_change: HostArray,
) -> HostArray:
  """Returns on which sides a difference continues into similar material.

  From each pixel next to a side, the test picture is probed straight outward;
  the difference continues there if, at each of two distances, most probes look
  like it.

  Args:
    components: the components.
    reached: bool ``[N]``.
    corners: int ``[K, 4]``, round the reached pixels.
    test: ``[H, W, 3]``.
    typical_change: ``[K]``.

  Returns:
    Bool ``[K, 4]``: left, top, right, bottom.
  """
  height, width = test.shape[:2]
  colour = np.stack(
    [mean_over_highest(components, test[..., c]) for c in range(3)], axis=-1
  )  # [K, 3]
  inside = corners - [0, 0, 1, 1]  # the last pixels within each side
  result = np.ones(corners.shape, bool)
  for side in range(4):
    of, limit = (
      (components.x, width) if side % 2 == 0 else (components.y, height)
    )
    edge = inside[:, side][components.label]  # [N]
    near = reached & (np.abs(of - edge) < _RIM_PX)
    label = components.label[near]
    count = np.bincount(label, minlength=len(corners))
    for distance in _PROBES_PX:
      probe = edge[near] + (distance if side >= 2 else -distance)
      in_picture = (probe >= 0) & (probe < limit)
      probe = np.clip(probe, 0, limit - 1)
      x = probe if side % 2 == 0 else components.x[near]
      y = components.y[near] if side % 2 == 0 else probe
      other = np.abs(test[y, x] - colour[label]).max(axis=-1)
      alike = in_picture & (other < _ALIKE * typical_change[label])
      num_alike = np.bincount(label, weights=alike, minlength=len(corners))
      result[:, side] &= 2 * num_alike > count
  return result
