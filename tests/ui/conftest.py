"""Fixtures of the tests of the page: the command that serves it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest


@pytest.fixture
def address():
  """Where the command serves the page, with a limit of 1 MB a file."""
  words = [sys.executable, '-m', 'zeroshot.commands.main', 'ui']
  with subprocess.Popen(
    [*words, '--max_megabytes=1'], stderr=subprocess.PIPE, text=True
  ) as served:
    try:
      lines = iter(served.stderr.readline, '')
      opened = (re.search(r'open (\S+) in', line) for line in lines)
      yield next(server for server in opened if server)[1]
    finally:
      served.send_signal(signal.SIGINT)
