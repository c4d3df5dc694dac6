"""Crash reports: they stay after a crash, and only then."""

from __future__ import annotations

import faulthandler
import subprocess
import sys

import pytest

from zeroshot.runtime import crash_report

NATIVE = """
import os, sys
from zeroshot.runtime import crash_report
crash_report.begin(sys.argv[1], process_id=3, num_processes=4)
os.abort()
"""


@pytest.fixture
def report(tmp_path):
  was_enabled = faulthandler.is_enabled()
  opened = crash_report.begin(tmp_path, process_id=3, num_processes=4)
  yield opened
  if was_enabled:
    faulthandler.enable()
  else:
    faulthandler.disable()
  opened.file.close()


def files(folder):
  return sorted((folder / 'crashes').glob('*Z-process3.txt'))


def test_a_crash_is_written_down(tmp_path, report):
  try:
    raise RuntimeError('it broke')
  except RuntimeError as error:
    crash_report.record(report, error)
  (file,) = files(tmp_path)
  text = file.read_text()
  for words in ('process: 3 of 4', 'command: ', 'host: ', 'jax ', 'Python '):
    assert words in text
  assert text.endswith('RuntimeError: it broke\n')


def test_none_is_left_where_nothing_crashed(tmp_path, report):
  assert len(files(tmp_path)) == 1
  crash_report.discard(report)
  assert list(tmp_path.iterdir()) == []


def test_reports_of_others_stay(tmp_path, report):
  other = tmp_path / 'crashes' / 'other.txt'
  other.write_text('')
  crash_report.discard(report)
  assert list(other.parent.iterdir()) == [other]


def test_a_native_death_is_written_down(tmp_path):
  done = subprocess.run([sys.executable, '-c', NATIVE, tmp_path])
  assert done.returncode < 0
  (file,) = files(tmp_path)
  assert 'Fatal Python error: Aborted' in file.read_text()
