"""Accuracy against the number of labelled pairs; run the command to go on.

  python -m launch.few_shot --config=configs/transfer.py --workdir=DIR \
      --config.labelled.root=PCBData [--only=n10_seed1,all_seed0]

``config.few_shot`` has the sizes, the seeds and the groups that are evaluated
and never trained on. Size 0 evaluates ``--init_weights`` unchanged, with the
settings of configs/default.py. ``--workdir`` gets ``runs/`` and ``records/``,
see ``zeroshot/studies/runs.py``, and ``few_shot.md``, ``few_shot.json`` and
``few_shot.png``, rewritten after each run. With ``--only`` two processes can
share the work: the tables are made of all records.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from configs import default
from zeroshot.runtime import cli
from zeroshot.studies import command, few_shot


def main(argv: Sequence[str]) -> None:
  """Plans, runs what is missing and says where the table is."""
  del argv
  command.run_study(
    functools.partial(few_shot.run, default_config=default.get_config()),
    table='few_shot.md',
  )


if __name__ == '__main__':
  cli.define_config_flag()
  command.define_flags()
  cli.run(main)
