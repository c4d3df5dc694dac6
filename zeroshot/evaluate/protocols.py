"""Scores one set of detections under several protocols, side by side.

  figures = protocols.evaluate_detections(
    results,
    iou_threshold=0.33,
    box_margin_px={'official': 9, 'shrunk': 3, 'as_published': 3, 'coco': 9},
    bootstrap_samples=1000,
    seed=0,
  )
  figures['official']['ap']

``official`` is DeepPCB's benchmark with one class; ``shrunk`` takes the ground
truth at half its sides; ``as-published`` moreover ranks by the answer, as the
paper's authors did, and is there for comparison alone; ``coco`` is COCO's AP.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from zeroshot.detect.boxes import select
from zeroshot.evaluate import (
  average_precision,
  box_shapes,
  coco,
  intervals,
  matching,
)
from zeroshot.evaluate.reliability import reliability
from zeroshot.types import Boxes, HostArray

_NUM_BINS = 10  # of the reliability diagram


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
    class_aware: the kinds of a pair must agree.
    by_coco: scored by pycocotools; nothing but ``margin`` applies.
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
  'shrunk': Protocol(margin='shrunk', shrink_truth=True),
  'as-published': Protocol(
    margin='as_published',
    shrink_truth=True,
    rank_by_truth=True,
    note='oracle-ranked, as published',
  ),
  'coco': Protocol(margin='coco', by_coco=True),
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
    iou_threshold: of all protocols but ``coco``; a match needs strictly more.
    box_margin_px: for each ``margin`` of ``PROTOCOLS``, pixels on every side.
    bootstrap_samples: resampled sets of the interval; 0 leaves it NaN.
    seed: of the bootstrap.
    threshold: confidence from which a box is worth a look; None is not known.

  Returns:
    For each protocol ``ap``, ``precision``, ``recall``, ``f_score`` (with every
    detection submitted), ``num_images``, ``num_ground_truth``,
    ``num_detections``, and a ``note`` where there is one. ``official`` also
    ``ap_50``, ``ap_75``, ``max_recall``, ``interval_95`` and ``groups``, and
    where there is a threshold ``at_threshold``: ``threshold``, ``precision``,
    ``recall``, ``f_score`` and ``num_detections`` with the boxes from it on;
    and ``reliability``, the fields of ``reliability.Reliability`` as lists;
    ``coco`` also ``ap_50``. Undefined is NaN: ``json_text.to_json`` writes it.

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
  if protocol.by_coco:
    return coco.summarise(truth, found)

  def judge(iou: float, least: float = 0.0) -> matching.Matches:
    kept = [select(boxes, boxes.confidence >= least) for boxes in found]
    return matching.match_set(
      truth, kept, iou_threshold=iou, class_aware=protocol.class_aware
    )

  matches = judge(iou_threshold)
  figures: dict[str, Any] = dict(average_precision.summarise(matches))
  if protocol.detailed:
    figures['ap_50'] = average_precision.summarise(judge(0.5))['ap']
    figures['ap_75'] = average_precision.summarise(judge(0.75))['ap']
    if threshold is not None:
      summary = average_precision.summarise(judge(iou_threshold, threshold))
      names = ('precision', 'recall', 'f_score', 'num_detections')
      figures['at_threshold'] = {
        'threshold': threshold,
        **{name: summary[name] for name in names},
      }
    groups = [picture.group for picture in pictures]
    figures |= _details(matches, groups=groups, samples=samples, seed=seed)
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


def _details(
  matches: matching.Matches, *, groups: Sequence[str], samples: int, seed: int
) -> dict[str, Any]:
  """Highest recall, interval of AP, and the figures of each group."""
  recall = average_precision.precision_recall_curve(matches).recall
  low, high = intervals.bootstrap_ap(matches, samples=samples, seed=seed)
  group_of = np.asarray(groups)
  return {
    'max_recall': float(recall[-1])
    if recall.size
    else average_precision.ratio(0, int(matches.num_truth.sum())),
    'interval_95': [low, high],
    'reliability': {
      name: np.asarray(value).tolist()
      for name, value in reliability(
        matches.confidence, matches.correct, num_bins=_NUM_BINS
      )
      ._asdict()
      .items()
    },
    'groups': {
      str(group): average_precision.summarise(_part(matches, group_of == group))
      for group in np.unique(group_of)
    },
  }


def _part(matches: matching.Matches, wanted: HostArray) -> matching.Matches:
  """The matches of some pictures, given as bool ``[P]``."""
  rows = wanted[matches.picture]
  return matching.Matches(
    confidence=matches.confidence[rows],
    correct=matches.correct[rows],
    picture=(np.cumsum(wanted) - 1)[matches.picture[rows]],
    num_truth=matches.num_truth[wanted],
  )
