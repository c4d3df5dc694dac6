"""A server of a slow inspector, as a process of its own.

python -m tests.line.served PORT SECONDS WORKERS QUEUE
"""

from __future__ import annotations

import sys

from tests.line import parts
from zeroshot.line import app, logs, serve, settings, station


def main(port, seconds, workers, queue):
  limits = settings.Settings(workers=workers, queue=queue)
  line = station.Station([parts.Slow(seconds)], limits, logs.start(sys.stderr))
  serve.serve(app.build(line), line, host='127.0.0.1', port=port)


if __name__ == '__main__':
  main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
