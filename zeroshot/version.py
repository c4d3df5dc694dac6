"""The version of this package."""

from __future__ import annotations

import importlib.metadata

# As pip knows it: the name zeroshot is another project's on the package index.
DISTRIBUTION = 'zeroshot-inspection'


def version() -> str:
  """Of this package; ``'unknown'`` where it is not installed."""
  try:
    return importlib.metadata.version(DISTRIBUTION)
  except importlib.metadata.PackageNotFoundError:
    return 'unknown'
