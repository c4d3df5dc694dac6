"""One process at a time in a folder, and who it is.

  with locks.hold(workdir / 'run.lock'):
    ...

The operating system holds the lock, by ``flock``, and lets go when the process
ends, however it ends: nothing to clean up after a kill. A child that is given
the descriptor holds the lock with it, until both have ended. The file stays; it
names the last holder. Folders that several machines share need a file system
that passes ``flock`` on, as NFS does.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from absl import logging

_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)


class HeldError(ValueError):
  """Another process holds the lock; the message says which."""


@contextlib.contextmanager
def hold(file: str | Path, *, wait: bool = False) -> Iterator[int]:
  """Holds a lock until the block is left.

  Args:
    file: the lock; it and its folder are made if need be.
    wait: whether to wait until it is free.

  Yields:
    The descriptor of the lock, for ``pass_fds`` of a child that is to hold it
    too.

  Raises:
    HeldError: another process holds it, and ``wait`` is False. The message
      names its host, process and command.
    OSError: the file cannot be made.
  """
  file = Path(file)
  file.parent.mkdir(parents=True, exist_ok=True)
  with file.open('a+', encoding='utf-8') as opened:
    try:
      fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
      raise HeldError(f'{file} is held by {_tell(opened)}') from None
    except OSError as error:
      if error.errno not in _UNSUPPORTED:
        raise
      logging.warning(
        'NO LOCK: the file system of %s has none (%s); see to it that no '
        'other process works there',
        *(file, error.strerror),
      )
    _sign(opened)
    yield opened.fileno()


def _sign(opened: TextIO) -> None:
  """Writes down who holds the lock."""
  record: dict[str, Any] = dict(
    host=socket.gethostname(),
    process=os.getpid(),
    since=datetime.now(UTC).isoformat(timespec='seconds'),
    command=' '.join(sys.argv),
  )
  opened.seek(0)
  opened.truncate()
  opened.write(json.dumps(record) + '\n')
  opened.flush()


def _tell(opened: TextIO) -> str:
  """The holder in words."""
  opened.seek(0)
  try:
    holder = json.loads(opened.read())
  except json.JSONDecodeError:  # between its lock and its signature
    return 'another process'
  return (
    f'process {holder["process"]} on {holder["host"]} since {holder["since"]} '
    f'({holder["command"]})'
  )
