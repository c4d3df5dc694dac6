"""Cores and accelerators that this process may use, and memory it has used.

cores, peak = machine.usable_cores(), machine.peak_memory_bytes()
"""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import resource
import sys
from pathlib import Path

_CUDA_PLUGINS = ('jax_cuda12_plugin', 'jax_cuda13_plugin')
_CUDA_DEVICES = ('/dev/nvidia[0-9]*', '/dev/dxg')
_TPU_PLUGINS = ('libtpu',)
_TPU_DEVICES = ('/dev/accel*', '/dev/vfio/[0-9]*')
_STATUS = Path('/proc/self/status')


_at_most: list[int] = []  # what ``use_at_most`` said last


def usable_cores() -> int:
  """CPU cores that this process may run on."""
  if hasattr(os, 'sched_getaffinity'):
    found = len(os.sched_getaffinity(0))
  else:
    found = os.cpu_count() or 1
  return min([found, *_at_most])


def use_at_most(cores: int) -> None:
  """Limits what this process counts as usable, where others share the cores.

  Args:
    cores: 1 or more.

  Raises:
    ValueError: there are fewer.
  """
  if cores < 1:
    raise ValueError(f'a process needs a core, not {cores}')
  _at_most[:] = [cores]


def has_accelerator() -> bool:
  """Whether JAX would find a GPU or TPU; JAX itself is not imported.

  It would with the package that drives one, a device, and unless
  ``JAX_PLATFORMS`` or ``CUDA_VISIBLE_DEVICES`` says otherwise.
  """
  platforms = os.environ.get('JAX_PLATFORMS', '').lower().split(',')
  if platforms[0] == 'cpu':
    return False
  hidden = os.environ.get('CUDA_VISIBLE_DEVICES') in ('', '-1')
  return (not hidden and _drives(_CUDA_PLUGINS, _CUDA_DEVICES)) or _drives(
    _TPU_PLUGINS, _TPU_DEVICES
  )


def _drives(packages: tuple[str, ...], devices: tuple[str, ...]) -> bool:
  """Whether a package is installed and a device file is there."""
  return any(map(importlib.util.find_spec, packages)) and any(
    glob.glob(pattern) for pattern in devices
  )


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
