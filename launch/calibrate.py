"""Calibrates confidences and chooses the threshold; writes a weights file.

  python -m launch.calibrate --config=configs/default.py --workdir=runs/mine \
      --references='good/*.png' --out=calibrated.safetensors
  python -m launch.calibrate --config=configs/default.py --weights=procedural \
      --good_pairs=good.csv --out=calibrated.safetensors
  python -m launch.calibrate --config=configs/photographs.py \
      --workdir=runs/photos --pairs=drawn/relief_harder/manifest.jsonl,\
  drawn/good_harder/manifest.jsonl --pairs=real.csv --out=calibrated.safetensors

No labelled defect is needed. The calibration from scores to probabilities is
fitted on synthetic pairs, whose differences are known. The threshold is chosen
on pictures of good parts, each against simulated retakes of itself: the
smallest that keeps false boxes to ``calibrate.false_boxes_per_pair``. Both are
stored with the weights, and so are the settings of ``detect`` that they are
valid for.

``--good_pairs`` lists real pairs of good parts, photographed as the tests will
be: a manifest without a box. They choose the threshold alone; the calibration
of the weights stays as it is.

``--pairs`` lists labelled pairs, drawn by ``launch.draw_benchmark`` or real. It
is given once for each kind of pairs, each time with manifests that are
separated by commas: of pairs with differences, and without. They choose both;
of boxes at 0.9 nine in ten are then true on each kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.experiments import (
  calibration,
  good_pairs,
  loading,
  pair_calibration,
)
from zeroshot.runtime import cli, json_text
from zeroshot.weights import files


def main(argv: Sequence[str]) -> None:
  """Calibrates, writes the weights and prints the calibration."""
  del argv
  cli.show_log_lines()
  options, config = flags.FLAGS, flags.FLAGS.config
  weights = loading.load(
    config, workdir=options.workdir, weights=options.weights
  )
  if weights.parameters is None:
    raise ValueError(
      f'--weights={options.weights} has no file to store a calibration in; '
      'give a trained network'
    )
  if weights.two_tone is not None:
    raise ValueError(
      f'--weights={options.weights} stands for two networks, and a file holds '
      f'one; give one of {", ".join(files.members(options.weights))}'
    )
  given = (options.references, options.good_pairs, options.pairs)
  if sum(map(bool, given)) != 1:
    raise ValueError(
      "give either --references='*.png', --good_pairs=FILE or --pairs=FILE"
    )
  calibration.check_out(Path(options.out))
  if options.pairs:
    pools = pair_calibration.read(options.pairs)
    stored = pair_calibration.calibrate(config, weights, pools)
  elif options.good_pairs is not None:
    pairs = good_pairs.read(options.good_pairs)
    stored = good_pairs.calibrate(config, weights, pairs)
  else:
    references = calibration.list_references(options.references)
    calibration.check(config, references)
    stored = calibration.calibrate(config, weights, references)
  files.save(options.out, calibration.with_calibration(config, weights, stored))
  print(json_text.to_json(stored))


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
  flags.DEFINE_multi_string(
    'pairs',
    [],
    'Instead: manifests of labelled pairs of one kind, by commas; repeatable.',
  )
  flags.DEFINE_string('out', None, 'Weights file to write.', required=True)
  cli.run(main)
