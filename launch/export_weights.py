"""Writes the parameters of a run to one safetensors file, and as ONNX.

  python -m launch.export_weights --workdir=runs/default --out=w.safetensors
  python -m launch.export_weights --onnx_of=w.safetensors

``launch.evaluate`` takes it as ``--weights``. A run that trained a pair head
alone keeps the calibration of the weights that it started from: their scores
are its own. The network is written beside it as ``w.onnx``, which inspection
runs on a CPU; the second form writes that file anew, for a weights file or the
name of shipped weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot import runs
from zeroshot.experiments import setup
from zeroshot.onnx_graph import model
from zeroshot.runtime import cli
from zeroshot.weights import files


def main(argv: Sequence[str]) -> None:
  """Copies the newest checkpoint's parameters, or those of ``--step``."""
  del argv
  options = flags.FLAGS
  if options.onnx_of is not None:
    if options.workdir is not None or options.out is not None:
      raise ValueError('--onnx_of goes without --workdir and --out')
    print(model.write_beside(files.find(options.onnx_of)))
    return
  if options.workdir is None or options.out is None:
    raise ValueError('give --workdir and --out, or --onnx_of')
  found = files.Weights(*runs.load_parameters(options.workdir, options.step))
  weights = setup.with_calibration(found)
  files.save(options.out, weights)
  known = ', calibrated as where it started' if weights.calibration else ''
  print(f'{options.out}: parameters of step {found.step}{known}')
  print(f'{model.write_beside(Path(options.out))}: its network')


if __name__ == '__main__':
  flags.DEFINE_string('workdir', None, 'Folder of the run.')
  flags.DEFINE_string('out', None, 'File to write.')
  flags.DEFINE_integer('step', None, 'Of the checkpoint; default: newest.')
  flags.DEFINE_string(
    'onnx_of', None, 'Weights whose ONNX file to write, in place of a run.'
  )
  cli.run(main)
