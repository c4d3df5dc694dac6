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


@pytest.mark.parametrize(
  ('package', 'device', 'environment', 'expected'),
  [
    ('jax_cuda12_plugin', 'nvidia0', {}, True),
    ('jax_cuda13_plugin', 'nvidia0', {'JAX_PLATFORMS': 'cuda'}, True),
    ('libtpu', 'accel0', {}, True),
    ('jax_cuda12_plugin', 'accel0', {}, False),
    ('numpy', 'nvidia0', {}, False),
    ('jax_cuda12_plugin', 'nvidia0', {'JAX_PLATFORMS': 'cpu'}, False),
    ('jax_cuda12_plugin', 'nvidia0', {'CUDA_VISIBLE_DEVICES': ''}, False),
  ],
)
def test_an_accelerator_needs_its_package_and_a_device(
  monkeypatch, tmp_path, package, device, environment, expected
):
  for name in ('JAX_PLATFORMS', 'CUDA_VISIBLE_DEVICES'):
    monkeypatch.delenv(name, raising=False)
  for name, value in environment.items():
    monkeypatch.setenv(name, value)
  (tmp_path / device).touch()
  monkeypatch.setattr(
    machine.importlib.util, 'find_spec', lambda name: name == package or None
  )
  monkeypatch.setattr(machine, '_CUDA_DEVICES', (f'{tmp_path}/nvidia[0-9]*',))
  monkeypatch.setattr(machine, '_TPU_DEVICES', (f'{tmp_path}/accel*',))
  assert machine.has_accelerator() is expected
