"""From a score map to boxes, each with a confidence of its own.

  boxes = boxes_from_scores(scores, valid, change, threshold=0.1,
                            min_area_px=6.0, join_px=2.0, extent_share=0.4,
                            box_margin_px=0.0)

The threshold is absolute: stretching every map to its own extremes would find
something in every picture, above all in the good ones. The score says what
differs; how far it reaches is said by the pictures' own pixels, which know it
to a pixel where the score map fades over several.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from zeroshot.types import Boxes, HostArray

_TOP_SHARE = 0.25  # of a component's pixels: the highest make its confidence


def boxes_from_scores(
  scores: HostArray,
  valid: HostArray | None = None,
  change: HostArray | None = None,
  *,
  threshold: float,
  min_area_px: float,
  join_px: float,
  extent_share: float,
  box_margin_px: float,
) -> Boxes:
  """Returns a box round each group of pixels that score above a threshold.

  The confidence of a box is the mean over the highest quarter of its pixels'
  scores, or over the highest ``min_area_px`` of them if these are more: the
  soft rim of a region, whose share depends on its size, does not dilute it,
  and no single pixel decides.

  Args:
    scores: ``[H, W]`` in [0, 1].
    valid: mask ``[H, W]``; pixels at 0 belong to no box. None is everywhere.
    change: ``[H, W]``, 0 or more, how far the registered pictures differ at
      each pixel; None leaves the extent of a box to the scores alone.
    threshold: in [0, 1); pixels that score above it form components.
    min_area_px: components with fewer pixels above the threshold are dropped.
    join_px: components with up to so many pixels between them are one,
      rounded up to an even number; 0 joins neighbours alone, diagonal ones
      included.
    extent_share: in [0, 1]; a box goes round those pixels of its component
      that have at least this share of its confidence and of its change, both
      taken over the same highest pixels. 0 goes round all of them.
    box_margin_px: added on every side, then clipped to the picture.

  Returns:
    The boxes, the most confident first; every kind is ``'difference'``.

  Raises:
    ValueError: if the scores are no finite map, the mask does not fit them or
      a parameter is out of its range.
  """
  _check(scores, valid, change, threshold=threshold, join_px=join_px)
  mask = scores > threshold
  if valid is not None:
    mask &= valid > 0
  y, x = np.nonzero(mask)
  if not y.size:
    return _no_boxes()
  label = _labels(mask, join_px=join_px)[y, x]
  order = np.lexsort((-scores[y, x], label))  # by component, highest first
  x, y, label = x[order], y[order], label[order]
  area = np.bincount(label)
  starts = np.cumsum(area) - area
  top = _highest(label, area, starts, num_least=math.ceil(min_area_px))
  confidence = _mean_over(top, scores[y, x], label)
  reached = scores[y, x] >= extent_share * confidence[label]
  if change is not None:
    typical = _mean_over(top, change[y, x], label)
    reached &= change[y, x] >= extent_share * typical[label]
  xyxy = _corners(x, y, label, starts, reached)
  confidence = np.clip(confidence, 0.0, 1.0).astype(np.float32)
  kept = np.flatnonzero(area >= min_area_px)
  kept = kept[np.argsort(-confidence[kept], kind='stable')]
  found = Boxes(xyxy[kept], confidence[kept], ('difference',) * len(kept))
  height, width = scores.shape
  return grow(found, margin_px=box_margin_px, height=height, width=width)


def grow(boxes: Boxes, *, margin_px: float, height: int, width: int) -> Boxes:
  """Returns boxes with room added on every side, clipped to the picture.

  Args:
    boxes: of one picture.
    margin_px: added to each side; a negative one takes away, to the centre at
      most.
    height: of the picture.
    width: of the picture.

  Raises:
    ValueError: if the margin is not finite.
  """
  if not math.isfinite(margin_px):
    raise ValueError(f'box_margin_px is {margin_px}; give a finite number')
  xyxy = np.asarray(boxes.xyxy, np.float32)
  centre = (xyxy[:, :2] + xyxy[:, 2:]) / 2  # [K, 2]
  upper_left = np.minimum(xyxy[:, :2] - margin_px, centre)
  lower_right = np.maximum(xyxy[:, 2:] + margin_px, centre)
  corners = np.concatenate([upper_left, lower_right], axis=1)  # [K, 4]
  most = np.array([width, height, width, height], np.float32)
  clipped = np.clip(corners, np.float32(0), most)
  return boxes._replace(xyxy=clipped.astype(np.float32))


def select(boxes: Boxes, wanted: HostArray) -> Boxes:
  """Returns some of the boxes, in the same order.

  Args:
    boxes: of one picture.
    wanted: bool ``[K]``.
  """
  return Boxes(
    xyxy=boxes.xyxy[wanted],
    confidence=boxes.confidence[wanted],
    kind=tuple(k for k, kept in zip(boxes.kind, wanted, strict=True) if kept),
  )


def _labels(mask: HostArray, *, join_px: float) -> HostArray:
  """Returns the component of each pixel of a mask, from 0; -1 elsewhere."""
  joined: HostArray = mask.astype(np.uint8)
  radius = math.ceil(join_px / 2)
  if radius:
    side = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    joined = cv2.dilate(joined, disc)
  _, labels = cv2.connectedComponents(joined, connectivity=8)
  return labels - 1


def _highest(
  label: HostArray, area: HostArray, starts: HostArray, *, num_least: int
) -> HostArray:
  """Returns which pixels are the highest of their components, bool ``[N]``.

  Args:
    label: int ``[N]``, the component of each pixel, one component after the
      other, the highest score of each first.
    area: int ``[K]``, the number of pixels of each component.
    starts: int ``[K]``, where each component begins.
    num_least: take so many, or all, where a share would be fewer.
  """
  share = np.ceil(_TOP_SHARE * area).astype(np.int64)
  num_top = np.minimum(np.maximum(share, max(num_least, 1)), area)
  rank = np.arange(label.size) - starts[label]
  return rank < num_top[label]


def _mean_over(top: HostArray, value: HostArray, label: HostArray) -> HostArray:
  """Returns each component's mean over its highest pixels, ``[K]``."""
  total = np.bincount(label, weights=value * top)
  return total / np.bincount(label, weights=top)


