"""Files that survive a crash of the machine, not only of the program.

  durable_files.write(path, data)
  durable_files.append_line(path, 'a,b')
  durable_files.move(path, folder / path.name)

When a call returns, the content and the name of the file are on the disk.
"""

from __future__ import annotations

import os
from pathlib import Path

from zeroshot.runtime import atomic_files


def write(path: Path, data: bytes) -> None:
  """Replaces the file of a path in one step.

  Args:
    path: of the file; its folder must exist.
    data: its content.

  Raises:
    OSError: it cannot be written; an older file stays as it was.
  """
  with atomic_files.atomic_write(path) as partial, partial.open('wb') as file:
    file.write(data)
    file.flush()
    os.fsync(file.fileno())
  sync_folder(path.parent)


def append_line(path: Path, line: str) -> None:
  """Adds a line to a file, which is made if need be.

  A last line that a crash has cut short is removed first.

  Args:
    path: of the file; its folder must exist.
    line: without a line break.

  Raises:
    OSError: it cannot be written.
  """
  is_new = not path.exists()
  with path.open('ab+') as file:
    _remove_torn_line(file.fileno())
    file.write(line.encode('utf-8', 'backslashreplace') + b'\n')
    file.flush()
    os.fsync(file.fileno())
  if is_new:
    sync_folder(path.parent)


def move(path: Path, target: Path) -> None:
  """Renames a file within a file system; an existing target is replaced.

  Raises:
    OSError: it cannot be renamed.
  """
  os.replace(path, target)
  sync_folder(target.parent)
  sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
  """Writes the names of a folder to the disk."""
  descriptor = os.open(folder, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)


def _remove_torn_line(descriptor: int) -> None:
  """Cuts a file after its last line break."""
  size = end = os.fstat(descriptor).st_size
  while end > 0:
    start = max(end - 4096, 0)
    block = os.pread(descriptor, end - start, start)
    at = block.rfind(b'\n')
    if at >= 0:
      end = start + at + 1
      break
    end = start
  if end < size:
    os.ftruncate(descriptor, end)
