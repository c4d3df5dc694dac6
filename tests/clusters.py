"""Starts the processes of a run on this machine, for tests of failures."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests import xla_flags

ROOT = Path(__file__).resolve().parents[1]


class Run(NamedTuple):
  """The processes of a run and what each of them writes."""

  processes: list[subprocess.Popen]
  logs: list[Path]

  def text(self, index=0):
    return self.logs[index].read_text()

  def wait(self, seconds=300):
    """The exit status of each; fails if one does not end in time."""
    end = time.monotonic() + seconds
    return [p.wait(max(0.1, end - time.monotonic())) for p in self.processes]

  def wait_for(self, pattern, *, index=0, seconds=300):
    """Returns the first match in what a process writes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
      match = re.search(pattern, self.text(index), re.MULTILINE)
      if match:
        return match
      assert self.processes[index].poll() is None, self.text(index)[-2000:]
      time.sleep(0.02)
    raise AssertionError(f'no {pattern} in {self.text(index)[-2000:]}')

  def kill(self, index, number=signal.SIGKILL):
    self.processes[index].send_signal(number)


def free_port():
  with socket.socket() as probe:
    probe.bind(('127.0.0.1', 0))
    return probe.getsockname()[1]


def environment(*, devices, **compiled):
  """Variables of a process with so many fake devices; see ``xla_flags.of``."""
  return {
    **os.environ,
    'JAX_PLATFORMS': 'cpu',
    'XLA_FLAGS': xla_flags.of(devices=devices, **compiled),
    'PYTHONUNBUFFERED': '1',
    # XLA has a thread for each core and at least one for each fake device, and
    # on the CPU the order of its sums depends on their number.
    'NPROC': '4',
  }


@contextlib.contextmanager
def running(
  folder, *words, layout=(1, 1), optimised=False, rounded=False, **flags
):
  """Starts ``python -m WORDS --FLAG=VALUE ...`` as a run of several processes.

  Args:
    folder: for the logs.
    *words: module and arguments.
    layout: number of processes, and of fake devices in each.
    optimised: see ``xla_flags.of``.
    rounded: likewise.
    **flags: more arguments.
  """
  count, devices = layout
  folder.mkdir(parents=True, exist_ok=True)
  address = f'127.0.0.1:{free_port()}'
  run = Run([], [])
  try:
    for index in range(count):
      log = folder / f'{time.monotonic_ns()}-process{index}.log'
      place = 'off' if count == 1 else f'{address},{count},{index}'
      given = dict(distributed=place) | flags
      arguments = [f'--{name}={value}' for name, value in given.items()]
      with log.open('w') as opened:
        run.processes.append(
          subprocess.Popen(
            [sys.executable, '-m', *words, *arguments],
            cwd=ROOT,
            env=environment(
              devices=devices, optimised=optimised, rounded=rounded
            ),
            stdin=subprocess.DEVNULL,
            stdout=opened,
            stderr=subprocess.STDOUT,
          )
        )
      run.logs.append(log)
    yield run
  finally:
    for process in run.processes:
      process.kill()
      process.wait()
