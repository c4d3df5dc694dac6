"""What every test gets: four fake CPU devices, a compile cache, fixtures."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import xla_flags

if TYPE_CHECKING:
  from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[1]
MAX_MAPPINGS = 20_000
MIN_COMPILED_S = 0.02  # nothing is compiled in less
# They take a minute or more, in this order.
LONGEST = (
  'tests/train/test_faults.py',
  'tests/train/test_layouts.py',
  'tests/test_readme.py',
  'tests/cluster/test_pool.py',
  'tests/launch/test_evaluate.py',
  'tests/launch/test_slurm.py',
  'tests/profiling/test_device_check.py',
  'tests/docs/test_notebooks.py',
  'tests/launch/test_train.py',
  'tests/train/test_step.py',
  'tests/test_config.py',
  'tests/launch/test_local.py',
  'tests/studies/test_few_shot.py',
  'tests/profiling/test_alignments.py',
  'tests/launch/test_calibrate.py',
  'tests/synthesis/test_pairs.py',
  'tests/synthesis/test_suites.py',
  'tests/test_dockerfile.py',
  'tests/launch/test_ablate.py',
  'tests/train/test_soak.py',
  'tests/inspection/test_sharing.py',
  'tests/commands/test_inspect_list.py',
)

# JAX reads these when it is imported, which no test file may do before this
# one; a command that a test starts inherits them.
os.environ['JAX_PLATFORMS'] = 'cpu'
os.environ['XLA_FLAGS'] = xla_flags.of(devices=4)
os.environ['JAX_COMPILATION_CACHE_DIR'] = str(ROOT / '.cache' / 'jax')
os.environ['JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS'] = '0'
os.environ['JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES'] = '-1'
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '2'
# Else the import of OpenVINO forks, to send a message to its makers.
sys.modules.setdefault('openvino_telemetry', None)  # type: ignore[arg-type]
# Where it is set, each command that a test starts takes 5 s longer.
os.environ.pop('PYTHONDONTWRITEBYTECODE', None)
# A shell lets what it starts in the background ignore SIGINT, and that would be
# passed on to the commands whose interruption is tested.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
  """Runs the longest files first, and then those with most slow tests.

  A file stays on one worker, see tests/run.py, so the longest must not be the
  last to begin.
  """
  longest = {ROOT / name: rank for rank, name in enumerate(LONGEST)}
  num_slow = Counter(
    item.path for item in items if item.get_closest_marker('slow')
  )
  items.sort(
    key=lambda item: (
      longest.get(item.path, len(longest)),
      -num_slow[item.path],
    )
  )


@pytest.fixture(autouse=True)
def few_mappings() -> Iterator[None]:
  """Frees compiled programs before the process has too many of them.

  On the CPU each takes 50 memory mappings or thousands. Beyond those that Linux
  allows a process, by default 65,530 (vm.max_map_count), LLVM is told that it
  cannot allocate memory, and XLA dies of a segmentation fault.
  """
  begin = time.monotonic()
  yield
  if time.monotonic() - begin < MIN_COMPILED_S:
    return  # to count them takes as long
  mappings = Path('/proc/self/maps')
  if not mappings.exists():  # not Linux
    return
  if mappings.read_bytes().count(b'\n') > MAX_MAPPINGS:
    import jax

    jax.clear_caches()


@pytest.fixture(scope='session')
def shared() -> Path:
  """Folder of the real pictures and the protocol's cases; skips without.

  ``ZEROSHOT_SHARED`` names it; the default stands beside the clone.
  """
  folder = Path(os.environ.get('ZEROSHOT_SHARED', ROOT.parent / 'shared'))
  if not folder.is_dir():
    pytest.skip(f'no folder {folder}: set ZEROSHOT_SHARED to run this')
  return folder


@pytest.fixture(scope='module')
def chromium() -> Iterator[Browser]:
  """A headless Chromium, closed after the file.

  While it is open, Playwright keeps an asyncio loop running in this thread: no
  second Playwright can start, and ``asyncio.run`` fails in any other test.
  """
  from tests import browser

  with browser.chromium() as started:
    yield started
