"""From a score map to boxes, each with a confidence of its own.

  boxes = boxes_from_scores(scores, valid, pictures, threshold=0.1,
                            min_area_px=6.0, join_px=2.0, extent_share=0.4,
                            hidden_px=2.0)

The threshold is absolute: stretching every map to its own extremes would find
something in every picture, above all in the good ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from zeroshot.detect import extents, measures
from zeroshot.detect.components import find_components, mean_over_highest
from zeroshot.detect.extents import Pictures
from zeroshot.types import UNKNOWN_KIND, Boxes, HostArray


def boxes_from_scores(
  scores: HostArray,
  valid: HostArray | None = None,
  pictures: Pictures | None = None,
  *,
  threshold: float,
  min_area_px: float,
  join_px: float,
  extent_share: float,
  hidden_px: float,
) -> Boxes:
  """Returns a box round each group of pixels that score above a threshold.

  The confidence of a box is the mean over the highest quarter of its pixels'
  scores, or over the highest ``min_area_px`` of them if these are more: the
  soft rim of a region, whose share depends on its size, does not dilute it,
  and no single pixel decides.

  Args:
    scores: ``[H, W]`` in [0, 1].
    valid: mask ``[H, W]``; pixels at 0 belong to no box. None is everywhere.
    pictures: reference and test ``[H, W, 3]`` in one grid and lighting, uint8
      or float32, which say how far a difference reaches; None leaves that to
      the scores.
    threshold: in [0, 1); pixels that score above it form components.
    min_area_px: components with fewer pixels above the threshold are dropped.
    join_px: see ``components.find_components``.
    extent_share: see ``extents.extents``.
    hidden_px: likewise.

  Returns:
    The boxes, clipped to the picture, the most confident first; every kind is
    ``'difference'``. They are measured where pictures are given.

  Raises:
    ValueError: if the scores are no finite map, the mask does not fit them or
      a parameter is out of its range.
  """
  _check(scores, valid, pictures)
  lengths = dict(min_area_px=min_area_px, join_px=join_px, hidden_px=hidden_px)
  check_settings(threshold=threshold, extent_share=extent_share, **lengths)
  mask = scores > threshold
  if valid is not None:
    mask &= valid > 0
  if not mask.any():
    return _no_boxes()
  components = find_components(
    scores, mask, join_px=join_px, num_least=math.ceil(min_area_px)
  )
  typical_score = mean_over_highest(components, scores)
  inner = extents.reached(
    components, scores, typical_score, pictures, extent_share=extent_share
  )
  xyxy = extents.boxes_round(components, inner, pictures, hidden_px=hidden_px)
  boxes = Boxes(
    xyxy,
    np.clip(typical_score, 0.0, 1.0).astype(np.float32),
    kind=(UNKNOWN_KIND,) * len(xyxy),
    measures=pictures and measures.measure(components, inner, pictures),
  )
  boxes = select(boxes, components.area >= min_area_px)
  boxes = select(boxes, np.argsort(-boxes.confidence, kind='stable'))
  height, width = scores.shape
  return grow(boxes, margin_px=0.0, height=height, width=width)


def merge(parts: Sequence[Boxes]) -> Boxes:
  """Returns the boxes of all parts of a picture, the most confident first.

  Args:
    parts: all with confidences of their kinds, or none.
  """
  if not parts:
    return _no_boxes()
  sure = [p.kind_confidence for p in parts if p.kind_confidence is not None]
  confidence = np.concatenate([part.confidence for part in parts])
  merged = Boxes(
    np.concatenate([part.xyxy for part in parts]),
    confidence,
    tuple(word for part in parts for word in part.kind),
    np.concatenate(sure) if sure else None,
    measures.merge([part.measures for part in parts]),
  )
  return select(merged, np.argsort(-confidence, kind='stable'))


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


def at_least_a_pixel(xyxy: HostArray) -> HostArray:
  """Returns boxes widened about their centres to a pixel each way.

  Args:
    xyxy: ``[K, 4]``; second corners may come before first ones.
  """
  centre = (xyxy[:, :2] + xyxy[:, 2:]) / 2  # [K, 2]
  first = np.minimum(xyxy[:, :2], centre - 0.5)
  beyond = np.maximum(xyxy[:, 2:], centre + 0.5)
  return np.concatenate([first, beyond], axis=1)


def select(boxes: Boxes, chosen: HostArray) -> Boxes:
  """Returns some of the boxes, in their order or another.

  Args:
    boxes: of one picture.
    chosen: bool ``[K]``, or indices in the order of the result.
  """
  sure = boxes.kind_confidence
  return Boxes(
    xyxy=boxes.xyxy[chosen],
    confidence=boxes.confidence[chosen],
    kind=tuple(boxes.kind[i] for i in np.arange(len(boxes.kind))[chosen]),
    kind_confidence=None if sure is None else sure[chosen],
    measures=measures.select(boxes.measures, chosen),
  )


def _no_boxes() -> Boxes:
  return Boxes(
    np.zeros((0, 4), np.float32),
    np.zeros(0, np.float32),
    (),
    measures=measures.none(),
  )


def _check(
  scores: HostArray,
  valid: HostArray | None,
  pictures: Pictures | None,
) -> None:
  if scores.ndim != 2:
    raise ValueError(f'scores have shape {scores.shape}; give one map [H, W]')
  check_finite(scores)
  if valid is not None and valid.shape != scores.shape:
    raise ValueError(
      f'valid has shape {valid.shape}, scores {scores.shape}; give the same'
    )
  for picture in pictures or ():
    if picture.shape != (*scores.shape, 3):
      raise ValueError(
        f'a picture has shape {picture.shape}, scores {scores.shape}; give '
        'images [H, W, 3] of the same size'
      )


def check_finite(scores: HostArray) -> None:
  """Raises ValueError where a score is not finite."""
  if not np.isfinite(scores).all():
    raise ValueError(
      f'{np.count_nonzero(~np.isfinite(scores))} scores are not finite; check '
      'the parameters and the pictures for NaN'
    )


def check_settings(
  *, threshold: float, extent_share: float, **lengths: float
) -> None:
  """Raises ValueError where a setting of ``boxes_from_scores`` is wrong."""
  if not 0.0 <= threshold < 1.0:
    raise ValueError(f'the threshold is {threshold}; use one in [0, 1)')
  if not 0.0 <= extent_share <= 1.0:
    raise ValueError(f'extent_share is {extent_share}; use one in [0, 1]')
  for name, length in lengths.items():
    if not 0.0 <= length < math.inf:
      raise ValueError(f'{name} is {length}; use a finite one, 0 or more')
