"""Free-response ROC: how much is found, against false boxes a picture.

  metrics = froc.measure(pictures, threshold=0.35)
  metrics.area, metrics.recall_at, metrics.told_same

For boxes that people drew by eye around what differs, an overlap of a third
would ask for too much: a truth counts as found where a box covers 30 % of the
smaller of the two, and is at most 12 times as large. A truth is padded to 12 px
first. A box that finds none is false.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zeroshot.evaluate.protocols import PictureResult
from zeroshot.types import HostArray

MAX_FALSE = 3.0  # boxes a picture, up to which the area is taken
_RATES = (0.1, 0.3, 1.0, 3.0)  # at which recall is told
_LEAST_PX = 12.0  # side of a truth
_MIN_COVER = 0.3  # of the smaller of box and truth
_MAX_RATIO = 12.0  # of the areas of box and truth


@dataclasses.dataclass(frozen=True)
class FrocMetrics:
  """How much of what differs is found.

  Attributes:
    num_pictures: of the set.
    num_good: of them, in which nothing differs.
    num_truths: boxes of what differs.
    area: mean recall from 0 to 3 false boxes a picture; None without truth.
    recall_at: by the false boxes a picture that are allowed; likewise.
    recall: at the threshold; likewise.
    false_boxes: a picture, at the threshold.
    told_same: share of the good pictures without a box at the threshold; None
      without good pictures.
    threshold: of the confidence.
  """

  num_pictures: int
  num_good: int
  num_truths: int
  area: float | None
  recall_at: Mapping[str, float] | None
  recall: float | None
  false_boxes: float
  told_same: float | None
  threshold: float

  def to_json(self) -> dict[str, Any]:
    """Plain values by the attributes' names."""
    return dataclasses.asdict(self)


def measure(
  pictures: Sequence[PictureResult], *, threshold: float
) -> FrocMetrics:
  """Scores the detections of a set.

  Args:
    pictures: with all candidates, however unsure.
    threshold: of the confidence, for the figures at one setting.

  Raises:
    ValueError: there is no picture.
  """
  if not pictures:
    raise ValueError('no picture to measure; give one at least')
  found, false, told_same = [], [], []
  for picture in pictures:
    scores = np.asarray(picture.detections.confidence, np.float64)
    matched = hits(picture.detections.xyxy, picture.truth.xyxy)  # [D, T]
    found.append(np.where(matched, scores[:, None], -1.0).max(0, initial=-1.0))
    false.append(scores[~matched.any(axis=1)])
    if not len(picture.truth.xyxy):
      told_same.append(not (scores >= threshold).any())
  best, wrong = np.concatenate(found), np.concatenate(false)
  count = len(pictures)
  return FrocMetrics(
    num_pictures=count,
    num_good=len(told_same),
    num_truths=len(best),
    area=_area(best, wrong, count) if len(best) else None,
    recall_at={
      f'{rate:g}': _recall_at(best, wrong, rate * count) for rate in _RATES
    }
    if len(best)
    else None,
    recall=float((best >= threshold).mean()) if len(best) else None,
    false_boxes=float((wrong >= threshold).sum()) / count,
    told_same=float(np.mean(told_same)) if told_same else None,
    threshold=threshold,
  )


def hits(boxes: HostArray, truths: HostArray) -> HostArray:
  """Which box finds which truth.

  Args:
    boxes: ``[D, 4]``, pixels.
    truths: ``[T, 4]``, pixels.

  Returns:
    Bool ``[D, T]``.
  """
  boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
  truths = np.asarray(truths, np.float64).reshape(-1, 4)
  missing = np.maximum(_LEAST_PX - (truths[:, 2:] - truths[:, :2]), 0.0) / 2
  truths = np.concatenate([truths[:, :2] - missing, truths[:, 2:] + missing], 1)
  low = np.maximum(boxes[:, None, :2], truths[None, :, :2])
  high = np.minimum(boxes[:, None, 2:], truths[None, :, 2:])
  shared = np.prod(np.maximum(high - low, 0.0), axis=2)
  area, truth_area = (
    np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (boxes, truths)
  )
  least = np.minimum(area[:, None], truth_area[None])
  return (shared >= _MIN_COVER * least) & (
    area[:, None] <= _MAX_RATIO * truth_area[None]
  )


def _recall_at(best: HostArray, wrong: HostArray, allowed: float) -> float:
  """Recall at the lowest threshold that lets so many false boxes through."""
  ranked = np.sort(wrong)[::-1]
  number = int(allowed)
  bar = ranked[number] if number < len(ranked) else -0.5
  return float((best > bar).mean())


def _area(best: HostArray, wrong: HostArray, count: int) -> float:
  """Mean recall over 0 to ``MAX_FALSE`` false boxes a picture."""
  most = int(MAX_FALSE * count)
  return float(np.mean([_recall_at(best, wrong, n) for n in range(most)]))
