"""Trains a network, or goes on training: run the same command again.

  python -m launch.train --config=configs/default.py --workdir=runs/default

Any field of the config can follow, as ``--config.train.steps=2000``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from absl import flags

from launch import command
from zeroshot import losses
from zeroshot.data import bank as bank_files
from zeroshot.model import build as model_build
from zeroshot.synthesis import pairs
from zeroshot.train import loop


def main(argv: Sequence[str]) -> None:
  """Builds the parts that the config asks for and trains them."""
  del argv
  command.show_log_lines()
  config = flags.FLAGS.config
  path = config.synthesis.bank
  try:
    loop.train(
      config,
      workdir=flags.FLAGS.workdir,
      synthesise=pairs.build_synthesis(config.synthesis),
      bank=bank_files.load_bank(path) if path else None,
      model=model_build.build_model(config.model),
      loss=losses.build_loss(config.loss),
    )
  except FloatingPointError as error:
    sys.exit(f'training stopped: {error}')


if __name__ == '__main__':
  command.define_config_flag()
  flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
  command.run(main)
