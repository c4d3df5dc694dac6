"""Calibrates confidences and chooses the threshold; writes a weights file.

  python -m launch.calibrate --config=configs/default.py --workdir=runs/mine \
      --references='good/*.png' --out=calibrated.safetensors
  python -m launch.calibrate --config=configs/default.py --weights=default \
      --good_pairs=good.csv --out=calibrated.safetensors

No defect is needed. What a confidence is worth is learned on synthetic pairs,
whose differences are known; from which confidence on a box is worth a look, on
pictures of good parts alone, each against second takes of itself: the least
that keeps false boxes to ``calibrate.false_boxes_per_pair``. Both are stored
with the weights, and so are the settings of ``detect`` that they hold for.

``--good_pairs`` lists real second takes, good parts photographed as tests will
be: a manifest without a box. They choose the threshold alone, what a confidence
is worth stays as it is.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ml_collections
import numpy as np
from absl import flags, logging

from zeroshot.data import bank as bank_files
from zeroshot.data import pictures, readable
from zeroshot.detect import calibration
from zeroshot.evaluate import defect_free
from zeroshot.evaluate.synthetic import judged_boxes
from zeroshot.experiments import good_pairs, loading
from zeroshot.runtime import cli, json_text
from zeroshot.train import resume
from zeroshot.types import HostArray
from zeroshot.weights import files


def main(argv: Sequence[str]) -> None:
  """Fits, chooses, writes and prints what was found."""
  del argv
  cli.show_log_lines()
  options, config = flags.FLAGS, flags.FLAGS.config
  weights = loading.load(
    config, workdir=options.workdir, weights=options.weights
  )
  if weights.parameters is None:
    raise ValueError(
      '--weights=classical has no file to store a calibration in; give a '
      'trained network'
    )
  if (options.references is None) == (options.good_pairs is None):
    raise ValueError("give either --references='*.png' or --good_pairs=FILE")
  check_out(Path(options.out))
  if options.good_pairs is not None:
    pairs = good_pairs.read(options.good_pairs)
    found = good_pairs.calibrate(config, weights, pairs)
  else:
    references = list_references(options.references)
    check(config, references)
    found = calibrate(config, weights, references)
  files.save(options.out, with_calibration(config, weights, found))
  print(json_text.to_json(found))


def with_calibration(
  config: ml_collections.ConfigDict,
  weights: files.Weights,
  found: dict[str, Any],
) -> files.Weights:
  """The weights with a calibration, and the settings that it holds for."""
  detect = resume.plain_config(config)['detect']
  return weights._replace(
    calibration=found, config={**weights.config, 'detect': detect}
  )


def check_out(out: Path) -> None:
  """Refuses what would fail only at the end, after minutes of work.

  Raises:
    ValueError: the folder of ``--out`` is missing.
  """
  if not out.absolute().parent.is_dir():
    raise ValueError(f'--out={out}: its folder does not exist; make it first')


def check(
  config: ml_collections.ConfigDict, references: Sequence[Path]
) -> None:
  """Refuses pictures that are too few to show the wanted rate of false boxes.

  Raises:
    ValueError: they are.
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
) -> dict[str, Any]:
  """Fits the calibration, then chooses the threshold.

  Args:
    config: the whole config.
    weights: of a trained network.
    references: pictures of good parts.

  Returns:
    What ``calibration.from_plain`` reads, and what it was found on.

  Raises:
    ValueError: pictures cannot be read (all such are named), or the bank.
  """
  readable.check_pictures(references)
  settings = config.calibrate
  config = config.copy_and_resolve_references()
  config.detect.min_confidence = 0.0  # all boxes count, sure or not
  confidence, correct = judge_synthetic(config, weights)
  slope, offset = calibration.fit(confidence, correct)
  fitted = calibration.Calibration(slope, offset, threshold=0.0)
  logging.info('%s on %d boxes of synthetic pairs', fitted, len(correct))
  takes = defect_free.false_confidences(
    (
      pictures.read_picture(path)
      for path in references
      for _ in range(settings.takes)
    ),
    loading.build_detector(
      config, weights._replace(calibration=fitted._asdict())
    ),
    seed=config.seed,
    nuisances=config.eval.second_take.to_dict(),
  )
  threshold = defect_free.threshold_for(
    takes, false_boxes_per_pair=settings.false_boxes_per_pair
  )
  return {
    **fitted._replace(threshold=threshold)._asdict(),
    'synthetic_boxes': len(correct),
    'synthetic_precision': float(np.mean(correct)),
    'defect_free_pairs': len(takes),
    'false_boxes_per_pair': defect_free.false_boxes_per_pair(
      takes, threshold=threshold
    ),
  }


def judge_synthetic(
  config: ml_collections.ConfigDict, weights: files.Weights
) -> tuple[HostArray, HostArray]:
  """Uncalibrated boxes on synthetic pairs; see ``synthetic.judged_boxes``."""
  path = config.synthesis.bank
  return judged_boxes(
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
  found: set[Path] = set()
  for pattern in patterns.split(','):
    matched = glob.glob(pattern)
    if not matched:
      raise ValueError(
        f"--references: {pattern!r} matches no file; quote patterns ('*.png')"
      )
    found |= {Path(name) for name in matched}
  return sorted(found)


if __name__ == '__main__':
  cli.define_config_flag()
  loading.define_flags()
  flags.DEFINE_string(
    'references',
    None,
    'Pictures of good parts: paths or patterns, separated by commas.',
  )
  flags.DEFINE_string(
    'good_pairs', None, 'Instead: a manifest of pairs without a defect.'
  )
  flags.DEFINE_string('out', None, 'Weights file to write.', required=True)
  cli.run(main)
