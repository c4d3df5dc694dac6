"""Starts commands as a user does, but imports what they need once for all.

  with forked.starting('launch.score') as start:
    done = start('launch.score', '--ground_truth=gt.zip')
    done.returncode, done.stdout, done.stderr

For the many mistakes of a user, which end a command at once: to import takes it
far longer. One process imports; each command runs in a fork of that process,
before JAX has a thread. A program may stand in place of a module: ``a/b.py``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def starting(*modules):
  """Gives a function like ``command_line.run``.

  Args:
    *modules: dotted names of what the commands import.
  """
  with (
    tempfile.TemporaryDirectory() as folder,
    subprocess.Popen(
      [sys.executable, '-m', 'tests.forked', folder, *modules],
      cwd=ROOT,
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      text=True,
    ) as process,
  ):

    def start(command, *arguments):
      words = [str(word) for word in (command, *arguments)]
      process.stdin.write(json.dumps(words) + '\n')
      process.stdin.flush()
      status = int(process.stdout.readline())
      texts = ((Path(folder) / name).read_text() for name in ('out', 'err'))
      return subprocess.CompletedProcess(words, status, *texts)

    yield start
    process.stdin.close()


def serve(folder, modules):
  """Runs the commands of the lines that come in; answers by their statuses."""
  for name in modules:
    importlib.import_module(name)
    # Else runpy warns of a command that has been imported.
    if name.startswith('launch.'):
      del sys.modules[name]
  answers = os.fdopen(os.dup(1), 'w')
  for line in sys.stdin:
    child = os.fork()
    if not child:
      redirect(folder)
      os._exit(run(*json.loads(line)))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def redirect(folder):
  """Gives this process files for what it prints, and nothing to read."""
  for number, path in enumerate((os.devnull, folder / 'out', folder / 'err')):
    flags = os.O_RDWR if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    os.dup2(os.open(path, flags), number)


def run(command, *arguments):
  """Runs one as ``__main__``; returns its exit status."""
  sys.argv = [command, *arguments]
  status = 0
  try:
    if command.endswith('.py'):
      runpy.run_path(command, run_name='__main__')
    else:
      runpy.run_module(command, run_name='__main__', alter_sys=True)
  except SystemExit as error:
    status = error.code or 0
  except BaseException:
    traceback.print_exc()
    status = 1
  sys.stdout.flush()
  sys.stderr.flush()
  return status


if __name__ == '__main__':
  serve(Path(sys.argv[1]), sys.argv[2:])
