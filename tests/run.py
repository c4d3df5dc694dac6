"""Sets up the environment and runs the tests, slow ones included.

  python3 tests/run.py                 # everything
  python3 tests/run.py -m 'not slow'   # whatever follows goes to pytest

Needs nothing but Python 3.11 or newer: see launch/environment.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
  """Runs pytest on the arguments and returns its exit code."""
  sys.path.insert(0, str(ROOT))
  from launch import environment

  environment.enter('cpu', 'test')
  import pytest

  os.chdir(ROOT)
  return pytest.main(sys.argv[1:])


if __name__ == '__main__':
  sys.exit(main())
