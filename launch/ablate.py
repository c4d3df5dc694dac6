"""Runs a table of ablations, row by row; run the same command to go on.

  python -m launch.ablate --config=configs/ablations.py --workdir=DIR \
      --config.root=PCBDATA --config.bank=backgrounds.npz [--config.only=base]

Each training and each evaluation is a command of its own. Below ``--workdir``
lie ``trainings/``, ``rows/ROW/seedN/VIEW/``, the ``logs/`` of all commands, and
``table.md`` and ``table.json``, written anew after each evaluation. What is
finished is not repeated. Where settings have changed since, it is: an
evaluation is run again, a training begins in a folder of its own. The table
shows all rows of the config, whatever ``only`` says.

Any number of processes may share one ``--workdir``, on one machine or on many:
each takes what no other has in hand. ``--shard=i/n`` keeps a process to the
i-th of n parts, counted from 0, as for a job array of Slurm:

  sbatch --array=0-7 --wrap='srun python -m launch.ablate ARGUMENTS \
      --shard=$SLURM_ARRAY_TASK_ID/8'

Exit status: 0, all is there, or in the hands of another process, which is
named; 1, something failed; 130, interrupted from the keyboard; 75, stopped by
SIGTERM. After any of them the same command goes on.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from absl import flags, logging
from ml_collections import config_flags

from zeroshot.runtime import cli, provenance
from zeroshot.studies.ablation import claims, runs, shards
from zeroshot.studies.ablation import plan as ablation_plan
from zeroshot.studies.ablation import report as ablation_report
from zeroshot.studies.ablation.claims import Outcome
from zeroshot.studies.ablation.shards import Shard


def main(argv: Sequence[str]) -> None:
  """Plans, runs what is missing, and ends with what failed."""
  del argv
  cli.show_log_lines()
  signal.signal(signal.SIGTERM, _stop)
  shard = shards.parse(flags.FLAGS.shard)
  config, workdir = flags.FLAGS.config, Path(flags.FLAGS.workdir)
  plan = ablation_plan.build_plan(config, workdir=workdir)
  path = config_flags.get_config_filename(flags.FLAGS['config'])
  header = ablation_report.describe(config, plan, path=path)
  go = functools.partial(ablate, run=runs.run_module, shard=shard)
  try:
    outcome = go(plan, workdir=workdir, header=header)
  except runs.Stopped:
    _leave(os.EX_TEMPFAIL, 'stopped; the same command goes on from here')
  except KeyboardInterrupt:
    _leave(130, 'stopped; the same command goes on from here')
  if outcome.running:
    print('\n'.join(['others are still running:', *outcome.running]))
  if outcome.failures:
    lines = ['these failed:', *map(ablation_report.tell, outcome.failures)]
    _leave(1, '\n'.join(lines))
  print(f'no failures; the table is {workdir / "table.md"}')


def ablate(
  plan: ablation_plan.Plan,
  *,
  workdir: Path,
  header: Mapping[str, Any],
  run: runs.Run,
  shard: Shard = shards.WHOLE,
) -> Outcome:
  """Runs what is missing of the wanted rows, and keeps the table up to date.

  Args:
    plan: what there is to run.
    workdir: folder of the ablation.
    header: of ``ablation_report.describe``.
    run: runs a command.
    shard: the part that is to be run here.

  Returns:
    What failed, and what others are at; the rest is done.
  """
  runner = runs.Runner(workdir / 'logs', provenance.label(header), run)
  report = functools.partial(
    ablation_report.write, plan, workdir=workdir, header=header
  )
  wanted = shards.wanted(plan)
  mine = shards.deal(wanted, shard)
  logging.info(
    'shard %d of %d: %d of %d evaluations',
    *(shard.part, shard.num_parts, len(mine), len(wanted)),
  )
  report()
  steps = claims.Steps(
    train=functools.partial(runs.train, runner=runner),
    evaluate=functools.partial(runs.evaluate, runner=runner),
    report=report,
  )
  return claims.work(mine, steps)


def _stop(*unused: object) -> NoReturn:
  """Handles SIGTERM."""
  del unused
  raise runs.Stopped


def _leave(status: int, message: str) -> NoReturn:
  print(message, file=sys.stderr)
  sys.exit(status)


if __name__ == '__main__':
  cli.define_config_flag()
  flags.DEFINE_string('workdir', None, 'Folder of it all.', required=True)
  flags.DEFINE_string(
    'shard',
    shards.ALL,
    'Part i of n to run here, as i/n with 0 <= i < n.',
  )
  cli.run(main)
