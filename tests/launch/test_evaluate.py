"""From training to figures, as a user goes: the commands and their files."""

from __future__ import annotations

import concurrent.futures
import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_tools import make_pairs
from tests.launch.test_train import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {
  'ap',
  'precision',
  'recall',
  'f_score',
  'num_images',
  'num_ground_truth',
  'num_detections',
}
DETAILS = {'ap_50', 'ap_75', 'max_recall', 'interval_95', 'groups'}
# A barely trained network marks next to nothing at a threshold of 0.5.
EVALUATE = [
  'detect.threshold=0.3',
  'detect.registration=none',
  'eval.synthetic_pairs=8',
  'eval.bootstrap_samples=20',
  'eval.pictures=1',
  'eval.box_margin_px.official=8',  # whole pixels, as a submission's
]
MISALIGN = [
  'eval.misalign.shift_px=5',
  'eval.misalign.rotation_deg=1',
  'detect.registration=affine',
]


def start(module, *arguments):
  return subprocess.run(
    [sys.executable, '-m', module, *map(str, arguments)],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )


def settings(*lines):
  return [f'--config.{line}' for line in lines]


class Run:
  """A trained run, its weights file and a generated set."""

  def __init__(self, folder):
    self.folder = folder
    self.workdir = folder / 'run'
    self.weights = folder / 'w.safetensors'
    self.root = folder / 'PCBData'
    make_pairs.make(self.root, num_pairs=3, seed=0, size_px=256)
    self.expect('launch.train', *self.config(), f'--workdir={self.workdir}')
    self.expect(
      'launch.export_weights',
      f'--workdir={self.workdir}',
      f'--out={self.weights}',
    )

  def expect(self, *words):
    done = start(*words)
    assert done.returncode == 0, done.stderr
    return done

  def config(self, *more):
    lines = [*SETTINGS, 'train.steps=30', *more]
    return ['--config=configs/smoke.py', *settings(*lines)]

  def arguments(self, *more, root=None, split='generated', out='unused'):
    return [
      *self.config(*EVALUATE, f'eval.split={split}', *more),
      f'--config.eval.root={root or self.root}',
      f'--out={self.folder / out}',
    ]

  def evaluate(self, out, *more, source):
    words = [*self.arguments(*more, out=out), source]
    self.expect('launch.evaluate', *words)
    return json.loads((self.folder / out / 'metrics.json').read_text())


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  return Run(tmp_path_factory.mktemp('evaluate'))


@pytest.fixture(scope='module')
def metrics(trained):
  return trained.evaluate('plain', source=f'--workdir={trained.workdir}')


@pytest.mark.slow
def test_all_promised_figures_are_there(trained, metrics):
  for protocol in ('official', 'shrunk', 'as-published', 'coco'):
    assert set(metrics[protocol]) >= FIGURES, protocol
    assert metrics[protocol]['num_images'] == 3
  official = metrics['official']
  assert set(official) >= DETAILS
  assert set(official['groups']) == {'group90000', 'group90001'}
  assert len(official['interval_95']) == 2
  assert official['num_detections'] > 0
  assert metrics['seconds_per_pair'] > 0
  assert metrics['step'] == 30
  assert metrics['config']['eval']['root'] == str(trained.root)
  assert metrics['config']['train']['batch_size'] == 4
  assert set(metrics['synthetic']) >= {'pixel_auroc', 'pixel_ap'}
  assert len(list((trained.folder / 'plain' / 'pictures').iterdir())) == 1


@pytest.mark.slow
def test_a_weights_file_gives_the_same_figures(trained, metrics):
  again = trained.evaluate('weights', source=f'--weights={trained.weights}')
  for figures in (again, metrics):
    figures.pop('seconds_per_pair', None)
  assert again == metrics
  first, second = (
    (trained.folder / out / 'detections.zip').read_bytes()
    for out in ('plain', 'weights')
  )
  assert first == second


