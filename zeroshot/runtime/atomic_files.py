"""Files that are there whole or not at all, whatever ends the program.

with atomic_files.atomic_write(path) as partial:
  partial.write_text(text, 'utf-8')
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zeroshot.runtime import json_text


def partial_of(path: Path) -> Path:
  """Where the file of a path is written, and may be left by a kill."""
  return path.with_name(f'{path.name}.partial')


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
  """Puts a new file in the place of a path, in one stroke at the end.

  Args:
    path: of the file; its folder must exist.

  Yields:
    Where to write it. It takes the path's place once that is done, and is
    removed if that fails; a kill leaves it behind.
  """
  partial = partial_of(path)
  try:
    yield partial
    os.replace(partial, path)
  finally:
    partial.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
  """Writes figures as JSON, see ``json_text``, whole or not at all."""
  write_text(path, json_text.to_json(content) + '\n')


def write_text(path: Path, text: str) -> None:
  """Writes a file, whole or not at all; makes its folder.

  Two processes may write the same file at the same time: the later one wins.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  # Processes of two machines, or of two containers, may have one number.
  writer = f'{socket.gethostname()}.{os.getpid()}'
  partial = path.with_name(f'{path.name}.{writer}.partial')
  partial.write_text(text, 'utf-8')
  os.replace(partial, path)
