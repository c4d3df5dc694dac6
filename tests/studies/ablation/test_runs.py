"""The commands of an ablation: they end with us, and hold on to their claim."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.studies.ablation import ablation_crowd
from zeroshot.runtime import locks
from zeroshot.studies.ablation import records, runs

ROOT = Path(__file__).resolve().parents[2]


def wait_for(found):
  """Waits until a function finds something."""
  deadline = time.monotonic() + 30
  while not found():
    assert time.monotonic() < deadline
    time.sleep(0.02)


def has_line(log):
  return log.exists() and log.read_text().endswith('\n')


@pytest.mark.parametrize('handler', ['SIG_DFL', 'SIG_IGN'])
def test_an_interruption_ends_the_command(tmp_path, monkeypatch, handler):
  (tmp_path / 'sleeper.py').write_text(
    'import os, signal, time\n'
    f'signal.signal(signal.SIGTERM, signal.{handler})\n'
    'print(os.getpid(), flush=True)\n'
    'time.sleep(60)\n'
  )
  monkeypatch.setenv('PYTHONPATH', str(tmp_path))
  monkeypatch.setattr(runs, '_GRACE_S', 0.3)
  log = tmp_path / 'log'

  def interrupt():
    wait_for(functools.partial(has_line, log))
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

  watcher = threading.Thread(target=interrupt)
  watcher.start()
  with (
    locks.hold(tmp_path / 'claim') as claim,
    pytest.raises(KeyboardInterrupt),
  ):
    runs.run_module(['sleeper'], log, claim)
  watcher.join()
  with pytest.raises(ProcessLookupError):
    os.kill(int(log.read_text()), 0)


PARENT = """
import sys
from pathlib import Path
from zeroshot.studies.ablation import runs
from zeroshot import locks
folder = Path(sys.argv[1])
with locks.hold(folder / 'claim') as claim:
  runs.run_module(['saver'], folder / 'log', claim)
"""
SAVER = r"""
import os, signal, sys, time
from pathlib import Path

def save(*unused):
  os.write(1, b'told to stop\n')  # perhaps in the midst of a print
  while not Path(__file__).with_name('go').exists():
    time.sleep(0.01)
  print('saved', flush=True)
  sys.exit(75)

signal.signal(signal.SIGTERM, save)
print('begun', flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux tells a child')
def test_a_child_of_the_killed_stops_and_holds_the_claim_until_then(tmp_path):
  (tmp_path / 'saver.py').write_text(SAVER)
  log, claim = tmp_path / 'log', tmp_path / 'claim'
  with subprocess.Popen(
    [sys.executable, '-c', PARENT, str(tmp_path)],
    cwd=ROOT,
    env={**os.environ, 'PYTHONPATH': os.pathsep.join([str(tmp_path), '.'])},
  ) as parent:
    wait_for(lambda: has_line(log))
    parent.kill()
  wait_for(lambda: 'told to stop' in log.read_text())
  words = f'held by process {parent.pid} on '
  with pytest.raises(locks.HeldError, match=words), locks.hold(claim):
    pass
  (tmp_path / 'go').touch()
  with locks.hold(claim, wait=True):
    assert log.read_text().endswith('told to stop\nsaved\n')


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux ties it')
def test_a_command_without_its_parent_does_not_begin(tmp_path):
  leash, made = ROOT / 'launch' / 'leash.py', tmp_path / 'made'
  words = [sys.executable, '-IS', str(leash)]
  for parent, status in ((os.getpid(), 0), (1, os.EX_TEMPFAIL)):
    done = subprocess.run([*words, str(parent), 'touch', str(made)])
    assert done.returncode == status
    assert made.exists() == (status == 0)
    made.unlink(missing_ok=True)


def test_a_training_that_was_told_to_stop_has_not_failed(tmp_path):
  training = ablation_crowd.plan(tmp_path).rows[0].evaluations[0].training
  runner = runs.Runner(tmp_path / 'logs', 'x', lambda *unused: os.EX_TEMPFAIL)
  with pytest.raises(runs.Stopped):
    runs.train(training, 0, runner=runner)
  assert records.find_fault(training) is None
  assert records.read_training(training)['done'] is False
