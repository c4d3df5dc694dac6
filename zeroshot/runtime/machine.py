"""What this process may use of its machine, and has used.

cores, bytes_ = machine.usable_cores(), machine.peak_memory_bytes()
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
  """Most main memory that this process has held so far.

  On Linux ``getrusage`` is not asked: a process that a larger one started
  begins with that one's peak.
  """
  text = _STATUS.read_text() if _STATUS.is_file() else ''
  found = re.search(r'VmHWM:\s+(\d+) kB', text)
  if found is not None:
    return int(found[1]) * 1024
  most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
  return most if sys.platform == 'darwin' else most * 1024
