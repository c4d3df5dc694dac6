"""Average precision of each kind, and their mean, as PASCAL VOC counts them.

  metrics = voc.summarise(truth, detections, iou_threshold=0.33)
  metrics.kinds['open'].ap, metrics.mean_ap

For people who come from other detectors. It departs from DeepPCB's benchmark in
three things: each kind is ranked and averaged alone, a detection looks for its
truth (and not a truth for its detection), and precision is interpolated.
Source: M. Everingham et al., "The PASCAL visual object classes challenge: a
retrospective", IJCV 111, 2015; the rules are those of 2010 and later. But for
one: VOC matches at an IoU of 0.5 and more, this strictly over any threshold.

Notation:
  N  detections, G ground-truth boxes, of a picture or pooled over the set
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from zeroshot.detect.boxes import select
from zeroshot.evaluate import kinds, matching
from zeroshot.evaluate.metrics import JsonFields
from zeroshot.types import Boxes, HostArray


@dataclasses.dataclass(frozen=True)
class KindMetrics(JsonFields):
  """Metrics of the boxes of one kind.

  Attributes:
    ap: in [0, 1]; NaN without ground truth.
    num_ground_truth: ground-truth boxes of the kind.
    num_detections: detections of the kind.
  """

  ap: float
  num_ground_truth: int
  num_detections: int


class VocMetrics(NamedTuple):
  """Average precision as VOC counts it.

  Attributes:
    kinds: metrics of each of ``kinds.names``.
    mean_ap: mean AP of the kinds that have ground truth; NaN without any.
  """

  kinds: Mapping[str, KindMetrics]
  mean_ap: float


def summarise(
  truth: Sequence[Boxes], detections: Sequence[Boxes], *, iou_threshold: float
) -> VocMetrics:
  """AP of each kind and the mean of them.

  Args:
    truth: the ground truth of each picture.
    detections: the detections of the same pictures, in the same order, with the
      confidence to rank by.
    iou_threshold: a match needs an IoU strictly over it; in [0, 1).
  """
  by_kind = {
    kind: _summarise_kind(
      [select(boxes, kinds.is_kind(boxes, kind)) for boxes in truth],
      [select(boxes, kinds.is_kind(boxes, kind)) for boxes in detections],
      iou_threshold=iou_threshold,
    )
    for kind in kinds.names([*truth, *detections])
  }
  defined = [kind.ap for kind in by_kind.values() if kind.num_ground_truth]
  return VocMetrics(
    kinds=by_kind,
    mean_ap=float(np.mean(defined)) if defined else float('nan'),
  )


def interpolated_ap(
  confidence: HostArray, correct: HostArray, *, num_truth: int
) -> float:
  """Area under the envelope of the precision-recall curve.

  The envelope is the highest precision at this recall or a higher one; the
  area is exact, over all points, and not sampled at eleven of them. Equal
  confidences keep the given order.

  Args:
    confidence: ``[N]``, of the pooled detections of one kind.
    correct: bool ``[N]``.
    num_truth: ground-truth boxes of that kind.

  Returns:
    AP in [0, 1]; NaN where there is no ground truth.
  """
  if num_truth == 0:
    return float('nan')
  order = np.argsort(-np.asarray(confidence, np.float64), kind='stable')
  hit = np.asarray(correct, bool)[order]
  precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
  envelope = np.maximum.accumulate(precision[::-1])[::-1]
  # Each correct one moves recall on by 1 / num_truth.
  return float(envelope[hit].sum() / num_truth)


def judge_picture(
  truth: HostArray,
  detections: HostArray,
  confidence: HostArray,
  *,
  iou_threshold: float,
) -> HostArray:
  """Judges the detections of one picture, all of one kind.

  Each has one candidate, the truth that it overlaps best (the first of equal
  ones), and is correct if it does so enough and is the most confident one to
  do so: a second hit on the same truth is false, and does not fall back on
  another.

  Args:
    truth: boxes ``[G, 4]``.
    detections: boxes ``[N, 4]``.
    confidence: ``[N]``; equal ones keep their order.
    iou_threshold: in [0, 1); a match needs strictly more.

  Returns:
    Bool ``[N]``.
  """
  correct = np.zeros(len(detections), bool)
  if not len(truth):
    return correct
  iou = matching.iou_matrix(truth, detections)  # [G, N]
  order = np.argsort(-np.asarray(confidence, np.float64), kind='stable')
  order = order[iou.max(axis=0)[order] > iou_threshold]
  _, first = np.unique(iou.argmax(axis=0)[order], return_index=True)
  correct[order[first]] = True
  return correct


def _summarise_kind(
  truth: Sequence[Boxes], detections: Sequence[Boxes], *, iou_threshold: float
) -> KindMetrics:
  """The metrics of one kind, from its boxes alone."""
  correct = [
    judge_picture(
      annotated.xyxy,
      detected.xyxy,
      detected.confidence,
      iou_threshold=iou_threshold,
    )
    for annotated, detected in zip(truth, detections, strict=True)
  ]
  hit = np.concatenate([np.zeros(0, bool), *correct])
  confidence = np.concatenate(
    [np.zeros(0), *(boxes.confidence for boxes in detections)]
  )
  num_truth = sum(len(boxes.xyxy) for boxes in truth)
  return KindMetrics(
    ap=interpolated_ap(confidence, hit, num_truth=num_truth),
    num_ground_truth=num_truth,
    num_detections=len(hit),
  )
