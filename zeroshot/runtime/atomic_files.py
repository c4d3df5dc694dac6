"""Files that are there whole or not at all, whatever ends the program.

with whole_files.replaced(path) as partial:
  partial.write_text(text, 'utf-8')
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def partial_of(path: Path) -> Path:
  """Where the file of a path is written, and may be left by a kill."""
  return path.with_name(f'{path.name}.partial')


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
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
