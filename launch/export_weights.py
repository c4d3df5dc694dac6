"""Writes the parameters of a run to one safetensors file.

  python -m launch.export_weights --workdir=runs/default --out=w.safetensors

``launch.evaluate`` takes it as ``--weights``. A run that trained a pair head
alone keeps the calibration of the weights that it started from: their scores
are its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from zeroshot import runs
from zeroshot.experiments import setup
from zeroshot.runtime import cli
from zeroshot.weights import files


def main(argv: Sequence[str]) -> None:
  """Copies the newest checkpoint's parameters, or those of ``--step``."""
  del argv
  found = files.Weights(
    *runs.load_parameters(flags.FLAGS.workdir, flags.FLAGS.step)
  )
  weights = setup.with_calibration(found)
  files.save(flags.FLAGS.out, weights)
  known = ', calibrated as where it started' if weights.calibration else ''
  print(f'{flags.FLAGS.out}: parameters of step {found.step}{known}')


if __name__ == '__main__':
  flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
  flags.DEFINE_string('out', None, 'File to write.', required=True)
  flags.DEFINE_integer('step', None, 'Of the checkpoint; default: newest.')
  cli.run(main)
