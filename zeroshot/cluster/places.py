"""Files by path or URL: local disks, and what fsspec knows (s3://, gs://).

place = places.at('s3://bucket/results')
places.write(place / 'run.json', b'{}')
places.read(place / 'run.json')
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from zeroshot.runtime import durable_files


@dataclasses.dataclass(frozen=True)
class Place:
  """A file or folder.

  Attributes:
    files: its file system.
    path: in it, absolute.
  """

  files: fsspec.AbstractFileSystem
  path: str

  def __truediv__(self, name: str) -> Place:
    """What a name means in this folder; paths and URLs stand for themselves."""
    if '://' in name or os.path.isabs(name):
      return at(name)
    return Place(self.files, f'{self.path.rstrip("/")}/{name}')

  @property
  def parent(self) -> Place:
    """The folder of a file."""
    return Place(self.files, self.path.rpartition('/')[0] or '/')

  @property
  def is_local(self) -> bool:
    """Whether it lies on a disk of this machine, or looks so."""
    return isinstance(self.files, LocalFileSystem)

  def __str__(self) -> str:
    """For messages."""
    return (
      self.path if self.is_local else self.files.unstrip_protocol(self.path)
    )


def at(url: str | os.PathLike[str]) -> Place:
  """The place of a path or URL.

  Raises:
    ValueError: nothing is known of URLs of this kind, or a package lacks.
  """
  text = os.fspath(url)
  try:
    files, path = fsspec.core.url_to_fs(text)
  except (ValueError, ImportError) as error:
    raise ValueError(f'{text}: {error}') from error
  return Place(files, path)


def read(place: Place) -> bytes:
  """The content of a file.

  Raises:
    ValueError: there is no such file, or it cannot be read.
  """
  try:
    data: bytes = place.files.cat_file(place.path)
  except FileNotFoundError as error:
    raise ValueError(f'{place}: no such file; check the path') from error
  except (OSError, ValueError) as error:
    raise ValueError(f'{place}: cannot be read ({error})') from error
  if not data:
    raise ValueError(f'{place}: the file is empty; copy it again')
  return data


def write(place: Place, data: bytes) -> None:
  """Writes a file whole; on an object store that is its nature.

  Raises:
    OSError: it cannot be written.
  """
  if place.is_local:
    path = Path(place.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    durable_files.write(path, data)
  else:
    place.files.pipe_file(place.path, data)


def names(folder: Place, ending: str) -> list[str]:
  """Names of the files of a folder, sorted; none if there is no folder."""
  try:
    found = folder.files.ls(folder.path, detail=False)
  except FileNotFoundError:
    return []
  listed = (str(path).rpartition('/')[2] for path in found)
  return sorted(name for name in listed if name.endswith(ending))


def remove(place: Place) -> None:
  """Removes a file, if it is there."""
  if place.files.exists(place.path):
    place.files.rm_file(place.path)
