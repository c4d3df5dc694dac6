"""Files that are complete or absent, whatever ends the program.

with atomic_files.atomic_write(path) as partial:
  partial.write_text(text, 'utf-8')
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from zeroshot.runtime import json_text


def partial_of(path: Path) -> Path:
  """Path that a file is written to before it replaces the one of a path."""
  return path.with_name(f'{path.name}.partial')


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
  """Replaces the file of a path in one step, at the end of the block.

  Args:
    path: of the file; its folder must exist.

  Yields:
    The path to write to. That file replaces the one of ``path`` at the end of
    the block, and is removed if the block fails; a kill leaves it behind.
  """
  partial = partial_of(path)
  try:
    yield partial
    os.replace(partial, path)
  finally:
    partial.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, object]) -> None:
  """Writes a mapping as JSON, see ``json_text``, in one step."""
  write_text(path, json_text.to_json(content) + '\n')


def write_text(path: Path, text: str) -> None:
  """Writes a text in one step, see ``write_bytes``."""
  write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
  """Writes a file in one step, and makes its folder.

  Two processes may write the same file at the same time: the later one wins.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  # Processes of two machines, or of two containers, may have one number.
  writer = f'{socket.gethostname()}.{os.getpid()}'
  partial = path.with_name(f'{path.name}.{writer}.partial')
  try:
    partial.write_bytes(data)
    os.replace(partial, path)
  finally:
    partial.unlink(missing_ok=True)
