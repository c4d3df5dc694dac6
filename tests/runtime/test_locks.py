from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from zeroshot.runtime import locks

HOLD = """
import sys, time
from zeroshot.runtime import locks
with locks.hold(sys.argv[1]):
  print('held', flush=True)
  time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
  """Another process, which holds the lock."""
  words = [sys.executable, '-c', HOLD, str(tmp_path / 'a' / 'lock')]
  with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
    assert process.stdout.readline() == 'held\n'
    yield process
    process.kill()


def test_the_second_is_refused_and_told_who_the_first_is(holder, tmp_path):
  words = rf'lock is held by process {holder.pid} on {socket.gethostname()}'
  with (
    pytest.raises(locks.HeldError, match=words),
    locks.hold(tmp_path / 'a' / 'lock'),
  ):
    pass


def test_a_lock_of_a_killed_process_is_free(holder, tmp_path):
  os.kill(holder.pid, signal.SIGKILL)
  holder.wait()
  with locks.hold(tmp_path / 'a' / 'lock'):
    pass


def test_it_can_be_waited_for(holder, tmp_path):
  os.kill(holder.pid, signal.SIGTERM)
  with locks.hold(tmp_path / 'a' / 'lock', wait=True):
    assert f'"process": {os.getpid()}' in (tmp_path / 'a' / 'lock').read_text()


def test_it_can_be_held_again(tmp_path):
  for _ in range(2):
    with locks.hold(tmp_path / 'lock'):
      again = locks.hold(tmp_path / 'lock')
      with pytest.raises(locks.HeldError):
        again.__enter__()
