"""Figures of a process's own memory and cores."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from zeroshot.runtime import machine

ROOT = Path(__file__).resolve().parents[2]


def peak_of_a_new_process(holding=0):
  words = 'from zeroshot.runtime import machine; '
  words += f'held = bytes([1]) * {holding}; print(machine.peak_memory_bytes())'
  done = subprocess.run(
    [sys.executable, '-c', words],
    cwd=ROOT,
    check=True,
    capture_output=True,
    text=True,
  )
  return int(done.stdout)


def test_the_peak_follows_what_is_held():
  assert machine.peak_memory_bytes() > 10_000_000  # pytest's own
  more = peak_of_a_new_process(holding=50_000_000) - peak_of_a_new_process()
  assert more == pytest.approx(50_000_000, abs=5_000_000)


@pytest.mark.skipif(sys.platform != 'linux', reason='needs /proc')
def test_the_peak_is_not_that_of_the_process_before():
  held = np.ones(300_000_000, np.uint8)
  assert 1e6 < peak_of_a_new_process() < len(held)


def test_one_core_at_least():
  assert machine.usable_cores() >= 1
