"""What a detailed protocol says beyond its AP, precision and recall.

details.summarise(judge, 0.33, groups=groups, samples=1000, seed=0)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zeroshot.evaluate import average_precision, intervals, matching
from zeroshot.evaluate.reliability import reliability
from zeroshot.types import HostArray

_NUM_BINS = 10  # of the reliability diagram
_NUM_POINTS = 200  # of the curve of precision and recall, at most


def summarise(
  judge: Callable[[float], matching.Matches],
  iou_threshold: float,
  *,
  groups: Sequence[str],
  samples: int,
  seed: int,
) -> dict[str, Any]:
  """AP at other IoUs, its interval, and the figures of each group.

  Args:
    judge: matches the set at an IoU threshold.
    iou_threshold: of all but ``ap_50`` and ``ap_75``.
    groups: board group of each picture.
    samples: resampled sets of the interval; 0 leaves it NaN.
    seed: of the bootstrap.

  Returns:
    ``ap_50``, ``ap_75``, ``max_recall``, ``interval_95``, ``pr_curve`` (the
    fields of ``average_precision.Curve`` as lists, thinned), ``reliability``
    (the fields of ``reliability.Reliability`` as lists) and ``groups`` (for
    each the figures of ``average_precision.summarise``). Undefined is NaN.
  """
  matches = judge(iou_threshold)
  curve = average_precision.precision_recall_curve(matches)
  points = average_precision.thin(curve, num_points=_NUM_POINTS)
  low, high = intervals.bootstrap_ap(matches, samples=samples, seed=seed)
  bins = reliability(matches.confidence, matches.correct, num_bins=_NUM_BINS)
  group_of = np.asarray(groups)
  return {
    'ap_50': average_precision.summarise(judge(0.5))['ap'],
    'ap_75': average_precision.summarise(judge(0.75))['ap'],
    'max_recall': float(curve.recall[-1])
    if curve.recall.size
    else average_precision.ratio(0, int(matches.num_truth.sum())),
    'interval_95': [low, high],
    'pr_curve': _as_lists(points._asdict()),
    'reliability': _as_lists(bins._asdict()),
    'groups': {
      str(group): average_precision.summarise(_part(matches, group_of == group))
      for group in np.unique(group_of)
    },
  }


def at_threshold(
  matches: matching.Matches, threshold: float
) -> dict[str, float | int]:
  """The figures of the boxes that are worth a look.

  Args:
    matches: of the boxes from the threshold on, and no others.
    threshold: the confidence that they have at least.

  Returns:
    ``threshold``, ``precision``, ``recall``, ``f_score``, ``num_detections``.
  """
  figures = average_precision.summarise(matches)
  names = ('precision', 'recall', 'f_score', 'num_detections')
  return {'threshold': threshold, **{name: figures[name] for name in names}}


def _as_lists(fields: Mapping[str, Any]) -> dict[str, Any]:
  """Arrays as lists, NumPy's numbers as Python's."""
  return {name: np.asarray(value).tolist() for name, value in fields.items()}


def _part(matches: matching.Matches, wanted: HostArray) -> matching.Matches:
  """The matches of some pictures, given as bool ``[P]``."""
  rows = wanted[matches.picture]
  return matching.Matches(
    confidence=matches.confidence[rows],
    correct=matches.correct[rows],
    picture=(np.cumsum(wanted) - 1)[matches.picture[rows]],
    num_truth=matches.num_truth[wanted],
  )
