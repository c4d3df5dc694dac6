"""Scores one set of detections under several protocols, side by side.

  metrics = protocols.evaluate_detections(
    results,
    iou_threshold=0.33,
    box_margin_px={'official': 9, 'shrunk': 3, 'as_published': 3, 'coco': 9},
    bootstrap_samples=1000,
    seed=0,
  )
  metrics.official.ap, metrics.to_json()['official-6']['kind_accuracy']

``official`` is DeepPCB's benchmark with one class, ``official-6`` with its six
kinds. ``shrunk`` halves the sides of the ground truth. ``as-published`` also
ranks detections by their IoU with the ground truth, as the paper's authors did;
it is there for comparison alone. ``coco`` is COCO's AP of one class, ``coco-6``
the mean over the kinds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from zeroshot.detect.boxes import select
from zeroshot.evaluate import (
  average_precision,
  box_shapes,
  coco,
  details,
  kinds,
  matching,
  voc,
)
from zeroshot.evaluate.details import DetailedMetrics
from zeroshot.evaluate.protocol_metrics import (
  Official6Metrics,
  ProtocolMetrics,
  PublishedMetrics,
)
from zeroshot.types import Boxes, HostArray

MARGINS = ('official', 'shrunk', 'as_published', 'coco')
_ORACLE_RANKED = 'oracle-ranked, as published'


class PictureResult(NamedTuple):
  """The detections and the ground truth of one picture.

  Attributes:
    name: unique in the set.
    group: board group, for metrics by group.
    height: of the picture, in pixels.
    width: of the picture, in pixels.
    truth: boxes as annotated.
    detections: half-open, without any margin.
    valid: 0 or 1, ``[height, width]``, 1 where both pictures have content;
      None where they have it everywhere.
  """

  name: str
  group: str
  height: int
  width: int
  truth: Boxes
  detections: Boxes
  valid: HostArray | None = None


class _Settings(NamedTuple):
  """Settings of the detailed protocols; see ``evaluate_detections``."""

  iou_threshold: float
  bootstrap_samples: int
  seed: int
  threshold: float | None


def evaluate_detections(
  pictures: Sequence[PictureResult],
  *,
  iou_threshold: float,
  box_margin_px: Mapping[str, float],
  bootstrap_samples: int,
  seed: int,
  threshold: float | None = None,
) -> ProtocolMetrics:
  """Scores one set under all protocols.

  Boxes, true or detected, that lie more than half outside a picture's valid
  area are dropped first, before any margin, so that every protocol sees the
  same ones. Each protocol then gives the detections its own margin, see
  ``box_shapes.as_annotated``.

  Args:
    pictures: one result for each picture of the set.
    iou_threshold: of all protocols but COCO's; a match needs strictly more.
    box_margin_px: for each of ``MARGINS``, pixels on every side.
    bootstrap_samples: resampled sets of the interval; 0 leaves it NaN.
    seed: of the bootstrap.
    threshold: confidence of the operating point; None leaves it out.

  Raises:
    ValueError: no picture, a name twice, a mask of another size, a margin
      missing or unknown, or a setting out of range.
  """
  _check(pictures, box_margin_px)
  pictures = [drop_invalid(picture) for picture in pictures]
  settings = _Settings(iou_threshold, bootstrap_samples, seed, threshold)
  official, shrunk, as_published, by_coco = (
    [
      detections_as_annotated(picture, margin_px=box_margin_px[margin])
      for picture in pictures
    ]
    for margin in MARGINS
  )
  truth = [picture.truth for picture in pictures]
  halved = [box_shapes.shrink(boxes) for boxes in truth]
  return ProtocolMetrics(
    official=_detail(pictures, truth, official, settings),
    official_6=_score_kinds(pictures, official, settings),
    shrunk=average_precision.summarise(
      matching.match_set(halved, shrunk, iou_threshold=iou_threshold)
    ),
    as_published=_score_as_published(halved, as_published, iou_threshold),
    coco=coco.summarise(truth, by_coco),
    coco_6=coco.summarise(
      [kinds.clear_kinds(boxes) for boxes in truth],
      [kinds.rank_by_kind(boxes) for boxes in by_coco],
      by_kind=True,
    ),
  )


def _detail(
  pictures: Sequence[PictureResult],
  truth: Sequence[Boxes],
  detections: Sequence[Boxes],
  settings: _Settings,
  *,
  class_aware: bool = False,
) -> DetailedMetrics:
  """Metrics of ``official``, or those that ``official-6`` shares with it."""
  ranked = detections
  if class_aware:
    ranked = [kinds.rank_by_kind(boxes) for boxes in detections]

  def match(iou: float, min_confidence: float = 0.0) -> matching.Matches:
    # The threshold is of the plain confidence, whatever the rank.
    kept = [
      select(boxes, plain.confidence >= min_confidence)
      for boxes, plain in zip(ranked, detections, strict=True)
    ]
    return matching.match_set(
      truth, kept, iou_threshold=iou, class_aware=class_aware
    )

  iou_threshold, samples, seed, threshold = settings
  at_threshold = None
  if threshold is not None:
    at_threshold = details.operating_point(
      match(iou_threshold, threshold), threshold
    )
  return details.summarise(
    match,
    iou_threshold,
    groups=[picture.group for picture in pictures],
    samples=samples,
    seed=seed,
    at_threshold=at_threshold,
  )


def _score_kinds(
  pictures: Sequence[PictureResult],
  detections: Sequence[Boxes],
  settings: _Settings,
) -> Official6Metrics:
  """Metrics of ``official-6``; a kind of ``'difference'`` is always wrong."""
  truth = [kinds.clear_kinds(picture.truth) for picture in pictures]
  ranked = [kinds.rank_by_kind(boxes) for boxes in detections]
  iou_threshold = settings.iou_threshold
  detailed = _detail(pictures, truth, detections, settings, class_aware=True)
  # Kinds are counted among the pairs of the one-class protocol.
  confusion = kinds.confusion(truth, detections, iou_threshold=iou_threshold)
  by_voc = voc.summarise(truth, ranked, iou_threshold=iou_threshold)
  at_50 = voc.summarise(truth, ranked, iou_threshold=0.5)
  return Official6Metrics(
    **vars(detailed),
    kind_accuracy=kinds.kind_accuracy(confusion),
    confusion=confusion,
    kinds=by_voc.kinds,
    voc_mean_ap=by_voc.mean_ap,
    voc_mean_ap_50=at_50.mean_ap,
  )


def _score_as_published(
  truth: Sequence[Boxes], detections: Sequence[Boxes], iou_threshold: float
) -> PublishedMetrics:
  """Ranks each detection by its best IoU with the ground truth."""
  ranked = [
    detected._replace(
      confidence=matching.iou_matrix(annotated.xyxy, detected.xyxy).max(
        axis=0, initial=0
      )
    )
    for annotated, detected in zip(truth, detections, strict=True)
  ]
  metrics = average_precision.summarise(
    matching.match_set(truth, ranked, iou_threshold=iou_threshold)
  )
  return PublishedMetrics(**vars(metrics), note=_ORACLE_RANKED)


def _check(
  pictures: Sequence[PictureResult], box_margin_px: Mapping[str, float]
) -> None:
  """Refuses a set that cannot be scored."""
  if not pictures:
    raise ValueError('no picture to evaluate; check eval.split and eval.groups')
  names = [picture.name for picture in pictures]
  if len(set(names)) < len(names):
    twice = sorted({name for name in names if names.count(name) > 1})
    raise ValueError(f'pictures listed twice: {", ".join(twice)}')
  if set(MARGINS) != set(box_margin_px):
    raise ValueError(
      f'box_margin_px has {sorted(box_margin_px)}; give {sorted(MARGINS)}'
    )


def drop_invalid(picture: PictureResult) -> PictureResult:
  """The picture without the boxes, true or detected, in its invalid area.

  Raises:
    ValueError: the mask is not of the picture's size.
  """
  if picture.valid is None:
    return picture
  if picture.valid.shape != (picture.height, picture.width):
    raise ValueError(
      f'{picture.name}: valid has shape {picture.valid.shape} and the picture'
      f' {(picture.height, picture.width)}; give one value for each pixel'
    )
  return picture._replace(
    truth=box_shapes.drop_invalid(picture.truth, picture.valid),
    detections=box_shapes.drop_invalid(picture.detections, picture.valid),
  )


def detections_as_annotated(
  picture: PictureResult, *, margin_px: float
) -> Boxes:
  """A picture's detections by ``box_shapes.as_annotated``."""
  return box_shapes.as_annotated(
    picture.detections,
    margin_px=margin_px,
    height=picture.height,
    width=picture.width,
  )
