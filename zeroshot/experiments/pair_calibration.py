"""Calibrates confidences on labelled pairs: drawn ones and real ones.

  pools = pair_calibration.read(['drawn.jsonl,good.jsonl', 'real.jsonl'])
  stored = pair_calibration.calibrate(config, weights, pools)

A pool is pairs of one kind, with differences and without. Slope and offset are
fitted to the boxes of all pools, each pool counting as much. The offset is then
lowered until in each pool nine in ten of the boxes at 0.9 are true. Boxes are
judged as by ``evaluate.froc``. The threshold is chosen on the pairs without a
difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import ml_collections
import numpy as np
from absl import logging

from zeroshot.data import faults, manifest, readable
from zeroshot.data.manifest import LabelledPair
from zeroshot.detect import calibration
from zeroshot.detect.detector import build_detector
from zeroshot.evaluate import defect_free, froc
from zeroshot.experiments import good_pairs, loading
from zeroshot.inspection.could_not_align import CouldNotAlignError
from zeroshot.inspection.detector import Detector
from zeroshot.types import HostArray, JsonObject
from zeroshot.weights import files


class Pool(NamedTuple):
  """Labelled pairs of one kind.

  Attributes:
    name: its manifests, as given.
    pairs: of them; some have a difference and some have none.
  """

  name: str
  pairs: Sequence[LabelledPair]


class _Judged(NamedTuple):
  """The boxes of one pair: confidences ``[K]``, and which are true, bool."""

  confidence: HostArray
  correct: HostArray
  is_good: bool


def read(lists: Sequence[str]) -> list[Pool]:
  """Reads pools.

  Args:
    lists: for each pool its manifests, separated by commas.

  Raises:
    ValueError: see ``manifest.read_manifest``; pictures cannot be read, or a
      pool has no pair with a difference or none without (all are named).
  """
  pools = [
    Pool(
      names,
      [
        pair
        for path in manifest.split_names(names)
        for pair in manifest.read_manifest(path)
      ],
    )
    for names in lists
  ]
  wrong = []
  for pool in pools:
    differ = sum(bool(len(pair.truth.xyxy)) for pair in pool.pairs)
    if differ in (0, len(pool.pairs)):
      wrong.append(
        f'--pairs={pool.name}: {differ} of {len(pool.pairs)} pairs differ; '
        'give manifests of both kinds, separated by commas'
      )
  faults.refuse(wrong)
  for pool in pools:
    readable.check_pairs(pool.pairs, sizes_may_differ=True)
  return pools


def calibrate(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  pools: Sequence[Pool],
) -> JsonObject:
  """Fits slope and offset, and chooses the threshold.

  Args:
    config: the whole config.
    weights: of a trained network.
    pools: of ``read``.

  Returns:
    What ``detect.calibration.from_plain`` reads; ``pools`` has for each the
    number of boxes, of those at 0.9, and the share of the latter that is true.

  Raises:
    ValueError: boxes are all true or all false, or no threshold keeps out the
      false boxes of good pairs.
  """
  config = config.copy_and_resolve_references()
  config.detect.update(min_confidence=0.0, kinds='none')  # every box counts
  inspector = Detector(
    build_detector(loading.host_scorer(config, weights), config.detect),
    threshold=0.0,
  )
  judged = [_judge(inspector, pool) for pool in pools]
  fitted = calibration.Calibration(*_fit(judged), 0.0)
  threshold = good_pairs.choose_threshold(
    _false_confidences(judged, fitted),
    max_rate=config.calibrate.false_boxes_per_pair,
    stored=0.0,
  )
  fitted = fitted._replace(threshold=threshold)
  confidences = _false_confidences(judged, fitted)
  return {
    **fitted._asdict(),
    'defect_free_pairs': len(confidences),
    'false_boxes_per_pair': defect_free.false_boxes_per_pair(
      confidences, threshold=fitted.threshold
    ),
    'pools': {
      pool.name: _describe(pairs, fitted)
      for pool, pairs in zip(pools, judged, strict=True)
    },
  }


def _false_confidences(
  judged: Sequence[Sequence[_Judged]], fitted: calibration.Calibration
) -> list[HostArray]:
  """Those of the boxes of each good pair."""
  return [
    calibration.apply_calibration(pair.confidence, fitted)
    for pool in judged
    for pair in pool
    if pair.is_good
  ]


def _judge(inspector: Detector, pool: Pool) -> list[_Judged]:
  """The boxes of each pair that can be aligned."""
  judged = []
  for pair in pool.pairs:
    try:
      inspection = inspector.inspect(pair.reference_path, pair.test_path)
    except CouldNotAlignError as error:
      logging.warning('%s is left out: %s', pair.name, error.reason)
      continue
    rows = np.array([box[:5] for box in inspection.candidates], np.float32)
    rows = rows.reshape(-1, 5)
    hits = froc.hits(rows[:, :4], pair.truth.xyxy)  # [K, T]
    true = np.asarray(hits.any(axis=1))
    logging.info('%s: %d boxes, %d are true', pair.name, len(rows), true.sum())
    judged.append(_Judged(rows[:, 4], true, not len(pair.truth.xyxy)))
  return judged


def _fit(judged: Sequence[Sequence[_Judged]]) -> tuple[float, float]:
  """Slope and offset of the logit."""
  pools = [_pool(pairs) for pairs in judged]
  confidence, correct = map(np.concatenate, zip(*pools, strict=True))
  weight = np.concatenate(
    [np.full(len(scores), 1.0 / max(len(scores), 1)) for scores, _ in pools]
  )
  slope, offset = calibration.fit(
    confidence, correct, weight=weight * len(confidence)
  )
  sure = [calibration.sure_offset(*pool, slope=slope) for pool in pools]
  logging.info('offset %.3f, by the sure boxes of each pool %s', offset, sure)
  return slope, min(offset, *sure)


def _pool(pairs: Sequence[_Judged]) -> tuple[HostArray, HostArray]:
  """The boxes of all pairs: confidences ``[K]``, and which are true."""
  return (
    np.concatenate([np.zeros(0, np.float32), *(p.confidence for p in pairs)]),
    np.concatenate([np.zeros(0, bool), *(p.correct for p in pairs)]),
  )


def _describe(
  pairs: Sequence[_Judged], fitted: calibration.Calibration
) -> JsonObject:
  """What of a pool's boxes at 0.9 is true; None where there is no such box."""
  confidence, correct = _pool(pairs)
  is_sure = (
    calibration.apply_calibration(confidence, fitted) >= calibration.SURE
  )
  return {
    'pairs': len(pairs),
    'boxes': len(confidence),
    'true_boxes': int(correct.sum()),
    'sure_boxes': int(is_sure.sum()),
    'sure_boxes_true': float(correct[is_sure].mean())
    if is_sure.any()
    else None,
  }
