"""Each group by weights that never saw it; run the same command to go on.

  python -m launch.leave_one_out --config=configs/transfer.py --workdir=DIR \
      --config.labelled.root=PCBData [--only=group44000,group50600]

For each group of the labelled pairs a network is trained on all others, but for
one that decides when to stop, see ``config.leave_one_out``. It and
``--init_weights`` as they are, by the settings of configs/default.py, are
evaluated on the group's pairs, as they are and with the references moved.
``--workdir`` gets ``runs/`` and ``records/``, see ``zeroshot/studies/runs.py``,
and ``leave_one_out.md`` and ``leave_one_out.json``, rewritten after each run.
With ``--only`` two processes can share the work: the tables are made of all
records.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from configs import default
from zeroshot.runtime import cli
from zeroshot.studies import command, leave_one_out


def main(argv: Sequence[str]) -> None:
  """Plans, runs what is missing and says where the table is."""
  del argv
  command.run_study(
    functools.partial(leave_one_out.run, default_config=default.get_config()),
    table='leave_one_out.md',
  )


if __name__ == '__main__':
  cli.define_config_flag()
  command.define_flags()
  cli.run(main)
