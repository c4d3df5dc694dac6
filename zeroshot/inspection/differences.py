"""The differences of one pair as boxes, and which of them count.

candidates = to_boxes(detection, least)
verdict, boxes = judge(candidates, threshold=0.5)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zeroshot.detect.detector import Detection
from zeroshot.inspection.least_size import LeastSize
from zeroshot.types import SIGNS, Boxes, JsonObject

SAME, DIFFERENT = 'same', 'different'  # verdicts


class Box(NamedTuple):
  """A difference.

  Attributes:
    x1: left side, pixels; the box covers ``x1 <= x < x2``.
    y1: upper side.
    x2: right side.
    y2: lower side.
    confidence: in [0, 1], calibrated where the weights are.
    kind: a word, ``'difference'`` where the kind is not known.
    size_px: longer side of the smallest rectangle, turned anyhow, round the
      pixels that differ; of a splinter its length, however it lies.
    size_mm: the same in millimetres; None without a scale.
    area_px: number of the pixels that differ.
    sign: ``'lighter'`` or ``'darker'`` than the reference, or ``'colour'``
      where the colour differs more than the lightness.
    severity: confidence times contrast times ``size_px``: of two differences
      of one confidence the larger and stronger comes first. The contrast, in
      [0, 1], is how far the pixels differ in the channel where they differ
      most.
  """

  x1: float
  y1: float
  x2: float
  y2: float
  confidence: float
  kind: str
  size_px: float
  size_mm: float | None
  area_px: float
  sign: str
  severity: float

  def to_dict(self) -> JsonObject:
    """The box as JSON, rounded to its meaningful digits."""
    sides = {name: round(getattr(self, name), 1) for name in self._fields[:4]}
    return {
      **sides,
      'confidence': round(self.confidence, 4),
      'kind': self.kind,
      'size_px': round(self.size_px, 1),
      'size_mm': None if self.size_mm is None else float(f'{self.size_mm:.4g}'),
      'area_px': round(self.area_px),
      'sign': self.sign,
      'severity': round(self.severity, 3),
    }


def check_threshold(threshold: float | None, default: float = 0.0) -> float:
  """Returns a threshold; None is the default.

  Raises:
    ValueError: it is not in [0, 1].
  """
  if threshold is None:
    return default
  if not 0 <= threshold <= 1:
    raise ValueError(f'the threshold is {threshold}; give one in [0, 1]')
  return float(threshold)


def judge(
  candidates: tuple[Box, ...], threshold: float, min_size_px: float = 0.0
) -> tuple[str, tuple[Box, ...]]:
  """The verdict at a threshold, and the boxes that reach it and a size."""
  boxes = tuple(
    box
    for box in candidates
    if box.confidence >= threshold and box.size_px >= min_size_px
  )
  return DIFFERENT if boxes else SAME, boxes


def to_boxes(detection: Detection, least: LeastSize) -> tuple[Box, ...]:
  """Converts arrays to boxes; unrounded, so that thresholds are exact.

  Args:
    detection: of a pair. Sizes are measured to its ``pixel_px``: a box that
      is smaller than the least size by that much alone is kept.
    least: smaller boxes are left out.
  """
  detections = detection.boxes
  measured = detections.measures
  assert measured is not None
  rows = zip(
    detections.xyxy.tolist(),
    detections.confidence.tolist(),
    detections.kind,
    *(column.tolist() for column in measured),
    strict=True,
  )
  return tuple(
    Box(
      *(xyxy[0], xyxy[1], xyxy[2], xyxy[3]),
      confidence,
      kind,
      size_px=size_px,
      size_mm=least.to_mm(size_px),
      area_px=area_px,
      sign=SIGNS[sign],
      severity=confidence * contrast * size_px,
    )
    for xyxy, confidence, kind, size_px, area_px, contrast, sign in rows
    if size_px >= least.px - detection.pixel_px
  )


def to_arrays(boxes: tuple[Box, ...]) -> Boxes:
  """Converts boxes to arrays, without what was measured of them."""
  return Boxes(
    np.array([box[:4] for box in boxes], np.float32).reshape(-1, 4),
    np.array([box.confidence for box in boxes], np.float32),
    tuple(box.kind for box in boxes),
  )
