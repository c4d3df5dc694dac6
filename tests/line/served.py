"""A server whose inspector waits for a file, as a process of its own.

python -m tests.line.served GATE WORKERS QUEUE
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.line import parts
from zeroshot.line import app, logs, serve, settings, station


class Waiting(parts.OnePart):
  """Waits until a file is there."""

  def __init__(self, gate):
    super().__init__()
    self._gate = gate

  def inspect(self, test, *, threshold=None):
    while not self._gate.exists():
      time.sleep(0.02)
    return super().inspect(test, threshold=threshold)


def main(gate, workers, queue):
  limits = settings.Settings(workers=workers, queue=queue, timeout_s=600)
  line = station.Station([Waiting(gate)], limits, logs.start(sys.stderr))
  serve.serve(app.build(line), line, host='127.0.0.1', port=0)


if __name__ == '__main__':
  main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
