"""Scores one set of detections under several protocols, side by side.

  figures = protocols.evaluate_detections(
    results,
    iou_threshold=0.33,
    box_margin_px={'official': 9, 'shrunk': 3, 'as_published': 3, 'coco': 9},
    bootstrap_samples=1000,
    seed=0,
  )
  figures['official']['ap']

``official`` is DeepPCB's benchmark with one class, ``official-6`` with its six;
``shrunk`` takes the ground truth at half its sides; ``as-published`` moreover
ranks by the answer, as the paper's authors did, and is there for comparison
alone; ``coco`` is COCO's AP of one class, ``coco-6`` the mean of six.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

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
from zeroshot.types import Boxes, HostArray


class PictureResult(NamedTuple):
  """What was found in one picture, and what there is.

  Attributes:
    name: unique in the set.
    group: board group, for figures by group.
    height: of the picture, in pixels.
    width: of the picture, in pixels.
    truth: boxes as annotated.
    detections: boxes as found, without any margin.
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


@dataclasses.dataclass(frozen=True)
class Protocol:
  """How a protocol departs from the plain benchmark.

  Attributes:
    margin: entry of ``box_margin_px`` that its detections are grown by.
    shrink_truth: ground truth at half its sides.
    rank_by_truth: a detection's confidence is its best IoU with the truth.
    class_aware: the kinds of a pair must agree, and detections are ranked by
      ``kinds.rank_by_kind``; a kind of ``'difference'`` is always wrong.
    by_coco: scored by pycocotools; ``margin`` and ``class_aware`` alone apply.
    detailed: with AP at other IoUs, its interval and figures by group.
    note: what a reader of the figures has to know.
  """

  margin: str
  shrink_truth: bool = False
  rank_by_truth: bool = False
  class_aware: bool = False
  by_coco: bool = False
  detailed: bool = False
  note: str = ''


PROTOCOLS: Mapping[str, Protocol] = {
  'official': Protocol(margin='official', detailed=True),
  'official-6': Protocol(margin='official', class_aware=True, detailed=True),
  'shrunk': Protocol(margin='shrunk', shrink_truth=True),
  'as-published': Protocol(
    margin='as_published',
    shrink_truth=True,
    rank_by_truth=True,
    note='oracle-ranked, as published',
  ),
  'coco': Protocol(margin='coco', by_coco=True),
  'coco-6': Protocol(margin='coco', class_aware=True, by_coco=True),
}


def evaluate_detections(
  pictures: Sequence[PictureResult],
  *,
  iou_threshold: float,
  box_margin_px: Mapping[str, float],
  bootstrap_samples: int,
  seed: int,
  threshold: float | None = None,
) -> dict[str, dict[str, Any]]:
  """All protocols on one set.

  Boxes, true or found, that lie more than half outside a picture's valid area
  are dropped first, before any margin, so that every protocol sees the same
  ones. Each protocol then gives the detections its own margin, see
  ``box_shapes.as_annotated``.

  Args:
    pictures: one result for each picture of the set.
    iou_threshold: of all protocols but COCO's; a match needs strictly more.
    box_margin_px: for each ``margin`` of ``PROTOCOLS``, pixels on every side.
    bootstrap_samples: resampled sets of the interval; 0 leaves it NaN.
    seed: of the bootstrap.
    threshold: confidence from which a box is worth a look; None is not known.

  Returns:
    For each protocol ``ap``, ``precision``, ``recall``, ``f_score`` (with every
    detection submitted), ``num_images``, ``num_ground_truth``,
    ``num_detections``, and a ``note`` where there is one. The detailed ones,
    ``official`` and ``official-6``, also what ``details.summarise`` returns
    and, where there is a threshold, ``at_threshold``: ``threshold``,
    ``precision``, ``recall``, ``f_score`` and ``num_detections`` with the boxes
    from it on, whatever their kind. ``official-6`` also what ``voc.summarise``
    and ``kinds.summarise`` return, and ``voc_mean_ap_50`` at VOC's own IoU;
    ``coco`` and ``coco-6`` also ``ap_50``. Undefined is NaN:
    ``json_text.to_json`` writes it.

  Raises:
    ValueError: no picture, a name twice, a mask of another size, a margin
      missing or unknown, or a setting out of range.
  """
  _check(pictures, box_margin_px)
  kept = [drop_invalid(picture) for picture in pictures]
  return {
    name: _score(
      kept,
      protocol,
      iou_threshold=iou_threshold,
      margin_px=box_margin_px[protocol.margin],
      samples=bootstrap_samples,
      seed=seed,
      threshold=threshold,
    )
    for name, protocol in PROTOCOLS.items()
  }


