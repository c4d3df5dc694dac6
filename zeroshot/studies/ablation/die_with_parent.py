"""Runs a command that is told to stop when its parent ends, however it ends.

  python -IS zeroshot/studies/ablation/die_with_parent.py PARENT_PROCESS COMMAND ...

Linux sends it SIGTERM then, upon which a training saves and stops; once or more
than once, as each thread of the parent ends. Elsewhere the command is simply
run. A program of its own, between parent and command, because code that runs in
a fork of a process with threads may hang. Needs nothing but the standard
library, to start at once.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h; survives exec


def main(parent: int, *command: str) -> None:
  """Becomes the command.

  Args:
    parent: number of the process to end with.
    command: a program and its arguments.
  """
  if sys.platform == 'linux':
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended before it could be tied
      sys.exit(os.EX_TEMPFAIL)
  os.execvp(command[0], command)


if __name__ == '__main__':
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('parent', type=int, help='number of the process')
  parser.add_argument('command', nargs=argparse.REMAINDER)
  arguments = parser.parse_args()
  main(arguments.parent, *arguments.command)
