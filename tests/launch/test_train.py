"""Training as a command: a kill does not change the results."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import forked
from tests.studies import transfer_parts
from tests.train import toy
from zeroshot import checkpoints
from zeroshot.data import manifest
from zeroshot.weights import files

ROOT = Path(__file__).resolve().parents[2]
# Few kinds of everything, so that it compiles in seconds.
SETTINGS = [
  'synthesis.size_px=32',
  'synthesis.regions.size_px=(4.0, 12.0)',
  'synthesis.regions.num_max=2',
  'synthesis.backgrounds.soft=1',
  'synthesis.backgrounds.fractal_noise=0',
  'synthesis.backgrounds.dead_leaves=0',
  'synthesis.backgrounds.thresholded=0',
  'synthesis.backgrounds.strokes=0',
  'synthesis.backgrounds.polygons=0',
  'synthesis.fills.constant=0',
  *(
    f'synthesis.nuisances.{name}.probability=0'
    for name in ('warp', 'blur', 'noise', 'blocking', 'binarisation')
  ),
  'model.widths=(8, 12)',
  'model.depths=(1, 1)',
  'model.match_radii=(0, 1)',
  'model.decoder_widths=(6, 8)',
  'model.decoder_depths=(1, 1)',
  'train.steps=40',
  'train.batch_size=4',
  'train.warmup_steps=4',
  'train.log_every=2',
  'train.checkpoint_every=5',
  'train.sample_every=0',
]


def command(workdir, *more):
  return [
    sys.executable,
    '-m',
    'launch.train',
    f'--config={ROOT / "configs" / "smoke.py"}',
    f'--workdir={workdir}',
    *(f'--config.{setting}' for setting in (*SETTINGS, *more)),
  ]


def run(workdir, *more):
  return subprocess.run(
    command(workdir, *more), cwd=ROOT, capture_output=True, text=True
  )


def last_step(workdir):
  """Step of the newest log line; 0 before the first."""
  file = workdir / 'metrics.jsonl'
  whole = [
    line
    for line in (file.read_text() if file.exists() else '').splitlines(True)
    if line.endswith('\n')
  ]
  return json.loads(whole[-1])['step'] if whole else 0


def run_and_kill(workdir, *, step):
  """Runs until a step is logged, then sends SIGKILL."""
  process = subprocess.Popen(
    command(workdir), cwd=ROOT, stderr=subprocess.DEVNULL
  )
  try:
    while last_step(workdir) < step:
      assert process.poll() is None, 'it ended before it could be killed'
      time.sleep(0.002)
  finally:
    process.kill()
  assert process.wait() == -signal.SIGKILL


def figures(workdir):
  """The log lines without what depends on the clock."""
  text = (workdir / 'metrics.jsonl').read_text()
  rows = [json.loads(line) for line in text.splitlines()]
  for row in rows:
    row.pop('pairs_per_second', None)
  return rows


@pytest.mark.slow
def test_kills_leave_no_trace(tmp_path):
  whole, cut = tmp_path / 'whole', tmp_path / 'cut'
  done = run(whole)
  assert done.returncode == 0, done.stderr
  assert 'step 40' in done.stderr
  for step in (4, 16):
    run_and_kill(cut, step=step)
  done = run(cut)
  assert done.returncode == 0, done.stderr
  assert 'resuming' in done.stderr
  results = []
  for workdir in (whole, cut):
    with checkpoints.open_checkpoints(workdir) as manager:
      results.append(checkpoints.restore_latest(manager))
  assert results[0].step == results[1].step == 40
  toy.assert_equal(results[0].model, results[1].model)
  toy.assert_equal(results[0].train, results[1].train)
  assert figures(whole) == figures(cut)

  refused = run(cut, 'train.learning_rate=0.5')
  assert refused.returncode == 2
  assert 'train.learning_rate was ' in refused.stderr
  assert ' and is now 0.5' in refused.stderr

  file = tmp_path / 'w.safetensors'
  export = ['-m', 'launch.export_weights', f'--workdir={cut}', f'--out={file}']
  subprocess.run([sys.executable, *export], cwd=ROOT, check=True)
  weights = files.load(file)
  toy.assert_equal(weights.parameters, results[1].model)
  assert (weights.config['train']['batch_size'], weights.step) == (4, 40)


@pytest.fixture(scope='module')
def start():
  """Runs a training that ends at once."""
  with forked.starting('launch.train') as run:
    yield lambda workdir, *more: run(*command(workdir, *more)[2:])


def test_a_batch_that_does_not_divide_is_one_line(start, tmp_path):
  done = start(tmp_path, 'train.batch_size=6')
  assert done.returncode == 2
  assert 'train.batch_size=6 does not divide among 4 devices' in done.stderr
  assert 'Traceback' not in done.stderr


def test_photographs_without_a_bank_are_one_line(tmp_path):
  done = run(tmp_path, 'synthesis.backgrounds.photographs=1')
  assert done.returncode == 2
  assert done.stderr.splitlines()[-1] == (
    'error: synthesis.backgrounds.photographs has weight but there is no bank;'
    ' pack one with data_tools.pack_backgrounds and set synthesis.bank'
  )
  assert 'Traceback' not in done.stderr


def test_a_missing_bank_is_one_line(start, tmp_path):
  done = start(tmp_path, f'synthesis.bank={tmp_path / "none.npz"}')
  assert done.returncode == 2
  assert 'none.npz' in done.stderr
  assert 'Traceback' not in done.stderr


@pytest.mark.slow
def test_all_bad_pictures_are_named_before_the_first_step(tmp_path):
  path = transfer_parts.write_manifest(tmp_path, {'a': 3, 'b': 1})
  pairs = manifest.read_manifest(path)
  for pair in pairs[1:]:  # two to learn from, one that is held out
    pair.test_path.write_bytes(pair.test_path.read_bytes()[:-99])
  words = [
    '--config=configs/transfer.py',
    f'--workdir={tmp_path / "run"}',
    '--init_weights=default',
    f'--config.labelled.manifest={path}',
    '--config.labelled.stop_groups=b',
  ]
  done = subprocess.run(
    [sys.executable, '-m', 'launch.train', *words],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 2
  assert done.stderr.startswith('error: 3 faults: ')
  assert done.stderr.count('\n') == 1
  for pair in pairs[1:]:
    assert f'{pair.test_path}: the picture is cut short' in done.stderr
  assert not (tmp_path / 'run').exists()
