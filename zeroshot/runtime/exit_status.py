"""Exit statuses, and with which of them an error ends a command.

    0  DONE
    1  FAILED: a crash, or a fault of network or disk that may pass, each with
       its traceback, or a loss that is not finite
    2  MISTAKE: the user's, described in one line
   75  PREEMPTED: stopped by SIGTERM with everything saved; run the same command
       again
  130  INTERRUPTED: from the keyboard

What counts as the user's mistake: files that cannot be opened, and each
ValueError that comes out of a file of ours. One that a library raises is a bug
of ours: the value should have been checked before the call. A network or a disk
that fails for a while is nobody's mistake: the same command may succeed.
"""

from __future__ import annotations

import errno
import re
import traceback
from typing import NamedTuple

DONE, FAILED, MISTAKE, PREEMPTED, INTERRUPTED = 0, 1, 2, 75, 130
_OURS = ('zeroshot', 'launch', 'configs', 'data_tools', '__main__')
# How XLA's errors begin; some are ValueErrors raised in a frame of ours.
_XLA = re.compile(
  'ABORTED|CANCELLED|DATA_LOSS|DEADLINE_EXCEEDED|FAILED_PRECONDITION|INTERNAL|'
  'INVALID_ARGUMENT|RESOURCE_EXHAUSTED|UNAVAILABLE|UNIMPLEMENTED|UNKNOWN'
)
# Faults of a network or a disk that may be gone the next time.
_TRANSIENT = {
  getattr(errno, name)
  for name in (
    *('EIO', 'EREMOTEIO', 'ESTALE', 'ETIMEDOUT', 'ENETDOWN', 'ENETRESET'),
    *('ENETUNREACH', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENOTCONN', 'ESHUTDOWN'),
  )
  if hasattr(errno, name)
}


class Ending(NamedTuple):
  """How a command ends.

  Attributes:
    status: of the process.
    line: what to print, perhaps nothing; None for the traceback.
    is_crash: whether the crash report stays.
  """

  status: int
  line: str | None
  is_crash: bool


def classify(error: BaseException) -> Ending:
  """How a command ends that raises an error."""
  if isinstance(error, SystemExit):
    if isinstance(error.code, int):
      return Ending(error.code, '', is_crash=False)
    return Ending(FAILED, str(error.code), is_crash=False)
  if isinstance(error, KeyboardInterrupt):
    return Ending(INTERRUPTED, 'interrupted', is_crash=False)
  if isinstance(error, FloatingPointError):
    return Ending(FAILED, f'training stopped: {error}', is_crash=True)
  if isinstance(error, OSError):
    is_mistake = not is_transient(error)
  else:
    is_ours = module_of(error).partition('.')[0] in _OURS
    is_mistake = (
      isinstance(error, ValueError) and is_ours and not _XLA.match(str(error))
    )
  if is_mistake:
    return Ending(MISTAKE, one_line(str(error)), is_crash=False)
  return Ending(FAILED, None, is_crash=True)


def is_transient(error: BaseException | None) -> bool:
  """Whether it is, or was raised from, a fault of a network or disk."""
  while error is not None:
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
      if isinstance(error, (ConnectionError, TimeoutError)):
        return True
      if error.errno in _TRANSIENT:
        return True
    error = error.__cause__
  return False


def module_of(error: BaseException) -> str:
  """The module that raised an error, by its innermost frame."""
  *_, (frame, _) = traceback.walk_tb(error.__traceback__)
  module: str = frame.f_globals.get('__name__', '')
  return module


def one_line(message: str) -> str:
  """A message of many lines in one; of a traceback, the last."""
  lines = [line.strip() for line in message.splitlines() if line.strip()]
  if any(line.startswith('Traceback ') for line in lines):
    lines = lines[-1:]  # what the config file itself raised
  return ' '.join(['error:', *lines])
