"""The commands of an ablation end with the process that runs them."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.studies.ablation.crowd import wait_until
from zeroshot.studies.ablation import child, die_with_parent

SLEEPER = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.{handler})
print(os.getpid(), flush=True)
time.sleep(60)
"""
PARENT = """
import sys
from pathlib import Path
from zeroshot.studies.ablation import child
child.run_module(['sleeper'], Path(sys.argv[1]))
"""


@pytest.fixture
def write_sleeper(tmp_path, monkeypatch):
  monkeypatch.setenv('PYTHONPATH', str(tmp_path))

  def write(handler):
    (tmp_path / 'sleeper.py').write_text(SLEEPER.format(handler=handler))

  return write


def has_line(log):
  return log.exists() and log.read_text().endswith('\n')


def is_alive(pid):
  try:
    os.kill(pid, 0)
  except ProcessLookupError:
    return False
  stat = Path(f'/proc/{pid}/stat')  # a zombie, if nothing reaps it
  return not stat.exists() or ') Z ' not in stat.read_text()


@pytest.mark.parametrize('handler', ['SIG_DFL', 'SIG_IGN'])
def test_an_interruption_ends_the_command(
  tmp_path, monkeypatch, write_sleeper, handler
):
  write_sleeper(handler)
  monkeypatch.setattr(child, '_GRACE_S', 0.3)
  log = tmp_path / 'log'

  def interrupt():
    wait_until(functools.partial(has_line, log))
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

  watcher = threading.Thread(target=interrupt)
  watcher.start()
  with pytest.raises(KeyboardInterrupt):
    child.run_module(['sleeper'], log)
  watcher.join()
  assert not is_alive(int(log.read_text()))


@pytest.mark.skipif(sys.platform != 'linux', reason='needs prctl')
def test_a_killed_process_takes_its_command_along(tmp_path, write_sleeper):
  write_sleeper('SIG_IGN')
  log = tmp_path / 'log'
  with subprocess.Popen([sys.executable, '-c', PARENT, str(log)]) as parent:
    wait_until(lambda: has_line(log))
    assert is_alive(int(log.read_text()))
    parent.kill()
  wait_until(lambda: not is_alive(int(log.read_text())))


@pytest.mark.skipif(sys.platform != 'linux', reason='needs prctl')
def test_a_command_without_its_parent_does_not_begin(tmp_path):
  made = tmp_path / 'made'
  words = [sys.executable, '-IS', die_with_parent.__file__]
  for parent, status in ((os.getpid(), 0), (1, os.EX_TEMPFAIL)):
    done = subprocess.run([*words, str(parent), 'touch', str(made)])
    assert done.returncode == status
    assert made.exists() == (status == 0)
    made.unlink(missing_ok=True)
