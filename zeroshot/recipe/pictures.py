"""Names on a command line -> picture files.

paths = pictures.expand(['in', 'more/*.png', 'part7.png'])
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from zeroshot.data.pictures import SUFFIXES


def expand(names: Sequence[str]) -> list[Path]:
  """The pictures that are meant, each once.

  Args:
    names: files, folders of pictures, and patterns of ``glob``.

  Returns:
    Their paths; those of a folder or pattern sorted.

  Raises:
    ValueError: there is none, or a folder or pattern has none.
  """
  paths: dict[Path, None] = {}
  for name in names:
    place = Path(name)
    if place.is_dir():
      found = [
        each
        for each in sorted(place.iterdir())
        if each.suffix.lower() in SUFFIXES and each.is_file()
      ]
    elif not place.exists() and glob.has_magic(name):
      found = [Path(each) for each in sorted(glob.glob(name, recursive=True))]
    else:
      found = [place]  # reading it tells what is wrong with it
    if not found:
      raise ValueError(f'{name}: there is no picture; give files of {SUFFIXES}')
    paths |= dict.fromkeys(found)
  if not paths:
    raise ValueError('give at least one picture, folder or pattern')
  return list(paths)
