"""Sets up the environment and runs the tests, slow ones included.

  python3 tests/run.py                 # everything
  python3 tests/run.py -m 'not slow'   # whatever follows goes to pytest

Needs nothing but Python 3.11 or newer: see zeroshot/runtime/environment.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_WORKERS = 4


def main() -> int:
  """Runs pytest on the arguments and returns its exit code."""
  sys.path.insert(0, str(ROOT))
  from zeroshot.runtime import environment

  environment.enter('cpu', 'test')
  import pytest

  os.chdir(ROOT)
  # One worker more than cores, since many tests wait for processes that they
  # start, but no more than memory bears (about 3 GB each); a file stays on one
  # worker, whose fixtures and compiled programs its tests share.
  workers = min((os.cpu_count() or 1) + 1, MAX_WORKERS)
  shared_out = ['--numprocesses', str(workers), '--dist', 'loadfile']
  # In the order of tests/conftest.py; else those with most tests come first.
  shared_out += ['--no-loadscope-reorder']
  # Where xdist replaces a worker that died, loadfile waits for ever at the end.
  shared_out += ['--max-worker-restart', '0']
  return pytest.main([*shared_out, *sys.argv[1:]])


if __name__ == '__main__':
  sys.exit(main())
