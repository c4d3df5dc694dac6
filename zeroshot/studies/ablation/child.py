"""Runs a module as a child process that ends with this one.

message = child.run_logged(('launch.train', '--config=...'), log, run_module)
"""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from absl import logging

from zeroshot.studies.ablation import die_with_parent

ROOT = Path(__file__).resolve().parents[3]
_GRACE_S = 60.0  # for a training to save when it is told to stop

# Runs a module: (module and its flags, log) -> exit status.
Run = Callable[[Sequence[str], Path], int]


class Stopped(KeyboardInterrupt):
  """This process or its child was told to stop; nothing failed."""


def format_command(words: Sequence[str]) -> str:
  """A module and its flags as typed in a shell."""
  return f'python -m {shlex.join(words)}'


def run_module(words: Sequence[str], log: Path) -> int:
  """Runs a module and appends its output to a log.

  On an interruption of this process the module gets SIGTERM and a minute to
  save; if this process is killed, so is the module.

  Args:
    words: the module and its flags.
    log: a file.

  Returns:
    Its exit status; minus the number of the signal that killed it.
  """
  cache = {
    'JAX_COMPILATION_CACHE_DIR': str(ROOT / '.cache' / 'jax'),
    'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS': '0.5',
  }
  wrapper = [sys.executable, '-IS', die_with_parent.__file__, str(os.getpid())]
  with (
    log.open('a', encoding='utf-8') as file,
    subprocess.Popen(
      [*wrapper, sys.executable, '-m', *words],
      stdin=subprocess.DEVNULL,
      stdout=file,
      stderr=subprocess.STDOUT,
      env={**cache, **os.environ},
    ) as process,
  ):
    try:
      return process.wait()
    except BaseException:
      process.terminate()
      with contextlib.suppress(subprocess.TimeoutExpired):
        try:
          process.wait(_GRACE_S)
        finally:  # also on a second interruption
          process.kill()
          process.wait()
      raise


def run_logged(words: Sequence[str], log: Path, run: Run) -> str | None:
  """Runs a module and says why it failed.

  Args:
    words: the module and its flags.
    log: file for the command and its output; created if missing.
    run: ``run_module``, or a substitute.

  Returns:
    The last line of its output if it failed, else None.

  Raises:
    Stopped: it was told to stop, and saved.
  """
  command, start = format_command(words), time.monotonic()
  logging.info('%s', command)
  log.parent.mkdir(parents=True, exist_ok=True)
  with log.open('a', encoding='utf-8') as file:
    file.write(f'$ {command}\n')
  size = log.stat().st_size
  status = run(words, log)
  logging.info('%.0f s; log: %s', time.monotonic() - start, log)
  if status == 0:
    return None
  if status == os.EX_TEMPFAIL:
    raise Stopped
  if status < 0:
    return f'killed by signal {-status}'
  text = log.read_bytes()[size:].decode('utf-8', 'replace')
  lines = [line.strip() for line in text.splitlines() if line.strip()]
  return lines[-1] if lines else f'exit status {status}'
