"""Writes the parameters of a run to one safetensors file.

  python -m launch.export_weights --workdir=runs/default --out=w.safetensors

``launch.evaluate`` takes it as ``--weights``. A run that trained a pair head
alone keeps the calibration of the weights that it started from: their scores
are its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import flags
from flax import traverse_util

from launch import command
from zeroshot import checkpoints
from zeroshot.model.siamese import HEAD
from zeroshot.weights import files


def main(argv: Sequence[str]) -> None:
  """Copies the newest checkpoint's parameters, or those of ``--step``."""
  del argv
  found = files.Weights(
    *checkpoints.load_parameters(flags.FLAGS.workdir, flags.FLAGS.step)
  )
  kept = inherited_calibration(found)
  files.save(flags.FLAGS.out, found._replace(calibration=kept))
  source = f', calibrated as {_start(found)!r}' if kept else ''
  print(f'{flags.FLAGS.out}: parameters of step {found.step}{source}')


def inherited_calibration(weights: files.Weights) -> dict[str, Any] | None:
  """The calibration of the weights that a run started from, if it still holds.

  Args:
    weights: of the run.

  Returns:
    The calibration; None where the run started from nothing, from what has
    none, or changed anything but the pair head.

  Raises:
    ValueError: the weights that it started from cannot be read.
  """
  if not _start(weights):
    return None
  start = files.load(_start(weights))
  old, new = (
    {
      name: value
      for name, value in traverse_util.flatten_dict(one.parameters).items()
      if name[0] != HEAD
    }
    for one in (start, weights)
  )
  same = old.keys() == new.keys() and all(
    np.array_equal(old[name], new[name]) for name in old
  )
  return start.calibration if same else None


def _start(weights: files.Weights) -> str:
  """Name or path of the weights that a run started from; '' for none."""
  return str(weights.config['train'].get('init_weights', ''))


if __name__ == '__main__':
  flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
  flags.DEFINE_string('out', None, 'File to write.', required=True)
  flags.DEFINE_integer('step', None, 'Of the checkpoint; default: newest.')
  command.run(main)
