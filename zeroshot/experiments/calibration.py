"""Calibrates confidences and chooses the threshold without labelled defects.

stored = calibration.calibrate(config, weights, references)
weights = calibration.with_calibration(config, weights, stored)
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

import ml_collections
import numpy as np
from absl import logging

from zeroshot.data import bank as bank_files
from zeroshot.data import pictures, readable
from zeroshot.detect.calibration import Calibration, fit
from zeroshot.evaluate import defect_free
from zeroshot.evaluate.retakes import RetakeRanges
from zeroshot.evaluate.synthetic import judge_boxes
from zeroshot.experiments import loading
from zeroshot.run_config import compatibility
from zeroshot.types import HostArray, JsonObject
from zeroshot.weights import files


def with_calibration(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  calibration: JsonObject,
) -> files.Weights:
  """The weights with a calibration and the settings that it is valid for."""
  detect = compatibility.plain_config(config)['detect']
  return weights._replace(
    calibration=calibration, config={**weights.config, 'detect': detect}
  )


def check_out(out: Path) -> None:
  """Raises ValueError for an output file that cannot be written.

  Raises:
    ValueError: the folder of ``--out`` is missing.
  """
  if not out.absolute().parent.is_dir():
    raise ValueError(f'--out={out}: its folder does not exist; make it first')


def check(
  config: ml_collections.ConfigDict, references: Sequence[Path]
) -> None:
  """Raises ValueError for too few pictures to show the allowed rate.

  Raises:
    ValueError: fewer than ``calibrate.false_boxes_per_pair`` needs.
  """
  settings = config.calibrate
  allowed = defect_free.allowed_false_boxes(
    len(references) * settings.takes,
    false_boxes_per_pair=settings.false_boxes_per_pair,
  )
  if allowed < 1:
    raise ValueError(
      f'{len(references)} pictures taken {settings.takes} times cannot show a '
      f'rate of {settings.false_boxes_per_pair} false boxes a pair; give more '
      '--references or a larger --config.calibrate.takes'
    )


def calibrate(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  references: Sequence[Path],
) -> JsonObject:
  """Fits the calibration, then chooses the threshold.

  Args:
    config: the whole config.
    weights: of a trained network.
    references: pictures of good parts.

  Returns:
    What ``detect.calibration.from_plain`` reads, and the data that it comes
    from.

  Raises:
    ValueError: pictures (all such are named) or the bank cannot be read.
  """
  readable.check_pictures(references)
  settings = config.calibrate
  config = config.copy_and_resolve_references()
  config.detect.min_confidence = 0.0  # every box counts
  confidence, correct = judge_synthetic(config, weights)
  slope, offset = fit(confidence, correct)
  fitted = Calibration(slope, offset, threshold=0.0)
  logging.info('%s on %d boxes of synthetic pairs', fitted, len(correct))
  confidences = defect_free.false_confidences(
    (
      pictures.read_picture(path)
      for path in references
      for _ in range(settings.takes)
    ),
    loading.build_detector(
      config, weights._replace(calibration=fitted._asdict())
    ),
    seed=config.seed,
    ranges=RetakeRanges(**config.eval.second_take),
  )
  threshold = defect_free.threshold_for(
    confidences, false_boxes_per_pair=settings.false_boxes_per_pair
  )
  return {
    **fitted._replace(threshold=threshold)._asdict(),
    'synthetic_boxes': len(correct),
    'synthetic_precision': float(np.mean(correct)),
    'defect_free_pairs': len(confidences),
    'false_boxes_per_pair': defect_free.false_boxes_per_pair(
      confidences, threshold=threshold
    ),
  }


def judge_synthetic(
  config: ml_collections.ConfigDict, weights: files.Weights
) -> tuple[HostArray, HostArray]:
  """Uncalibrated boxes on synthetic pairs; see ``synthetic.judge_boxes``."""
  path = config.synthesis.bank
  return judge_boxes(
    loading.build_detector(config, weights._replace(calibration=None)),
    bank_files.load_bank(path) if path else None,
    config=config.synthesis,
    num_pairs=config.calibrate.synthetic_pairs,
    seed=config.seed,
  )


def list_references(patterns: str) -> list[Path]:
  """The files that comma-separated patterns match, sorted.

  Raises:
    ValueError: a pattern matches nothing.
  """
  paths: set[Path] = set()
  for pattern in patterns.split(','):
    matched = glob.glob(pattern)
    if not matched:
      raise ValueError(
        f"--references: {pattern!r} matches no file; quote patterns ('*.png')"
      )
    paths |= {Path(name) for name in matched}
  return sorted(paths)
