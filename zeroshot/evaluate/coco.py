"""COCO average precision, computed by pycocotools and not by us.

coco.summarise(truth, detections)  # ap, ap_50, precision, recall, ...
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import coco as pycoco
from pycocotools import cocoeval

from zeroshot.evaluate.average_precision import ratio
from zeroshot.types import Boxes

NOTE = (
  'mean AP over IoU .50:.05:.95 by pycocotools, one class, at most 100'
  ' detections of a picture; precision, recall and f_score at IoU .50'
)


def summarise(
  truth: Sequence[Boxes], detections: Sequence[Boxes]
) -> dict[str, Any]:
  """COCO's figures for one class, ``defect``.

  Args:
    truth: the ground truth of each picture.
    detections: the detections of the same pictures, in the same order.

  Returns:
    ``ap`` (mean over IoU .50:.05:.95) and ``ap_50``, interpolated as COCO does;
    ``precision``, ``recall`` and ``f_score`` of COCO's own matching at IoU .50;
    ``num_images``, ``num_ground_truth``, ``num_detections`` (those that COCO
    keeps: the 100 most confident of each picture); ``note``. Undefined is NaN.
  """
  with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints
    judge = cocoeval.COCOeval(_coco(truth), _coco(detections), 'bbox')
    judge.evaluate()
    judge.accumulate()
  most = judge.params.maxDets[-1]
  # Axes: IoU, recall, class, area range (the first is all), maxDets.
  precisions = judge.eval['precision'][:, :, 0, 0, -1]  # [10, 101]
  num_correct = sum(
    int(np.count_nonzero(picture['dtMatches'][0]))
    for picture in judge.evalImgs[: len(truth)]  # area range all comes first
    if picture is not None
  )
  num_truth = sum(len(boxes.xyxy) for boxes in truth)
  num_detections = sum(min(len(boxes.xyxy), most) for boxes in detections)
  return {
    'ap': _mean(precisions),
    'ap_50': _mean(precisions[0]),
    'precision': ratio(num_correct, num_detections),
    'recall': ratio(num_correct, num_truth),
    'f_score': ratio(2 * num_correct, num_detections + num_truth),
    'num_images': len(truth),
    'num_ground_truth': num_truth,
    'num_detections': num_detections,
    'note': NOTE,
  }


def _coco(pictures: Sequence[Boxes]) -> pycoco.COCO:
  """Boxes of pictures 1, 2, ... as a COCO data set of one category."""
  rows = [
    (image, box, confidence)
    for image, boxes in enumerate(pictures, start=1)
    for box, confidence in zip(boxes.xyxy, boxes.confidence, strict=True)
  ]
  data = pycoco.COCO()
  data.dataset = {
    'images': [{'id': i} for i in range(1, len(pictures) + 1)],
    'categories': [{'id': 1, 'name': 'defect'}],
    'annotations': [
      {
        'id': index,  # from 1: pycocotools takes 0 for no match
        'image_id': image,
        'category_id': 1,
        'bbox': [float(x1), float(y1), float(x2 - x1), float(y2 - y1)],
        'area': float((x2 - x1) * (y2 - y1)),
        'iscrowd': 0,
        'score': float(confidence),
      }
      for index, (image, (x1, y1, x2, y2), confidence) in enumerate(
        rows, start=1
      )
    ],
  }
  data.createIndex()
  return data


def _mean(precisions: np.ndarray) -> float:
  """Mean of the precisions that are defined; pycocotools marks others -1."""
  known = precisions[precisions > -1]
  return float(known.mean()) if known.size else float('nan')
