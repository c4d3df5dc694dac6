"""Runs a command that Linux kills when its parent ends.

  python -IS die_with_parent.py PARENT_PROCESS COMMAND ...

A program of its own, between parent and command: code that runs in a fork of a
process with threads may deadlock. Other systems just run the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # of linux/prctl.h; survives exec


def main(parent: str, *command: str) -> None:
  """Becomes the command, unless the parent has ended already."""
  if sys.platform == 'linux':
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):
      sys.exit(os.EX_TEMPFAIL)
  os.execvp(command[0], command)


if __name__ == '__main__':
  main(*sys.argv[1:])
