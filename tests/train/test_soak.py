"""A long run: no leak, no slowdown, no recompilation."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest

from tests import clusters
from tests.launch.test_train import SETTINGS

pytestmark = pytest.mark.slow

STEPS = 3000
LONG = [
  *SETTINGS,
  f'train.steps={STEPS}',
  'train.log_every=50',
  'train.checkpoint_every=500',
  'train.sample_every=500',
]


def resident_mb(process):
  text = Path(f'/proc/{process.pid}/status').read_text()
  match = re.search(r'VmRSS:\s+(\d+) kB', text)
  return int(match[1]) / 1024 if match else None  # None: it is ending


def test_soak(tmp_path, monkeypatch):
  monkeypatch.setenv('JAX_LOG_COMPILES', '1')
  memory = []  # (seconds, MB)
  with clusters.running(
    tmp_path,
    'launch.train',
    '--config=configs/smoke.py',
    *(f'--config.{line}' for line in LONG),
    workdir=tmp_path / 'run',
    optimised=True,  # many steps of one program
  ) as run:
    run.wait_for('step 1000 ', seconds=300)
    while run.processes[0].poll() is None:
      size = resident_mb(run.processes[0])
      memory += [] if size is None else [size]
      time.sleep(0.1)
    assert run.wait() == [0], run.text()[-2000:]
    text = run.text()

  fifths = np.array_split(np.array(memory), 5)
  first, last = np.median(fifths[0]), np.median(fifths[-1])
  print(f'memory from step 1000 on: {first:.1f} MB, at the end {last:.1f} MB')
  assert last - first < 0.02 * first

  lines = (tmp_path / 'run' / 'metrics.jsonl').read_text().splitlines()
  rows = [json.loads(line) for line in lines]
  pace = np.array([row['pairs_per_second'] for row in rows])
  thousands = np.array_split(pace, STEPS // 1000)
  # Of the fastest tenth: other work on the machine comes and goes.
  milliseconds = [4000 / np.quantile(part, 0.9) for part in thousands]
  print('ms a step, by thousands:', np.round(milliseconds, 2))
  assert milliseconds[-1] < 2 * min(milliseconds[1:-1])

  _, after = re.split(r'step 500 ', text, maxsplit=1)
  compiled = re.findall(r'Compiling (\S+)', after)
  # What is first due at step 500: the sample sheet and the checkpoint.
  assert 'train_step' not in ' '.join(compiled)
  _, late = re.split(r'step 1000 ', text, maxsplit=1)
  assert not re.findall(r'Compiling (\S+)', late)