def _corners(
  x: HostArray,
  y: HostArray,
  label: HostArray,
  starts: HostArray,
  reached: HostArray,
) -> HostArray:
  """Returns the box round each component's reached pixels, ``[K, 4]``.

  Where none is reached, score and change being high in different places, it
  goes round all of them.
  """
  reached = reached | ~np.logical_or.reduceat(reached, starts)[label]
  beyond = np.iinfo(x.dtype).max
  corners = (
    np.minimum.reduceat(np.where(reached, x, beyond), starts),
    np.minimum.reduceat(np.where(reached, y, beyond), starts),
    np.maximum.reduceat(np.where(reached, x, -1), starts) + 1,
    np.maximum.reduceat(np.where(reached, y, -1), starts) + 1,
  )
  return np.stack(corners, axis=1).astype(np.float32)


def _no_boxes() -> Boxes:
  return Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())


def _check(
  scores: HostArray,
  valid: HostArray | None,
  change: HostArray | None,
  *,
  threshold: float,
  join_px: float,
) -> None:
  if scores.ndim != 2:
    raise ValueError(f'scores have shape {scores.shape}; give one map [H, W]')
  if not np.isfinite(scores).all():
    raise ValueError(
      f'{np.count_nonzero(~np.isfinite(scores))} scores are not finite; check '
      'the parameters and the pictures for NaN'
    )
  for name, plane in (('valid', valid), ('change', change)):
    if plane is not None and plane.shape != scores.shape:
      raise ValueError(
        f'{name} has shape {plane.shape}, scores {scores.shape}; give the same'
      )
  if not 0.0 <= threshold < 1.0:
    raise ValueError(f'the threshold is {threshold}; use one in [0, 1)')
  if join_px < 0:
    raise ValueError(f'join_px is {join_px}; use 0 or more')
