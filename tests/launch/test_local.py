"""Two processes of two devices each on this machine, through local.sh."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / 'launch' / 'local.sh'
# A proxy that is not there: the coordinator must not be asked for through it.
PROXY = dict(http_proxy='http://127.0.0.1:9', no_proxy='')

pytestmark = pytest.mark.slow


def start(tmp_path, *arguments, terminal=None, **variables):
  """Starts the command of ``joined``; its files are in ``tmp_path``.

  Args:
    tmp_path: for all of its files.
    *arguments: more of them.
    terminal: that it is typed into and prints to; None for a pipe.
    **variables: of the environment.
  """
  command = [SCRIPT, '2', '2', 'tests.launch.joined', f'--out={tmp_path}']
  streams = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
  if terminal is not None:
    command = ['setsid', '--ctty', *command]
    streams = dict.fromkeys(('stdin', 'stdout', 'stderr'), terminal)
  return subprocess.Popen(
    [*command, *arguments],
    cwd=ROOT,
    env=os.environ | dict(LOGS=str(tmp_path / 'logs')) | variables,
    text=True,
    **streams,
  )


def finish(process):
  """Status, what was printed, and seconds."""
  begin = time.monotonic()
  printed, _ = process.communicate(timeout=300)
  return process.returncode, printed, time.monotonic() - begin


def logs(tmp_path):
  return [(tmp_path / 'logs' / f'process-{k}.log').read_text() for k in (0, 1)]


def reports(tmp_path):
  return sorted(
    file.stem.rpartition('-')[2] for file in tmp_path.glob('crashes/*')
  )


def system_process(report):
  """The number of the process that a crash report is of."""
  return int(report.read_text().partition('system process ')[2].split()[0])


def is_there(number):
  try:
    os.kill(number, 0)
  except ProcessLookupError:
    return False
  return True


def wait_for(condition, seconds=300):
  end = time.monotonic() + seconds
  while not condition():
    assert time.monotonic() < end, 'waited in vain'
    time.sleep(0.05)


def listening(port):
  """Addresses, as the kernel writes them, where somebody listens."""
  result = set()
  for table in ('/proc/net/tcp', '/proc/net/tcp6'):
    for line in Path(table).read_text().splitlines()[1:]:
      address, number = line.split()[1].split(':')
      if int(number, 16) == port and line.split()[3] == '0A':
        result.add(address)
  return result


def free_port():
  with socket.socket() as probe:
    probe.bind(('127.0.0.1', 0))
    return probe.getsockname()[1]


def test_two_processes_find_each_other(tmp_path):
  port = free_port()
  process = start(tmp_path, '--seconds=2', PORT=str(port), **PROXY)
  wait_for(lambda: (tmp_path / 'logs' / 'process-1.log').exists())
  wait_for(lambda: 'devices 4' in logs(tmp_path)[1])
  addresses = listening(port)
  status, printed, _ = finish(process)
  assert status == 0, printed
  assert addresses <= {'0100007F', '0000000000000000FFFF00000100007F'}
  assert addresses
  first, second = logs(tmp_path)
  assert 'processes 0 1 devices 4' in first
  assert 'processes 0 1 devices 4' in second
  assert 'a line of information' in first
  assert 'a line of information' in printed
  assert 'a line of information' not in second
  assert 'a warning' in second
  assert reports(tmp_path) == []


@pytest.mark.parametrize('who', [0, 1])
def test_an_exception_in_one_ends_the_others(tmp_path, who):
  process = start(tmp_path, '--fails=raise', f'--who={who}')
  wait_for(lambda: (tmp_path / 'logs' / f'process-{who}.log').exists())
  wait_for(lambda: 'this process broke' in logs(tmp_path)[who])
  status, printed, seconds = finish(process)
  print(f'the others ended {seconds:.1f} s after process {who} broke')
  assert status not in (0, 2, 75), printed
  assert seconds < 90
  assert logs(tmp_path)[who].endswith('RuntimeError: this process broke\n')
  assert f'process{who}' in reports(tmp_path)


@pytest.mark.parametrize(
  ('fails', 'statuses', 'line'),
  [
    ('mistake', (2,), 'error: this was a mistake\n'),
    ('nan', (1,), 'training stopped: loss is nan\n'),
  ],
)
def test_a_line_is_the_last_thing(tmp_path, fails, statuses, line):
  _, printed, _ = finish(start(tmp_path, f'--fails={fails}'))
  assert logs(tmp_path)[1].endswith(line)
  assert int(printed.split()[-1]) in statuses  # exit statuses: FIRST SECOND
  assert ('process1' in reports(tmp_path)) == (fails == 'nan')


def test_all_preempted(tmp_path):
  status, printed, _ = finish(start(tmp_path, '--fails=preempted'))
  assert status == 75, printed
  assert reports(tmp_path) == []


def test_a_killed_worker_is_noticed(tmp_path):
  process = start(tmp_path, '--seconds=200')
  wait_for(lambda: (tmp_path / 'logs' / 'process-1.log').exists())
  wait_for(lambda: 'devices 4' in logs(tmp_path)[1])
  (file,) = tmp_path.glob('crashes/*process1.txt')
  os.kill(system_process(file), 9)
  status, printed, seconds = finish(process)
  print(f'the other ended {seconds:.1f} s after the kill')
  assert status not in (0, 2, 75), printed
  assert seconds < 90
  (file,) = tmp_path.glob('crashes/*process0.txt')
  assert 'Fatal Python error: Aborted' in file.read_text()


def test_an_interrupt_reaches_all(tmp_path):
  process = start(tmp_path, '--seconds=200')
  wait_for(lambda: (tmp_path / 'logs' / 'process-1.log').exists())
  wait_for(lambda: 'devices 4' in logs(tmp_path)[1])
  process.send_signal(signal.SIGINT)
  status, printed, seconds = finish(process)
  assert status == 130, printed
  assert seconds < 60


def test_an_interrupt_from_the_keyboard_reaches_all(tmp_path):
  keyboard, terminal = pty.openpty()
  process = start(tmp_path, '--seconds=200', terminal=terminal)
  os.close(terminal)
  numbers = []
  try:
    wait_for(lambda: (tmp_path / 'logs' / 'process-1.log').exists())
    wait_for(lambda: 'devices 4' in logs(tmp_path)[1])
    numbers = [system_process(file) for file in tmp_path.glob('crashes/*')]
    assert len(numbers) == 2
    os.write(keyboard, b'\x03')
    assert process.wait(60) == 130
    assert [number for number in numbers if is_there(number)] == []
  finally:
    for number in filter(is_there, numbers):
      os.kill(number, signal.SIGKILL)
    process.kill()
    process.wait()
    os.close(keyboard)


def test_wrong_arguments_are_one_line():
  done = subprocess.run([SCRIPT, '2', 'x', 'y'], capture_output=True, text=True)
  assert done.returncode == 2
  assert 'NUM_PROCESSES DEVICES_PER_PROCESS COMMAND' in done.stderr
