"""Pooled average precision and its companions, without interpolation.

  matches = matching.match_set(truth, detections, iou_threshold=0.33)
  metrics = average_precision.summarise(matches)
  metrics.ap, metrics.precision, metrics.recall

What is undefined (precision without a detection, recall without a defect) is
NaN, never 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.evaluate.matching import Matches
from zeroshot.evaluate.metrics import Metrics
from zeroshot.types import HostArray


class Curve(NamedTuple):
  """Precision and recall as the threshold falls past each detection.

  Attributes:
    threshold: float64 ``[N]``, confidences, highest first.
    precision: float64 ``[N]``, of the detections down to this one.
    recall: float64 ``[N]``, likewise; NaN where there is no ground truth.
  """

  threshold: HostArray
  precision: HostArray
  recall: HostArray


def average_precision(
  confidence: HostArray, correct: HostArray, *, num_truth: int
) -> float:
  """Mean over the ground truth of the precision at each correct detection.

  A ground-truth box that is never found counts 0. Equal confidences keep the
  given order. It is what DeepPCB's benchmark prints as mAP: pooled over
  pictures and classes, not interpolated.

  Args:
    confidence: ``[N]``, of the pooled detections.
    correct: bool ``[N]``.
    num_truth: number of ground-truth boxes.

  Returns:
    AP in [0, 1]; NaN where there is no ground truth.
  """
  if num_truth == 0:
    return float('nan')
  order = np.argsort(-np.asarray(confidence, np.float64), kind='stable')
  ranks = 1 + np.flatnonzero(np.asarray(correct, bool)[order])
  hits = np.arange(1, len(ranks) + 1)
  return float(np.sum(hits / ranks) / num_truth)


def precision_recall_curve(matches: Matches) -> Curve:
  """Precision and recall at each threshold.

  Args:
    matches: the judged detections of a set.

  Returns:
    One point for each detection, the most confident first.
  """
  order = np.argsort(-matches.confidence, kind='stable')
  hits = np.cumsum(matches.correct[order])
  return Curve(
    threshold=matches.confidence[order],
    precision=hits / np.arange(1, len(hits) + 1),
    recall=hits / (matches.num_truth.sum() or np.nan),
  )


def thin(curve: Curve, *, num_points: int) -> Curve:
  """Fewer points of a curve, spread evenly, its first and last among them.

  Args:
    curve: of ``precision_recall_curve``.
    num_points: most points to keep, at least 2.

  Returns:
    The curve of these points alone, unchanged where it has no more.
  """
  count = len(curve.threshold)
  kept = np.linspace(0, count - 1, min(count, num_points)).astype(int)
  return Curve(*(values[kept] for values in curve))


def summarise(matches: Matches) -> Metrics:
  """The metrics of a set, with every detection submitted.

  Args:
    matches: the judged detections of the set.
  """
  num_correct = int(matches.correct.sum())
  num_detections = len(matches.correct)
  num_truth = int(matches.num_truth.sum())
  return Metrics(
    ap=average_precision(
      matches.confidence, matches.correct, num_truth=num_truth
    ),
    precision=ratio(num_correct, num_detections),
    recall=ratio(num_correct, num_truth),
    # The harmonic mean, written so that it is 0, and not undefined, where
    # only one of precision and recall is undefined.
    f_score=ratio(2 * num_correct, num_detections + num_truth),
    num_images=len(matches.num_truth),
    num_ground_truth=num_truth,
    num_detections=num_detections,
  )


def ratio(part: int, whole: int) -> float:
  """``part / whole``; NaN where ``whole`` is 0."""
  return part / whole if whole else float('nan')
