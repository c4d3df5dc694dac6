"""Trains a network; the same command resumes an interrupted training.

  python -m launch.train --config=configs/default.py --workdir=runs/default

Any field of the config can follow, as ``--config.train.steps=2000``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.experiments import early_stopping, labelled_sets, setup
from zeroshot.runtime import broadcast, cli, distributed
from zeroshot.train import loop, preemption


def main(argv: Sequence[str]) -> None:
  """Trains what the config describes."""
  del argv
  cli.show_log_lines()
  config = flags.FLAGS.config
  if flags.FLAGS.init_weights is not None:
    config.train.init_weights = flags.FLAGS.init_weights
  try:
    split = labelled_sets.read_split(config)
    stopping = early_stopping.build(config, flags.FLAGS.workdir, split)
    loop.train(
      config,
      setup.build_task(config, split.train),
      workdir=flags.FLAGS.workdir,
      hooks=stopping.hooks,
      stop=stopping.stop,
      allow_config_change=flags.FLAGS.allow_config_change,
    )
    if stopping.hooks and broadcast.is_first():
      best = Path(flags.FLAGS.workdir).expanduser() / early_stopping.BEST
      print(f'best on held-out groups: --weights={best}')
  except preemption.Preempted as error:
    print(error, file=sys.stderr)
    sys.exit(cli.PREEMPTED)


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_string('workdir', None, 'Folder of the run.', required=True)
  flags.DEFINE_string(
    'init_weights',
    None,
    'Weights to start from: a file, or the name of weights that ship, as '
    "'default'; the same as --config.train.init_weights.",
  )
  flags.DEFINE_bool(
    'allow_config_change',
    False,
    'Resume a run of another config; the differences are logged, and the old '
    'config is kept beside the new one.',
  )
  distributed.define_flags()
  cli.run(main, crashes_in='workdir', saves_on_sigterm=True)
