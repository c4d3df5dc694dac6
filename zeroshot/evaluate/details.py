"""What a detailed protocol measures beyond its AP, precision and recall.

details.summarise(
  match, 0.33, groups=groups, samples=1000, seed=0, at_threshold=None
)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from zeroshot.evaluate import average_precision, intervals, matching
from zeroshot.evaluate.average_precision import Curve
from zeroshot.evaluate.metrics import JsonFields, Metrics
from zeroshot.evaluate.reliability import Reliability, reliability
from zeroshot.types import HostArray

_NUM_BINS = 10  # of the reliability diagram
_NUM_POINTS = 200  # of the precision-recall curve, at most


@dataclasses.dataclass(frozen=True)
class OperatingPoint(JsonFields):
  """Metrics of the detections at or above a confidence threshold.

  Attributes:
    threshold: in [0, 1].
    precision: see ``Metrics``, as the following ones.
    recall: of all ground truth.
    f_score: harmonic mean of the two.
    num_detections: at or above the threshold.
  """

  threshold: float
  precision: float
  recall: float
  f_score: float
  num_detections: int


@dataclasses.dataclass(frozen=True)
class DetailedMetrics(Metrics):
  """Metrics of a detailed protocol.

  Attributes:
    ap_50: AP at an IoU over 0.5.
    ap_75: AP at an IoU over 0.75.
    max_recall: recall with every detection; NaN without ground truth.
    interval_95: bootstrap interval of the AP; NaN without resampled sets.
    pr_curve: precision and recall against the threshold, thinned.
    reliability: confidence against the share of correct detections.
    groups: metrics of each board group, by its name.
    at_threshold: metrics at the stored threshold; None where there is none.
  """

  ap_50: float
  ap_75: float
  max_recall: float
  interval_95: tuple[float, float]
  pr_curve: Curve
  reliability: Reliability
  groups: Mapping[str, Metrics]
  at_threshold: OperatingPoint | None


def summarise(
  match: Callable[[float], matching.Matches],
  iou_threshold: float,
  *,
  groups: Sequence[str],
  samples: int,
  seed: int,
  at_threshold: OperatingPoint | None,
) -> DetailedMetrics:
  """AP at several IoUs, its interval, and the metrics of each group.

  Args:
    match: matches the set at an IoU threshold.
    iou_threshold: of all but ``ap_50`` and ``ap_75``.
    groups: board group of each picture.
    samples: resampled sets of the interval; 0 leaves it NaN.
    seed: of the bootstrap.
    at_threshold: of ``operating_point``; None without a threshold.
  """
  matches = match(iou_threshold)
  curve = average_precision.precision_recall_curve(matches)
  group_of = np.asarray(groups)
  return DetailedMetrics(
    **vars(average_precision.summarise(matches)),
    ap_50=average_precision.summarise(match(0.5)).ap,
    ap_75=average_precision.summarise(match(0.75)).ap,
    max_recall=float(curve.recall[-1])
    if curve.recall.size
    else average_precision.ratio(0, int(matches.num_truth.sum())),
    interval_95=intervals.bootstrap_ap(matches, samples=samples, seed=seed),
    pr_curve=average_precision.thin(curve, num_points=_NUM_POINTS),
    reliability=reliability(
      matches.confidence, matches.correct, num_bins=_NUM_BINS
    ),
    groups={
      str(group): average_precision.summarise(
        _select_pictures(matches, group_of == group)
      )
      for group in np.unique(group_of)
    },
    at_threshold=at_threshold,
  )


def operating_point(
  matches: matching.Matches, threshold: float
) -> OperatingPoint:
  """The metrics at a threshold.

  Args:
    matches: of the detections at or above the threshold, and no others.
    threshold: their smallest confidence.
  """
  metrics = average_precision.summarise(matches)
  return OperatingPoint(
    threshold,
    metrics.precision,
    metrics.recall,
    metrics.f_score,
    metrics.num_detections,
  )


def _select_pictures(
  matches: matching.Matches, is_selected: HostArray
) -> matching.Matches:
  """The matches of some pictures, given as bool ``[P]``."""
  rows = is_selected[matches.picture]
  return matching.Matches(
    confidence=matches.confidence[rows],
    correct=matches.correct[rows],
    picture=(np.cumsum(is_selected) - 1)[matches.picture[rows]],
    num_truth=matches.num_truth[is_selected],
  )
