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

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.experiments import calibration, good_pairs, loading
from zeroshot.runtime import cli, json_text
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
  calibration.check_out(Path(options.out))
  if options.good_pairs is not None:
    pairs = good_pairs.read(options.good_pairs)
    found = good_pairs.calibrate(config, weights, pairs)
  else:
    references = calibration.list_references(options.references)
    calibration.check(config, references)
    found = calibration.calibrate(config, weights, references)
  files.save(options.out, calibration.with_calibration(config, weights, found))
  print(json_text.to_json(found))


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
