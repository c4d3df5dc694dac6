"""Scores named sets of boxes the way DeepPCB's benchmark does.

truth = benchmark_files.read_ground_truth('gt.zip')
detections = benchmark_files.read_detections('submission.zip')
scoring.score_set(truth, detections, iou_threshold=0.33, class_aware=True)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zeroshot.evaluate import average_precision, matching
from zeroshot.types import Boxes

NO_BOXES = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())


def score_set(
  truth: Mapping[str, Boxes],
  detections: Mapping[str, Boxes],
  *,
  iou_threshold: float = 0.33,
  class_aware: bool = True,
) -> dict[str, float]:
  """The benchmark's four metrics.

  Args:
    truth: ground truth of each picture, by name.
    detections: detections by the same names; a picture without an entry has
      none, and its ground truth is missed.
    iou_threshold: a match needs an IoU strictly over it.
    class_aware: whether the kinds of a pair must agree.

  Returns:
    ``precision``, ``recall``, ``hmean`` and ``AP``, in [0, 1]; NaN where
    undefined.

  Raises:
    ValueError: there is no picture, or detections name an unknown one.
  """
  if not truth:
    raise ValueError('the ground truth holds no picture; give at least one')
  unknown = sorted(set(detections) - set(truth))
  if unknown:
    raise ValueError(
      f'detections of unknown pictures: {", ".join(unknown[:5])}'
      f' ({len(unknown)} in all); the ground truth has no such names'
    )
  metrics = average_precision.summarise(
    matching.match_set(
      list(truth.values()),
      [detections.get(name, NO_BOXES) for name in truth],
      iou_threshold=iou_threshold,
      class_aware=class_aware,
    )
  )
  return {
    'precision': metrics.precision,
    'recall': metrics.recall,
    'hmean': metrics.f_score,
    'AP': metrics.ap,
  }
