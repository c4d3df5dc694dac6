"""A trained run and the commands that use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from data_tools import make_pairs
from tests import xla_flags
from tests.launch.test_train import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
# A barely trained network marks next to nothing at a threshold of 0.5.
EVALUATE = [
  'detect.threshold=0.3',
  'detect.registration=none',
  'eval.synthetic_pairs=8',
  'eval.bootstrap_samples=20',
  'eval.pictures=1',
  'eval.defect_free_pairs=2',
  'eval.worst=3',
  'eval.box_margin_px.official=8',  # whole pixels, as a submission's
]


def start(module, *arguments):
  return subprocess.run(
    [sys.executable, '-m', module, *map(str, arguments)],
    cwd=ROOT,
    env={**os.environ, 'XLA_FLAGS': xla_flags.of(devices=4, rounded=True)},
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
    if not self.weights.exists():
      self._make()

  def _make(self):
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