def _score(
  pictures: Sequence[PictureResult],
  protocol: Protocol,
  *,
  iou_threshold: float,
  margin_px: float,
  samples: int,
  seed: int,
  threshold: float | None,
) -> dict[str, Any]:
  """The figures of one protocol."""
  truth, found = _prepare(pictures, protocol, margin_px=margin_px)
  ranked = [kinds.rank_by_kind(b) if protocol.class_aware else b for b in found]
  if protocol.by_coco:
    return coco.summarise(truth, ranked, by_kind=protocol.class_aware)

  def judge(iou: float, least: float = 0.0) -> matching.Matches:
    kept = [
      select(boxes, plain.confidence >= least)
      for boxes, plain in zip(ranked, found, strict=True)
    ]
    return matching.match_set(
      truth, kept, iou_threshold=iou, class_aware=protocol.class_aware
    )

  figures: dict[str, Any] = dict(
    average_precision.summarise(judge(iou_threshold))
  )
  if protocol.detailed:
    figures |= details.summarise(
      judge,
      iou_threshold,
      groups=[picture.group for picture in pictures],
      samples=samples,
      seed=seed,
    )
    if threshold is not None:
      figures['at_threshold'] = details.at_threshold(
        judge(iou_threshold, threshold), threshold
      )
  if protocol.class_aware:
    # Kinds are counted among the pairs of the one-class protocol.
    figures |= kinds.summarise(truth, found, iou_threshold=iou_threshold)
    figures |= voc.summarise(truth, ranked, iou_threshold=iou_threshold)
    at_50 = voc.summarise(truth, ranked, iou_threshold=0.5)
    figures['voc_mean_ap_50'] = at_50['voc_mean_ap']
  if protocol.note:
    figures['note'] = protocol.note
  return figures


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
  wanted = {protocol.margin for protocol in PROTOCOLS.values()}
  if wanted != set(box_margin_px):
    raise ValueError(
      f'box_margin_px has {sorted(box_margin_px)}; give {sorted(wanted)}'
    )


def drop_invalid(picture: PictureResult) -> PictureResult:
  """The picture without the boxes, true or found, in its invalid area.

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
    truth=box_shapes.inside(picture.truth, picture.valid),
    detections=box_shapes.inside(picture.detections, picture.valid),
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


def _prepare(
  pictures: Sequence[PictureResult], protocol: Protocol, *, margin_px: float
) -> tuple[list[Boxes], list[Boxes]]:
  """Ground truth and detections as the protocol wants them."""
  truth = [picture.truth for picture in pictures]
  found = [detections_as_annotated(p, margin_px=margin_px) for p in pictures]
  if protocol.class_aware:
    truth = [kinds.clear_kinds(boxes) for boxes in truth]
  if protocol.shrink_truth:
    truth = [box_shapes.shrunk(boxes) for boxes in truth]
  if protocol.rank_by_truth:
    found = [
      boxes._replace(
        confidence=matching.iou_matrix(known.xyxy, boxes.xyxy).max(
          axis=0, initial=0
        )
      )
      for known, boxes in zip(truth, found, strict=True)
    ]
  return truth, found
