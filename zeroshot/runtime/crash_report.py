"""A file for each process that crashes, in native code too.

  report = crash_report.begin('runs/default', process_id=1, num_processes=4)
  ...
  crash_report.record(report, error)   # it crashed
  crash_report.discard(report)         # it did not

The file is ``FOLDER/crashes/UTCTIME-processN.txt``. It is made at the start, so
that Python's faulthandler can write into it when JAX aborts the process, since
another one died, or native code fails. One without a traceback belongs to a
process that still runs or that SIGKILL ended, as when memory ran out.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib.metadata
import os
import platform
import shlex
import socket
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TextIO

FOLDER = 'crashes'
PACKAGES = ('jax', 'jaxlib', 'flax', 'optax', 'orbax-checkpoint', 'numpy')


class Report(NamedTuple):
  """An open report.

  Attributes:
    file: open for writing.
    is_new: whether the folder of the results was created for it.
  """

  file: TextIO
  is_new: bool


def begin(folder: str | Path, *, process_id: int, num_processes: int) -> Report:
  """Opens the report of this process, which crashes in native code fill too.

  Args:
    folder: of the run; created if it does not exist.
    process_id: index of this process.
    num_processes: of the run.

  Returns:
    The report, open.

  Raises:
    OSError: the file cannot be made.
  """
  now = datetime.now(UTC)
  crashes = Path(folder).expanduser() / FOLDER
  name = f'{now:%Y%m%dT%H%M%S.%fZ}-process{process_id}.txt'
  is_new = not crashes.parent.exists()
  file = _open(crashes / name)
  file.write(
    f'command: {shlex.join(sys.orig_argv)}\n'
    f'started: {now.isoformat(timespec="seconds")}\n'
    f'host: {socket.gethostname()}, system process {os.getpid()}\n'
    f'process: {process_id} of {num_processes}\n'
    f'versions: {_versions()}\n\n'
  )
  file.flush()
  faulthandler.enable(file)
  return Report(file, is_new)


def record(report: Report, error: BaseException) -> None:
  """Writes the traceback of what ended this process."""
  with contextlib.suppress(OSError):  # a full disk must not hide the error
    traceback.print_exception(error, file=report.file)
    report.file.flush()


def discard(report: Report) -> None:
  """Removes the report, and the folders created for it if they are empty."""
  faulthandler.enable()  # from here on into standard error
  file = Path(report.file.name)
  crashes = file.parent
  with contextlib.suppress(OSError):
    report.file.close()
    file.unlink()
    crashes.rmdir()
    if report.is_new:
      crashes.parent.rmdir()


def _open(file: Path) -> TextIO:
  """Opens a new file, though another process may remove its empty folder."""
  for attempt in range(10):
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
      return file.open('x', encoding='utf-8')
    except FileNotFoundError:
      if attempt == 9:
        raise
  raise AssertionError


def _versions() -> str:
  """Versions of Python and of the packages that matter."""
  parts = [f'Python {platform.python_version()}']
  for name in PACKAGES:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
      parts.append(f'{name} {importlib.metadata.version(name)}')
  return ', '.join(parts)
