"""Ablations as a command, with real trainings."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import forked
from tests.launch.test_train import SETTINGS
from tests.studies.ablation.ablation_parts import make_data
from zeroshot.data import pictures

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  return make_data(tmp_path_factory.mktemp('data'))


TINY = """
from configs import ablations
from ml_collections import ConfigDict

def get_config():
  config = ablations.get_config()
  config.base = 'configs/smoke.py'
  config.steps = 8
  config.train = {train!r}
  config.evaluate = {evaluate!r}
  with config.unlocked():
    config.views = ConfigDict(dict(aligned=()))
    config.rows = ConfigDict(dict(
      trained=ablations.row('as it is'),
      classical=ablations.row('no network', weights='classical'),
    ), sort_keys=False)
  return config
"""
EVALUATE = (
  'detect.threshold=0.3',  # barely trained, it marks next to nothing at more
  'eval.synthetic_pairs=8',
  'eval.bootstrap_samples=20',
  'eval.pictures=0',
  'eval.defect_free_pairs=0',
)


def start(*words):
  return subprocess.run(
    [sys.executable, '-m', 'launch.ablate', *words],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )


@pytest.fixture(scope='module')
def ablate():
  with forked.starting('launch.ablate') as run:
    yield functools.partial(run, 'launch.ablate')


@pytest.mark.slow
def test_a_mistake_ends_in_one_line(ablate, data):
  for words, message in (
    (['--config.root='], 'error: root is empty; give --config.root=PCBDATA'),
    ([f'--config.root={data}', '--config.only=x'], 'error: only: there is no'),
    (['--shard=8/8'], 'error: --shard=8/8: give i/n with 0 <= i < n'),
  ):
    words = ['--config=configs/ablations.py', '--workdir=unused', *words]
    done = ablate(*words, '--config.split=generated', '--config.groups=')
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(message)
    assert done.stderr.count('\n') == 1
    assert not (ROOT / 'unused').exists()


def tiny(data, tmp_path):
  """The arguments of a small ablation."""
  config = tmp_path / 'tiny.py'
  own = ('train.steps=', 'train.checkpoint_every=')
  train = tuple(line for line in SETTINGS if not line.startswith(own))
  config.write_text(TINY.format(train=train, evaluate=EVALUATE))
  return [
    f'--config={config}',
    f'--workdir={tmp_path / "work"}',
    f'--config.root={data}',
    '--config.split=generated',
    '--config.groups=',
    '--config.every=2',
  ]


@pytest.mark.slow
def test_told_to_stop_it_says_so_by_its_status(data, tmp_path):
  words = [sys.executable, '-m', 'launch.ablate', *tiny(data, tmp_path)]
  with subprocess.Popen(
    words, cwd=ROOT, stderr=subprocess.PIPE, text=True
  ) as process:
    deadline = time.monotonic() + 60
    while not list((tmp_path / 'work').glob('logs/trained-*.log')):
      assert time.monotonic() < deadline
      time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    text = process.stderr.read()
  assert process.returncode == os.EX_TEMPFAIL
  assert text.endswith('stopped; the same command goes on from here\n')
  (record,) = (tmp_path / 'work').rglob('ablation.json')
  assert json.loads(record.read_text())['done'] is False
  assert not list((tmp_path / 'work').rglob('fault.json'))


@pytest.mark.slow
def test_two_rows_from_training_to_table(data, tmp_path):
  words, workdir = tiny(data, tmp_path), tmp_path / 'work'
  done = start(*words)
  assert done.returncode == 0, done.stderr
  assert done.stdout == f'no failures; the table is {workdir / "table.md"}\n'
  content = json.loads((workdir / 'table.json').read_text())
  assert [row['status'] for row in content['rows']] == ['done', 'done']
  trained, classical = (row['views']['aligned'] for row in content['rows'])
  assert trained['synthetic_pixel_ap']['mean'] > 0
  assert 0 < classical['synthetic_pixel_ap']['mean'] < 1
  assert classical['ap']['mean'] > 0
  (metrics,) = workdir.rglob('trained/**/metrics.json')
  measured = json.loads(metrics.read_text())
  assert trained['ap']['values'] == [measured['official']['ap']]
  assert (measured['step'], measured['official']['num_images']) == (8, 2)
  assert len(list((workdir / 'trainings').iterdir())) == 1
  assert (workdir / 'table.md').read_text().count('\n| `') == 2
  assert pictures.read_picture(workdir / 'table.png').shape[1] == 800
  again = start(*words)
  assert again.returncode == 0, again.stderr
  assert 'launch.train' not in again.stderr
  assert 'launch.evaluate' not in again.stderr
