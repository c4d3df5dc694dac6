"""The version of this package."""

from __future__ import annotations

import importlib.metadata


def version() -> str:
  """Of this package; ``'unknown'`` where it is not installed."""
  try:
    return importlib.metadata.version('zeroshot')
  except importlib.metadata.PackageNotFoundError:
    return 'unknown'
