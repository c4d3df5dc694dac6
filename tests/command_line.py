"""Starts commands as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import xla_flags

ROOT = Path(__file__).resolve().parents[1]


def run(module, *arguments, devices=None):
  """Runs ``python -m MODULE ARGUMENTS`` to its end and captures what it prints.

  Args:
    module: dotted name.
    *arguments: of the command; anything with a text form.
    devices: number of fake ones on the CPU; None for as many as the tests have.
  """
  variables = dict(os.environ)
  if devices is not None:
    variables['XLA_FLAGS'] = xla_flags.of(devices=devices)
  return subprocess.run(
    [sys.executable, '-m', module, *map(str, arguments)],
    cwd=ROOT,
    env=variables,
    capture_output=True,
    text=True,
  )


def assert_mistake(done, *words):
  """Asserts that a command ended with one line on a user's mistake."""
  assert done.returncode == 2, done.stderr
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1, done.stderr
  assert all(word in done.stderr for word in words), done.stderr
