"""Chooses the threshold on real pictures of good parts.

  pairs = good_pairs.read('good.csv')
  stored = good_pairs.calibrate(config, weights, pairs)

Unlike simulated retakes, real pairs show every harmless difference of the
user's own set-up: camera, light, mount, and the variation of good parts. Each
pair is inspected as by ``zeroshot inspect``, with the same reorientation and
the same refusals. Slope and offset stay those of the weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import ml_collections
import numpy as np
from absl import logging

from zeroshot.data import faults, manifest, readable
from zeroshot.data.manifest import LabelledPair
from zeroshot.detect import calibration, scorers
from zeroshot.detect.detector import build_detector
from zeroshot.evaluate import defect_free
from zeroshot.inspection.detector import Detector
from zeroshot.types import HostArray, JsonObject
from zeroshot.weights import files

_HIGH = 0.9  # a threshold above it hides true differences


def read(path: str) -> list[LabelledPair]:
  """Reads the pairs of a manifest, none of which may have a defect.

  Args:
    path: of the manifest; labels are not needed.

  Raises:
    ValueError: see ``manifest.read_manifest``; pictures cannot be read, or
      pairs have boxes (all such are named).
  """
  pairs = manifest.read_manifest(path, need_labels=False)
  faults.refuse(
    [
      f'{path}: {pair.test_path} has boxes; list pairs of good parts alone'
      for pair in pairs
      if len(pair.truth.xyxy)
    ]
  )
  readable.check_pairs(pairs)
  return pairs


def calibrate(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  pairs: Sequence[LabelledPair],
) -> JsonObject:
  """Chooses the threshold on pairs in which every box is false.

  Where there are enough to show ``calibrate.false_boxes_per_pair``, it is the
  smallest that keeps this rate, else a cautious one; see ``defect_free``.

  Args:
    config: the whole config.
    weights: calibrated, for slope and offset.
    pairs: of good parts.

  Returns:
    What ``calibration.from_plain`` reads, and the data that it comes from.

  Raises:
    ValueError: the weights are not calibrated, pairs cannot be inspected (all
      such are named), or no threshold keeps out the false boxes.
  """
  if weights.calibration is None:
    raise ValueError(
      'the weights are not calibrated; do so first, with --references'
    )
  config = config.copy_and_resolve_references()
  config.detect.min_confidence = 0.0  # every box counts
  fitted = calibration.from_plain(weights.calibration)
  scorer = scorers.network_scorer(config.model, weights.parameters)
  inspector = Detector(
    build_detector(scorer, config.detect, fitted), threshold=0.0
  )
  confidences = _false_confidences(inspector, pairs)
  threshold = choose_threshold(
    confidences,
    max_rate=config.calibrate.false_boxes_per_pair,
    stored=fitted.threshold,
  )
  rate = defect_free.false_boxes_per_pair(confidences, threshold=threshold)
  return {
    **weights.calibration,
    'threshold': threshold,
    'defect_free_pairs': len(pairs),
    'false_boxes_per_pair': rate,
    'false_boxes_per_pair_at_most': defect_free.highest_rate(
      round(rate * len(pairs)), len(pairs)
    ),
  }


def _false_confidences(
  inspector: Detector, pairs: Sequence[LabelledPair]
) -> list[HostArray]:
  """The confidences ``[K]`` of each pair's boxes; see ``calibrate``."""
  confidences = []
  refused = []
  for pair in pairs:
    try:
      inspection = inspector.inspect(pair.reference_path, pair.test_path)
    except ValueError as error:
      refused.append(f'{pair.test_path} cannot be inspected: {error}')
      continue
    boxes = inspection.candidates
    confidence = np.array([box.confidence for box in boxes], np.float32)
    logging.info(
      '%s: %d false boxes, the surest %.3f',
      pair.test_path,
      len(boxes),
      confidence.max(initial=0),
    )
    confidences.append(confidence)
  faults.refuse(refused)
  return confidences


def choose_threshold(
  confidences: list[HostArray], *, max_rate: float, stored: float
) -> float:
  """Chooses the threshold; logs where it is uncertain or high.

  Args:
    confidences: of the false boxes ``[K]`` of each pair.
    max_rate: false boxes a pair that are allowed.
    stored: the least threshold where there are too few pairs to show the rate.

  Raises:
    ValueError: no threshold keeps out the false boxes.
  """
  count = len(confidences)
  if defect_free.allowed_false_boxes(count, false_boxes_per_pair=max_rate) >= 1:
    threshold = defect_free.threshold_for(
      confidences, false_boxes_per_pair=max_rate
    )
  else:
    threshold = defect_free.cautious_threshold(
      confidences, min_threshold=stored
    )
    logging.warning(
      '%d pairs are too few to show %g false boxes a pair, that takes %d; the '
      'threshold keeps out all of these pairs with a margin, and up to %.2f '
      'false boxes a pair remain possible',
      count,
      max_rate,
      int(np.ceil(1 / max_rate)),
      defect_free.highest_rate(0, count),
    )
  if threshold >= 1:
    raise ValueError(
      'the surest false box has confidence 1, which no threshold keeps out; '
      'look at the pair that the log names, and take it again'
    )
  if threshold > _HIGH:
    logging.warning(
      'threshold %.3f is so high that true differences will be missed: take '
      'pictures that are more alike, see docs/own-parts.md',
      threshold,
    )
  return threshold
