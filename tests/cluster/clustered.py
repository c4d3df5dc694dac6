"""``zeroshot inspect`` on a cluster, with small batches and no network.

python -m tests.cluster.clustered --manifest=pairs.csv --out=out ...
"""

from __future__ import annotations

import os
import sys
import time

from tests.cluster import lists
from zeroshot.cluster import actor, rows
from zeroshot.commands import main

_BATCH_S = 0.5  # at least, so that there is time to kill what has one in hand


class Judge(actor.Judge):
  """Without a network; it dies of rows that are named so."""

  def __init__(self, job, done):
    actor.load_detector = lists.differencing
    super().__init__(job, done)

  def __call__(self, batch):
    time.sleep(_BATCH_S)
    if 'deadly' in batch['name']:
      os.abort()
    return super().__call__(batch)


if __name__ == '__main__':
  rows.BATCH_ROWS = 2
  actor.Judge = Judge
  sys.exit(main.main(['inspect', '--engine=ray', *sys.argv[1:]]))
