"""Runs a table of ablations, row by row; run the same command to go on.

  python -m launch.ablate --config=configs/ablations.py --workdir=DIR \
      --config.root=PCBDATA --config.bank=backgrounds.npz [--config.only=base]

Each training and each evaluation is a command of its own. ``--workdir`` holds
``trainings/``, ``rows/ROW/seedN/VIEW/``, the ``logs/`` of all commands, and
``table.md``, ``table.json`` and ``table.png``, rewritten after each command.
Finished commands are not repeated, unless their settings have changed: then an
evaluation is run again, and a training starts in a new folder. The table shows
all rows of the config, whatever ``only`` selects.

Any number of processes, on one machine or on many, may share a ``--workdir``:
each runs what no other is running, and waits for the rest. ``--shard=i/n``
limits a process to the i-th of n parts, counted from 0, as in a job array of
Slurm:

  sbatch --array=0-7 --wrap='srun python -m launch.ablate ARGUMENTS \
      --shard=$SLURM_ARRAY_TASK_ID/8'

Exit status: 0, all selected rows are done; 1, something failed; 130,
interrupted from the keyboard; 75, stopped by SIGTERM. After any of them the
same command goes on.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from absl import flags
from ml_collections import config_flags

from zeroshot.runtime import cli
from zeroshot.studies.ablation import child, jobs, report
from zeroshot.studies.ablation import plan as plans


def main(argv: Sequence[str]) -> None:
  """Plans, runs what is missing, and ends with what failed."""
  del argv
  cli.show_log_lines()
  signal.signal(signal.SIGTERM, _stop)
  shard = jobs.parse_shard(flags.FLAGS.shard)
  config, workdir = flags.FLAGS.config, Path(flags.FLAGS.workdir)
  plan = plans.build_plan(config, workdir=workdir)
  path = config_flags.get_config_filename(flags.FLAGS['config'])
  header = report.describe(config, plan, path=path)
  study = jobs.Study(plan, workdir, header, child.run_module)
  try:
    failures = jobs.run_jobs(study, shard)
  except child.Stopped:
    _leave(os.EX_TEMPFAIL, 'stopped; the same command goes on from here')
  except KeyboardInterrupt:
    _leave(130, 'stopped; the same command goes on from here')
  if failures:
    _leave(1, '\n'.join(['these failed:', *map(str, failures)]))
  print(f'no failures; the table is {workdir / "table.md"}')


def _stop(*unused: object) -> NoReturn:
  """Handles SIGTERM."""
  del unused
  raise child.Stopped


def _leave(status: int, message: str) -> NoReturn:
  print(message, file=sys.stderr)
  sys.exit(status)


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_string('workdir', None, 'Folder of the ablation.', required=True)
  flags.DEFINE_string(
    'shard', jobs.ALL, 'Part i of n to run here, as i/n with 0 <= i < n.'
  )
  cli.run(main)
