"""The command that checks a data set before a run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from data_tools import make_pairs
from tests import samples

ROOT = Path(__file__).resolve().parents[2]


def check(*flags):
  return subprocess.run(
    [sys.executable, '-m', 'data_tools.check', *map(str, flags)],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )


def test_all_is_well(tmp_path):
  root, photographs = tmp_path / 'PCBData', tmp_path / 'photographs'
  make_pairs.make(root, num_pairs=2, seed=0, size_px=256)
  photographs.mkdir()
  samples.write_good(photographs / 'a.jpg')
  np.savez(tmp_path / 'b.npz', pictures=np.zeros((3, 4, 4, 3), np.uint8))
  done = check(
    f'--root={root}',
    '--split=generated',
    f'--photographs={photographs}',
    f'--bank={tmp_path / "b.npz"}',
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout == (
    f'checked 2 pairs of {root}, split generated; 1 photographs of '
    f'{photographs}; 3 pictures of {tmp_path / "b.npz"}: all is well\n'
  )


def test_every_fault_has_a_line_and_the_status_tells(tmp_path):
  good = samples.write_good(tmp_path / 'good.png')
  samples.write_good(tmp_path / 'wide.png', width=40)
  samples.write_all_bad(tmp_path)
  lines = [
    dict(reference=good.name, test=name, boxes=[])
    for name in (*samples.BAD, 'wide.png')
  ]
  path = tmp_path / 'pairs.jsonl'
  path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
  (tmp_path / 'b.npz').write_bytes(b'no bank')
  done = check(f'--manifest={path}', f'--bank={tmp_path / "b.npz"}')
  assert done.returncode == 2, done.stderr
  *faults, summary = done.stdout.splitlines()
  expected = [*samples.BAD.values(), 'sizes differ', 'b.npz: not an image bank']
  for line, words in zip(faults, expected, strict=True):
    assert words in line
  assert summary.endswith(f': {len(expected)} faults')
  assert 'Traceback' not in done.stderr


def test_nothing_to_check_is_a_mistake():
  done = check()
  assert done.returncode == 2
  assert done.stdout == ''
  assert done.stderr.startswith('error: nothing to check; give --root')
