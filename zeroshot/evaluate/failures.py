"""The worst false alarms, missed defects and wrong kinds of a set.

  alarms = failures.worst_false_alarms(
    results, margin_px=6, iou_threshold=0.33, count=24
  )
  misses = failures.worst_misses(
    results, margin_px=6, iou_threshold=0.33, count=24
  )
  wrong = failures.worst_wrong_kinds(
    results, margin_px=6, iou_threshold=0.33, count=24
  )

Boxes are matched as by the ``official`` protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from zeroshot.evaluate import kinds, matching, protocols
from zeroshot.evaluate.protocols import PictureResult
from zeroshot.types import UNKNOWN_KIND, Boxes, HostArray


class Failure(NamedTuple):
  """A box without a partner, or with a partner of another kind.

  Attributes:
    name: of its picture.
    xyxy: float32 ``[4]``, pixels: a detection with its margin, clipped to the
      picture; ground truth as annotated.
    confidence: of a detection, in [0, 1], that of its kind included where
      its kind is the failure; NaN of a missed defect.
    best_iou: largest IoU with any box of the other side, matched or not, in
      [0, 1]; 0 where none touches it. A value just under the threshold shows a
      box of the wrong size; a value over it, a box whose partner is matched
      with another.
    true_kind: of the partner, where the kind is the failure; otherwise empty.
    detected_kind: of the detection; likewise.
  """

  name: str
  xyxy: HostArray
  confidence: float
  best_iou: float
  true_kind: str = ''
  detected_kind: str = ''


class _Judged(NamedTuple):
  """A picture's boxes as scored, ``G`` true ones and ``N`` detections.

  Attributes:
    name: of the picture.
    truth: ground truth.
    detections: with their margin.
    partner: int64 ``[N]``, the ground truth of each detection, or -1.
    iou: float64 ``[G, N]``.
  """

  name: str
  truth: Boxes
  detections: Boxes
  partner: HostArray
  iou: HostArray


def worst_false_alarms(
  pictures: Sequence[PictureResult],
  *,
  margin_px: float,
  iou_threshold: float,
  count: int,
) -> list[Failure]:
  """The unmatched detections of highest confidence in the whole set.

  Args:
    pictures: one result for each picture, fit for ``evaluate_detections``.
    margin_px: pixels that detections are grown by on every side.
    iou_threshold: in [0, 1); a match needs strictly more.
    count: failures to return, at most.

  Returns:
    ``count`` of them, or all where there are fewer, the most confident first;
    equal confidences keep the order of pictures and of boxes.

  Raises:
    ValueError: the count is negative, or the threshold out of range.
  """
  _check(iou_threshold, count)
  alarms = [
    Failure(
      name=judged.name,
      xyxy=judged.detections.xyxy[index],
      confidence=float(judged.detections.confidence[index]),
      best_iou=float(judged.iou[:, index].max(initial=0)),
    )
    for judged in _judge(pictures, margin_px, iou_threshold)
    for index in range(len(judged.partner))
    if judged.partner[index] < 0
  ]
  return sorted(alarms, key=lambda alarm: -alarm.confidence)[:count]


def worst_misses(
  pictures: Sequence[PictureResult],
  *,
  margin_px: float,
  iou_threshold: float,
  count: int,
) -> list[Failure]:
  """The ground truth that no detection matches, the worst first.

  The smallest best IoU goes first: defects that no detection touches, then
  those with ever larger overlap. Of equal IoU the largest area goes first.

  Args:
    pictures: one result for each picture, fit for ``evaluate_detections``.
    margin_px: pixels that detections are grown by on every side.
    iou_threshold: in [0, 1); a match needs strictly more.
    count: failures to return, at most.

  Returns:
    ``count`` of them, or all where there are fewer; those of equal area too
    keep the order of pictures and of boxes.

  Raises:
    ValueError: the count is negative, or the threshold out of range.
  """
  _check(iou_threshold, count)
  misses = [
    Failure(
      name=judged.name,
      xyxy=judged.truth.xyxy[index],
      confidence=float('nan'),
      best_iou=float(judged.iou[index].max(initial=0)),
    )
    for judged in _judge(pictures, margin_px, iou_threshold)
    for index in range(len(judged.truth.xyxy))
    if index not in judged.partner
  ]
  return sorted(misses, key=lambda miss: (miss.best_iou, -_area(miss)))[:count]


def worst_wrong_kinds(
  pictures: Sequence[PictureResult],
  *,
  margin_px: float,
  iou_threshold: float,
  count: int,
) -> list[Failure]:
  """The matched detections of a wrong kind, the most confident first.

  A kind of ``'difference'`` is unknown, not wrong.

  Args:
    pictures: one result for each picture, fit for ``evaluate_detections``.
    margin_px: pixels that detections are grown by on every side.
    iou_threshold: in [0, 1); a match needs strictly more.
    count: failures to return, at most.

  Returns:
    ``count`` of them, or all where there are fewer, ordered by the confidence
    of ``kinds.rank_by_kind``, the highest first; equal ones keep the order of
    pictures and of boxes.

  Raises:
    ValueError: the count is negative, or the threshold out of range.
  """
  _check(iou_threshold, count)
  wrong = [
    Failure(
      name=judged.name,
      xyxy=judged.detections.xyxy[index],
      confidence=float(kinds.rank_by_kind(judged.detections).confidence[index]),
      best_iou=float(judged.iou[:, index].max(initial=0)),
      true_kind=judged.truth.kind[judged.partner[index]],
      detected_kind=judged.detections.kind[index],
    )
    for judged in _judge(pictures, margin_px, iou_threshold)
    for index in range(len(judged.partner))
    if _has_wrong_kind(judged, index)
  ]
  return sorted(wrong, key=lambda one: -one.confidence)[:count]


def _has_wrong_kind(judged: _Judged, index: int) -> bool:
  """Whether a detection has a partner of another kind."""
  kind = judged.detections.kind[index].casefold()
  if judged.partner[index] < 0 or kind == UNKNOWN_KIND:
    return False
  return kind != judged.truth.kind[judged.partner[index]].casefold()


def _judge(
  pictures: Sequence[PictureResult], margin_px: float, iou_threshold: float
) -> Iterator[_Judged]:
  """Drops boxes of the invalid area, adds the margin, matches."""
  for picture in pictures:
    kept = protocols.drop_invalid(picture)
    truth = kept.truth
    detections = protocols.detections_as_annotated(kept, margin_px=margin_px)
    partner = matching.match_picture(
      truth.xyxy,
      detections.xyxy,
      detections.confidence,
      iou_threshold=iou_threshold,
    )
    iou = matching.iou_matrix(truth.xyxy, detections.xyxy)
    yield _Judged(picture.name, truth, detections, partner, iou)


def _area(failure: Failure) -> float:
  """Square pixels of its box."""
  x1, y1, x2, y2 = failure.xyxy.tolist()
  return (x2 - x1) * (y2 - y1)


def _check(iou_threshold: float, count: int) -> None:
  if not 0 <= iou_threshold < 1:
    raise ValueError(f'iou_threshold is {iou_threshold}; give one in [0, 1)')
  if count < 0:
    raise ValueError(f'count is {count}; give 0 or more')
