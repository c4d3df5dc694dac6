"""The check of a device, as it is started there, at toy size on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests import xla_flags
from tests.codebase import ROOT
from tests.launch.test_train import SETTINGS
from zeroshot.profiling import device_record, device_trace
from zeroshot.weights import files

SCRIPT = ROOT / 'launch/device_check.sh'
TINY = [
  '--config=configs/smoke.py',
  *(f'--config.{setting}' for setting in SETTINGS),
  '--sizes_px=32',
  '--batch_sizes=2',
  '--train_px=32',
  '--inference_px=192',
  '--inference_batches=2',
  '--large_px=700,700',
  '--timed_s=0.1',
  '--train_s=1',
  '--most_train_s=1',
]


def start(out, *arguments, **variables):
  return subprocess.run(
    [SCRIPT, out, *arguments],
    env={
      **os.environ,
      'PYTHON': sys.executable,
      'XLA_FLAGS': xla_flags.of(devices=1),
      **variables,
    },
    capture_output=True,
    text=True,
  )


@pytest.mark.slow
@pytest.mark.timeout(1600)
def test_everything_is_measured_and_a_checkpoint_is_left(tmp_path):
  done = start(tmp_path, *TINY, '--limit_s=1500')
  assert done.returncode == 0, done.stdout + done.stderr
  checked = json.loads((tmp_path / 'check.json').read_text())
  assert checked['seconds'] < checked['limit_s'] == 1500
  assert checked['device'] == 'cpu'
  inference, training = checked['inference'], checked['training']
  assert [row['what'] for row in inference] == [
    'network, 192 px, batch 2, float32',
    'network, 192 px, batch 2, bfloat16',
    'files to boxes, 192 x 192 px',
    'files to boxes, 700 x 700 px',
  ]
  assert [(row['batch_size'], row['precision']) for row in training] == [
    (2, 'float32'),
    (2, 'bfloat16'),
  ]
  for row in (*inference, *training):
    assert row['state'] == 'done'
    assert row['pairs_per_second'] > 0
    assert row['compile_s'] > 0
  for row in training:
    assert row['memory_mib'] > 0
    assert row['utilisation'] is None  # of a CPU no peak is known
  # 1.2 million operations for one of these pairs, or so.
  for row in training:
    flop = row['teraflop_per_second'] * 1e12 / row['pairs_per_second']
    assert 1e6 < flop < 1e8
  (shares,) = checked['shares']
  parts = [shares[part] for part in device_trace.PARTS]
  assert min(parts) > 0
  assert sum(parts) + shares['unknown'] == pytest.approx(1)
  (trained,) = checked['trained']
  assert trained['steps'] >= 1
  weights = files.load(tmp_path / 'weights.safetensors')
  assert weights.step == trained['steps']
  assert list((tmp_path / 'run/checkpoints').iterdir())
  table = (tmp_path / 'check.md').read_text()
  assert table in done.stdout
  assert table.count('\n| --- |') == 4


@pytest.mark.slow
def test_what_does_not_fit_is_skipped_and_named(tmp_path):
  done = start(tmp_path, *TINY, '--limit_s=0', '--train_s=0', GRACE_S='300')
  assert done.returncode == 0, done.stdout + done.stderr
  checked = json.loads((tmp_path / 'check.json').read_text())
  states = {row['state'] for row in checked['training'] + checked['trained']}
  assert states == {'skipped'}
  assert 's expected, 0 s left for it' in (tmp_path / 'check.md').read_text()


def test_a_python_without_jax_is_named(tmp_path):
  fake = tmp_path / 'python'
  fake.write_text('#!/bin/sh\necho jax\necho flax\n')
  fake.chmod(0o755)
  done = start(tmp_path / 'out', PYTHON=str(fake))
  assert done.returncode == 2
  assert 'lacks jax, flax; give a folder of their wheels' in done.stderr


def test_the_folder_comes_first():
  done = start('--limit_s=3')
  assert done.returncode == 2
  assert 'usage:' in done.stderr


def test_a_record_tells_how_each_measurement_ended(tmp_path):
  record = device_record.Record(tmp_path, {'device': 'toy'}, limit_s=100)
  with record.row('training', 'fits') as row:
    record.require(1)
    row.figures['pairs_per_second'] = 12345.6
    running = json.loads((tmp_path / 'check.json').read_text())
    assert running['training'][0]['state'] == 'running'
  with record.row('training', 'long'):
    record.require(60, keep_s=50)
    raise AssertionError('is not measured')
  with record.row('trained', 'broken'):
    raise ValueError('no loss\nat all')
  read = json.loads((tmp_path / 'check.json').read_text())
  assert [row['state'] for row in read['training']] == ['done', 'skipped']
  assert '60 s expected, 50 s left' in read['training'][1]['reason']
  assert read['trained'][0]['reason'] == 'no loss'
  assert 'ValueError' in read['trained'][0]['traceback']
  assert record.has_failed()
  table = (tmp_path / 'check.md').read_text()
  assert table.startswith('device toy.')
  assert '| fits | 12,346 |' in table
  assert 'failed: no loss' in table


def test_memory_that_ends_is_no_failure(tmp_path):
  import jax

  record = device_record.Record(tmp_path, {}, limit_s=100)
  with record.row('training', 'huge'):
    raise jax.errors.JaxRuntimeError('RESOURCE_EXHAUSTED: 1 TiB')
  assert record.rows[0].state == 'out of memory'
  assert not record.has_failed()


def test_operations_are_sorted_into_the_parts_of_a_step():
  program = '\n'.join(
    f'  %{name} = f32[2]{{0}} {operation}(%x), metadata={{op_name="{scope}"}}'
    for name, operation, scope in (
      ('fusion.1', 'fusion', 'pmap(step)/synthesis/while/body/add'),
      ('fusion.2', 'fusion', 'jit(step)/jvp(network)/Conv_0/conv'),
      ('fusion.3', 'fusion', 'jit(step)/transpose(jvp(network))/conv'),
      ('add.4', 'add', 'jit(step)/sub'),
      ('while.5', 'while', 'jit(step)/synthesis/while'),
    )
  )
  program += '\n  %copy.6 = f32[2]{0} copy(%x)'
  assert device_trace.parts_of(program) == {
    'fusion_1': 'synthesis',
    'fusion_2': 'forward',
    'fusion_3': 'backward',
    'add_4': 'rest',
    'while_5': None,
    'copy_6': 'unknown',
  }


@pytest.mark.parametrize(
  ('kind', 'peak'),
  [
    ('NVIDIA H100 80GB HBM3', 989.4),
    ('NVIDIA H100 PCIe', 756.0),
    ('NVIDIA H200', 989.4),
    ('NVIDIA A100-SXM4-40GB', 312.0),
    ('NVIDIA L4', 121.0),
    ('cpu', None),
  ],
)
def test_peaks_are_those_of_the_device(kind, peak):
  from zeroshot.profiling import device_peaks

  assert device_peaks.teraflops(kind, 'bfloat16') == peak
  exact = device_peaks.teraflops(kind, 'float32')
  assert exact is None if peak is None else 0 < exact < peak
