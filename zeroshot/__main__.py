"""The command line again, as ``python -m zeroshot``."""

from __future__ import annotations

import sys

from zeroshot.commands import main

if __name__ == '__main__':
  sys.exit(main.main())
