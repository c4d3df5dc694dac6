"""CPU cores that this process may use, and memory that it has used.

cores, peak = machine.usable_cores(), machine.peak_memory_bytes()
"""

from __future__ import annotations

import os
import re
import resource
import sys
from pathlib import Path

_STATUS = Path('/proc/self/status')


def usable_cores() -> int:
  """CPU cores that this process may run on."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def peak_memory_bytes() -> int:
  """Peak of the resident memory of this process so far.

  On Linux it is read from /proc: the peak of ``getrusage`` includes that of a
  larger parent process.
  """
  text = _STATUS.read_text() if _STATUS.is_file() else ''
  match = re.search(r'VmHWM:\s+(\d+) kB', text)
  if match is not None:
    return int(match[1]) * 1024
  peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return peak if sys.platform == 'darwin' else peak * 1024
