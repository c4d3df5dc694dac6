"""Creates the locked environment, ``.venv``, from a bare Python.

  python3 launch/environment.py cpu dev

The words are extras of pyproject.toml. See zeroshot/runtime/environment.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == '__main__':
  sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
  from zeroshot.runtime import environment

  environment.prepare(*sys.argv[1:])
