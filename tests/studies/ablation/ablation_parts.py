"""Small ablations: a generated set, rows, and metrics made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from configs import ablations
from data_tools import make_pairs
from zeroshot.data import bank as bank_files


def make_data(folder):
  """Four generated pairs and a bank; returns the folder."""
  make_pairs.make(folder, num_pairs=4, seed=0, size_px=256)
  noise = np.random.default_rng(0).integers(0, 256, (2, 320, 320, 3), np.uint8)
  np.savez(folder / 'bank.npz', **{bank_files.KEY: noise})
  return folder


def config_of(data, **changed):
  """The config of the ablations on two of the generated pairs."""
  config = ablations.get_config()
  config.update(root=str(data), split='generated', groups='', every=2)
  config.update(bank=str(data / 'bank.npz'))
  config.update(changed)
  return config


def row_of(**changed):
  return ablations.row('asks', **changed)


def metrics(ap, *, pixel_ap=0.5):
  """Distinct metrics of one evaluation; no pixel AP where it is None."""
  synthetic = {} if pixel_ap is None else {'synthetic': {'pixel_ap': pixel_ap}}
  official = dict(ap=ap, ap_50=0.6, ap_75=0.3, precision=0.7, recall=None)
  return dict(official=official, shrunk=dict(ap=0.4), **synthetic)


class Runner:
  """Stands in for the commands: counts them, writes what they would."""

  def __init__(self):
    self.lines = []
    self.failing = ''  # a command that holds this fails
    self.stopping = ''  # one that holds this is interrupted

  def __call__(self, words, log):
    line = ' '.join(words)
    self.lines.append(line)
    if self.stopping and self.stopping in line:
      raise KeyboardInterrupt
    if self.failing and self.failing in line:
      with log.open('a') as file:
        file.write('INFO: before\nerror: it broke\n\n')
      return 2
    flags = dict(word.split('=', 1) for word in words[1:])
    if words[0] == 'launch.evaluate':
      out = Path(flags['--out'])
      out.mkdir(parents=True, exist_ok=True)
      text = json.dumps(metrics(0.25 * len(out.parents[1].name)))
      (out / 'metrics.json').write_text(text)
    return 0

  def take(self):
    """The commands so far: module, and folder they write to."""
    taken = []
    for line in self.lines:
      module, *words = line.split()
      flags = dict(word.split('=', 1) for word in words)
      train = module == 'launch.train'
      folder = flags['--workdir' if train else '--out']
      parts = Path(folder).parts
      taken.append(
        parts[-1].rpartition('-')[0] if train else '/'.join(parts[-3:])
      )
    self.lines = []
    return taken
