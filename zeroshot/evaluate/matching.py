"""Pairs detections with ground truth, picture by picture, as DeepPCB does.

  matches = matching.match_set(truth, detections, iou_threshold=0.33)
  average_precision.summarise(matches)

Notation:
  P  pictures of a set
  N  detections, G ground-truth boxes, of a picture or pooled over the set
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from zeroshot.types import Boxes, HostArray


class Matches(NamedTuple):
  """The pooled detections of a set, each judged once.

  Attributes:
    confidence: float64 ``[N]``, in picture order and then in file order.
    correct: bool ``[N]``, whether it is paired and of the right class.
    picture: int64 ``[N]``, index of the picture that it lies in.
    num_truth: int64 ``[P]``, ground-truth boxes of each picture.
  """

  confidence: HostArray
  correct: HostArray
  picture: HostArray
  num_truth: HostArray


def iou_matrix(first: HostArray, second: HostArray) -> HostArray:
  """Intersection over union of every box with every other.

  Area is ``(x2 - x1) * (y2 - y1)``: no pixel is added to a side and no epsilon
  to the union, so that 33 / 100 is 0.33 itself. A pair without area has 0.

  Args:
    first: boxes ``[N, 4]``, x1 y1 x2 y2 in pixels.
    second: boxes ``[M, 4]``.

  Returns:
    Float64 ``[N, M]`` in [0, 1].
  """
  first = np.asarray(first, np.float64).reshape(-1, 1, 4)  # [N, 1, 4]
  second = np.asarray(second, np.float64).reshape(1, -1, 4)  # [1, M, 4]
  sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(
    first[..., :2], second[..., :2]
  )  # [N, M, 2]
  overlap = np.prod(np.maximum(sides, 0), axis=-1)  # [N, M]
  union = _areas(first) + _areas(second) - overlap  # [N, M]
  return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def match_picture(
  truth: HostArray,
  detections: HostArray,
  confidence: HostArray,
  *,
  iou_threshold: float,
) -> HostArray:
  """Pairs the detections of one picture with its ground truth.

  For each ground-truth box in file order, the most confident unused detection
  with an IoU strictly over the threshold is paired with it and both are used
  up; equal confidences keep file order. Geometry alone pairs. Source: the
  DeepPCB benchmark, a variant of the ICDAR 2015 scorer.

  Args:
    truth: boxes ``[G, 4]`` in file order.
    detections: boxes ``[N, 4]``.
    confidence: ``[N]``, finite.
    iou_threshold: in [0, 1).

  Returns:
    Int64 ``[N]``: index of the ground-truth box that each detection is paired
    with, -1 where with none.
  """
  order = np.argsort(-np.asarray(confidence, np.float64), kind='stable')
  over = iou_matrix(truth, detections)[:, order] > iou_threshold  # [G, N]
  partner = np.full(len(order), -1, np.int64)
  free = np.ones(len(order), bool)
  for index, row in enumerate(over):
    candidates = row & free
    if candidates.any():
      chosen = np.argmax(candidates)
      free[chosen] = False
      partner[order[chosen]] = index
  return partner


def match_set(
  truth: Sequence[Boxes],
  detections: Sequence[Boxes],
  *,
  iou_threshold: float,
  class_aware: bool = False,
) -> Matches:
  """Judges every detection of a set of pictures.

  Args:
    truth: the ground truth of each picture.
    detections: the detections of the same pictures, in the same order.
    iou_threshold: a pair needs an IoU strictly over it; in [0, 1).
    class_aware: whether a pair of different kinds (case does not count) is
      false. Both boxes are still used up.

  Returns:
    The pooled, judged detections.

  Raises:
    ValueError: the two differ in length, a confidence is not finite, or the
      threshold is out of range.
  """
  if len(truth) != len(detections):
    raise ValueError(
      f'ground truth of {len(truth)} pictures and detections of'
      f' {len(detections)}; give one entry for each picture to both'
    )
  if not 0 <= iou_threshold < 1:
    raise ValueError(f'iou_threshold is {iou_threshold}; give one in [0, 1)')
  correct = [
    _judge(
      annotated,
      detected,
      iou_threshold=iou_threshold,
      class_aware=class_aware,
    )
    for annotated, detected in zip(truth, detections, strict=True)
  ]
  counts = [len(boxes.confidence) for boxes in detections]
  return Matches(
    confidence=_pool([d.confidence for d in detections], np.float64),
    correct=_pool(correct, np.bool_),
    picture=np.repeat(np.arange(len(counts)), np.asarray(counts, np.int64)),
    num_truth=np.asarray([len(boxes.xyxy) for boxes in truth], np.int64),
  )


def _judge(
  truth: Boxes, detections: Boxes, *, iou_threshold: float, class_aware: bool
) -> HostArray:
  """Whether each detection of a picture is correct, bool ``[N]``."""
  if not np.isfinite(detections.confidence).all():
    raise ValueError(
      f'a confidence is not finite: {detections.confidence}; the network'
      ' diverged, or its weights are damaged'
    )
  partner = match_picture(
    truth.xyxy,
    detections.xyxy,
    detections.confidence,
    iou_threshold=iou_threshold,
  )
  if not class_aware:
    return partner >= 0
  return np.asarray(
    [
      index >= 0 and kind.casefold() == truth.kind[index].casefold()
      for index, kind in zip(partner, detections.kind, strict=True)
    ],
    bool,
  )


def _areas(boxes: HostArray) -> HostArray:
  """Areas ``[...]`` of boxes ``[..., 4]``."""
  return np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1)


def _pool(arrays: Sequence[HostArray], dtype: type[np.generic]) -> HostArray:
  """Concatenates arrays, of which there may be none."""
  return np.concatenate([np.zeros(0, dtype), *arrays]).astype(dtype)
