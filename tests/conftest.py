"""What every test gets: four fake CPU devices, a compile cache, the data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# JAX reads these when it is imported, which no test file may do before this
# one; a command that a test starts inherits them.
os.environ['JAX_PLATFORMS'] = 'cpu'
os.environ['XLA_FLAGS'] = '--xla_force_host_platform_device_count=4'
os.environ['JAX_COMPILATION_CACHE_DIR'] = str(ROOT / '.cache' / 'jax')
os.environ['JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS'] = '0'
os.environ['JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES'] = '-1'
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '2'


@pytest.fixture(scope='session')
def shared() -> Path:
  """Folder of the real pictures and the protocol's cases; skips without.

  ``ZEROSHOT_SHARED`` names it; the default stands beside the clone.
  """
  folder = Path(os.environ.get('ZEROSHOT_SHARED', ROOT.parent / 'shared'))
  if not folder.is_dir():
    pytest.skip(f'no folder {folder}: set ZEROSHOT_SHARED to run this')
  return folder
