"""COCO average precision, computed by pycocotools and not by us.

coco.summarise(truth, detections).ap
coco.summarise(truth, detections, by_kind=True)  # mean over the kinds
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Sequence

import numpy as np
from pycocotools import coco as pycoco
from pycocotools import cocoeval

from zeroshot.evaluate import kinds
from zeroshot.evaluate.average_precision import ratio
from zeroshot.evaluate.metrics import JsonFields
from zeroshot.types import Boxes

_NOTE = (
  'mean AP over IoU .50:.05:.95 by pycocotools, {}; precision, recall and'
  ' f_score at IoU .50'
)
_NOTE_ONE_CLASS = _NOTE.format('one class, at most 100 detections of a picture')
_NOTE_BY_KIND = _NOTE.format(
  'mean over the kinds, at most 100 detections of each kind of a picture'
)
_ONE = ('defect',)


@dataclasses.dataclass(frozen=True)
class CocoMetrics(JsonFields):
  """COCO's metrics of a set of pictures; undefined is NaN.

  Attributes:
    ap: mean over IoU .50:.05:.95, interpolated as COCO does.
    ap_50: AP at IoU .50.
    precision: of COCO's own matching at IoU .50, as the following two.
    recall: see ``precision``.
    f_score: see ``precision``.
    num_images: pictures of the set.
    num_ground_truth: ground-truth boxes.
    num_detections: those that COCO keeps, the 100 most confident of each
      picture, or of each kind of a picture where each kind is a class.
    note: what readers of the metrics have to know.
  """

  ap: float
  ap_50: float
  precision: float
  recall: float
  f_score: float
  num_images: int
  num_ground_truth: int
  num_detections: int
  note: str


def summarise(
  truth: Sequence[Boxes], detections: Sequence[Boxes], *, by_kind: bool = False
) -> CocoMetrics:
  """COCO's metrics for one class, ``defect``, or for each kind.

  Args:
    truth: the ground truth of each picture.
    detections: the detections of the same pictures, in the same order, with the
      confidence to rank by.
    by_kind: whether each kind is a class of its own. The APs are then means
      over the kinds that have ground truth: as COCO has it, a detection of any
      other kind costs precision alone.
  """
  classes = kinds.names([*truth, *detections]) if by_kind else _ONE
  with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints
    judge = cocoeval.COCOeval(
      _coco(truth, classes), _coco(detections, classes), 'bbox'
    )
    judge.evaluate()
    judge.accumulate()
  # Axes: IoU, recall, class, area range (the first is all), maxDets.
  precisions = judge.eval['precision'][..., 0, -1]  # [10, 101, classes]
  num_correct, num_detections = _counts(judge)
  num_truth = sum(len(boxes.xyxy) for boxes in truth)
  return CocoMetrics(
    ap=_mean(precisions),
    ap_50=_mean(precisions[0]),
    precision=ratio(num_correct, num_detections),
    recall=ratio(num_correct, num_truth),
    f_score=ratio(2 * num_correct, num_detections + num_truth),
    num_images=len(truth),
    num_ground_truth=num_truth,
    num_detections=num_detections,
    note=_NOTE_BY_KIND if by_kind else _NOTE_ONE_CLASS,
  )


def _counts(judge: cocoeval.COCOeval) -> tuple[int, int]:
  """Detections that match at IoU .50, and all that COCO keeps."""
  every_area = judge.params.areaRng[0]
  judged = [one for one in judge.evalImgs if one and one['aRng'] == every_area]
  num_correct = sum(np.count_nonzero(one['dtMatches'][0]) for one in judged)
  return int(num_correct), sum(len(one['dtIds']) for one in judged)


def _coco(pictures: Sequence[Boxes], classes: Sequence[str]) -> pycoco.COCO:
  """Boxes of pictures 1, 2, ... as a COCO data set of categories 1, 2, ..."""
  rows = [
    (image, box, confidence, _category(kind, classes))
    for image, boxes in enumerate(pictures, start=1)
    for box, confidence, kind in zip(
      boxes.xyxy, boxes.confidence, boxes.kind, strict=True
    )
  ]
  data = pycoco.COCO()
  data.dataset = {
    'images': [{'id': i} for i in range(1, len(pictures) + 1)],
    'categories': [
      {'id': index, 'name': name} for index, name in enumerate(classes, 1)
    ],
    'annotations': [
      {
        'id': index,  # from 1: pycocotools takes 0 for no match
        'image_id': image,
        'category_id': category,
        'bbox': [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
        'area': float((x2 - x1) * (y2 - y1)),
        'iscrowd': 0,
        'score': float(confidence),
      }
      for index, (image, (x1, y1, x2, y2), confidence, category) in enumerate(
        rows, start=1
      )
    ],
  }
  data.createIndex()
  return data


def _category(kind: str, classes: Sequence[str]) -> int:
  """Number of a kind, from 1; all are one where there is one class."""
  return 1 if len(classes) == 1 else 1 + classes.index(kind.casefold())


def _mean(precisions: np.ndarray) -> float:
  """Mean of the precisions that are defined; pycocotools marks others -1."""
  known = precisions[precisions > -1]
  return float(known.mean()) if known.size else float('nan')
