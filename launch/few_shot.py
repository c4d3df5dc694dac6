"""Accuracy against the number of labelled pairs; run the command to go on.

  python -m launch.few_shot --config=configs/transfer.py --workdir=DIR \
      --config.labelled.root=PCBData [--only=n10_seed1,all_seed0]

Sizes, seeds and the groups that are reported on, and never learned from, stand
in ``config.few_shot``. No pair at all means ``--init_weights`` as they are, by
the settings of configs/default.py. Below ``--workdir`` lie ``runs/`` and
``records/``, see ``zeroshot/studies/runs.py``, and, written anew after each
run,
``few_shot.md``, ``few_shot.json`` and ``few_shot.png``. With ``--only`` two
processes can share the work: what they write is made of all records.
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
