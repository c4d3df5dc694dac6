"""A lock on a folder, held by one process at a time.

  with locks.hold(workdir / 'run.lock'):
    ...

The operating system frees the lock when its process ends, for whatever reason.
The file stays and names its last holder. Folders that several machines share
need a file system that supports ``flock``, as NFS does.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import filelock
from absl import logging

_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
_POLL_S = 0.1


class HeldError(ValueError):
  """Another process holds the lock; the message names it."""


@contextlib.contextmanager
def hold(file: str | Path, *, wait: bool = False) -> Iterator[None]:
  """Holds a lock until the block is left.

  Args:
    file: the lock; it and its folder are created if missing.
    wait: whether to wait until it is free.

  Raises:
    HeldError: another process holds it, and ``wait`` is False. The message
      names its host, process and command.
    OSError: the file cannot be created.
  """
  file = Path(file)
  file.parent.mkdir(parents=True, exist_ok=True)
  lock = filelock.FileLock(file, fallback_to_soft=False)
  try:
    lock.acquire(blocking=wait, poll_interval=_POLL_S)
  except filelock.Timeout:
    raise HeldError(f'{file} is held by {_describe_holder(file)}') from None
  except OSError as error:
    if error.errno not in _UNSUPPORTED:
      raise
    logging.warning(
      'NO LOCK: the file system of %s has none (%s); make sure that no other '
      'process works there',
      *(file, error.strerror),
    )
  try:
    with contextlib.suppress(OSError):  # it only informs others
      _write_holder(file)
    yield
  finally:
    lock.release()


def _write_holder(file: Path) -> None:
  """Writes who holds the lock."""
  holder = dict(
    host=socket.gethostname(),
    process=os.getpid(),
    since=datetime.now(UTC).isoformat(timespec='seconds'),
    command=' '.join(sys.argv),
  )
  file.write_text(json.dumps(holder) + '\n', 'utf-8')


def _describe_holder(file: Path) -> str:
  """The holder in words."""
  try:
    holder = json.loads(file.read_text('utf-8'))
  except json.JSONDecodeError:  # it has the lock and has not yet written
    return 'another process'
  return (
    f'process {holder["process"]} on {holder["host"]} since {holder["since"]} '
    f'({holder["command"]})'
  )