@pytest.mark.slow
def test_the_benchmarks_scorer_agrees(trained, metrics):
  done = trained.expect(
    'launch.score',
    f'--ground_truth={trained.root}',
    f'--detections={trained.folder / "plain" / "detections.zip"}',
    '--class_agnostic',
  )
  figures = json.loads(done.stdout)
  official = metrics['official']
  assert figures['AP'] == pytest.approx(official['ap'], abs=1e-9)
  for name in ('precision', 'recall'):
    assert figures[name] == pytest.approx(official[name], abs=1e-9)


@pytest.mark.slow
def test_a_misaligned_reference_is_scored(trained, metrics):
  moved = trained.evaluate(
    'moved', *MISALIGN, source=f'--workdir={trained.workdir}'
  )
  assert moved['config']['eval']['misalign']['shift_px'] == 5
  official = moved['official']
  assert official['num_images'] == 3
  assert official['num_ground_truth'] > 0
  assert official['num_ground_truth'] <= metrics['official']['num_ground_truth']
  assert moved['official'] != metrics['official']


def truncate(path):
  path.write_bytes(path.read_bytes()[:-400])


def shrink(path):
  cv2.imwrite(str(path), np.full((200, 256, 3), 255, np.uint8))


def broken(trained, name, damage):
  """A copy of the set whose first test picture is damaged."""
  root = trained.folder / name
  shutil.copytree(trained.root, root)
  damage(root / 'group90000' / '90000' / '90000000_test.jpg')
  return root


MISTAKES = {
  'neither source': 'give either --workdir=DIR or --weights=FILE',
  'both sources': 'give either --workdir=DIR or --weights=FILE',
  'no root': 'nowhere: no such folder',
  'wrong split': "no split 'trainval'; the splits here: generated",
  'unknown group': 'has no group1; its groups are group90000, group90001',
  'no run': 'train first with launch.train',
  'no weights': 'no weights file',
  'another network': 'model.match_support was 1 and is now 0',
  'misspelt field': "--config.eval.spilt=x: the config has no field 'spilt'",
  'leftover': "unexpected argument 'generated'",
  'truncated picture': '90000000_test.jpg: the picture is cut short',
  'two sizes': 'is 256x256 and test',
}


@pytest.fixture(scope='module')
def mistakes(trained):
  """Every mistake is made, two at a time."""
  source = f'--workdir={trained.workdir}'
  weights = f'--weights={trained.weights}'
  truncated = broken(trained, 'truncated', truncate)
  sizes = broken(trained, 'sizes', shrink)
  commands = {
    'neither source': trained.arguments(),
    'both sources': [*trained.arguments(), source, weights],
    'no root': [*trained.arguments(root='nowhere'), weights],
    'wrong split': [*trained.arguments(split='trainval'), weights],
    'unknown group': [*trained.arguments('eval.groups=group1'), weights],
    'no run': [*trained.arguments(), f'--workdir={trained.folder / "none"}'],
    'no weights': [*trained.arguments(), '--weights=none'],
    'another network': [*trained.arguments('model.match_support=0'), weights],
    'misspelt field': [*trained.arguments('eval.spilt=x'), weights],
    'leftover': [*trained.arguments(), weights, 'generated'],
    'truncated picture': [*trained.arguments(root=truncated), weights],
    'two sizes': [*trained.arguments(root=sizes), weights],
  }
  with concurrent.futures.ThreadPoolExecutor(2) as pool:
    done = pool.map(
      lambda words: start('launch.evaluate', *words), commands.values()
    )
  return dict(zip(commands, done, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize('mistake', MISTAKES)
def test_a_mistake_ends_in_one_line(mistakes, mistake):
  done = mistakes[mistake]
  assert done.returncode == 2, done.stderr
  assert done.stderr.startswith('error: ')
  assert done.stderr.count('\n') == 1
  assert MISTAKES[mistake] in done.stderr
  assert done.stdout == ''
