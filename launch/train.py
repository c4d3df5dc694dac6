"""Trains a network; the same command resumes an interrupted training.

  python -m launch.train --config=configs/default.py --workdir=runs/default

Any field of the config can follow, as ``--config.train.steps=2000``.
``--dry_run`` prints what a step would compute and need, and trains nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from zeroshot.experiments import early_stopping, labelled_sets, setup
from zeroshot.profiling import dry_run
from zeroshot.runtime import broadcast, cli, distributed, json_text
from zeroshot.train import loop, preemption, reports


def main(argv: Sequence[str]) -> None:
  """Trains what the config describes."""
  del argv
  cli.show_log_lines()
  config = flags.FLAGS.config
  if flags.FLAGS.init_weights is not None:
    config.train.init_weights = flags.FLAGS.init_weights
  try:
    split = labelled_sets.read_split(config)
    if flags.FLAGS.dry_run:
      task = setup.build_task(config, split.train)
      print(json_text.to_json(dry_run.describe(config, task)))
      return
    stopping = early_stopping.build(config, flags.FLAGS.workdir, split)
    loop.train(
      config,
      setup.build_task(config, split.train),
      workdir=flags.FLAGS.workdir,
      hooks=stopping.hooks,
      stop=stopping.stop,
      allow_config_change=flags.FLAGS.allow_config_change,
      reports=reports.Reports(flags.FLAGS.profile, flags.FLAGS.wandb),
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
  flags.DEFINE_bool(
    'dry_run',
    False,
    'Print the parameters, FLOPs, memory and shapes of a step as JSON; '
    'allocate and train nothing.',
  )
  flags.DEFINE_integer(
    'profile',
    0,
    'Trace so many updates into WORKDIR/profile, for XProf and Perfetto.',
    lower_bound=0,
  )
  flags.DEFINE_string(
    'wandb',
    '',
    'Project of Weights & Biases to report to as well; WANDB_MODE=offline '
    'keeps the reports in WORKDIR/wandb. Needs the extra wandb.',
  )
  distributed.define_flags()
  cli.run(main, crashes_in='workdir', saves_on_sigterm=True)
