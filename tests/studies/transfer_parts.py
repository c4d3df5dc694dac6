"""Small transfers: labelled pairs, stand-ins for training and evaluation."""

from __future__ import annotations

import json

from configs import transfer
from data_tools import make_pairs
from zeroshot.data import deeppcb, manifest
from zeroshot.run_config import compatibility
from zeroshot.studies import runs
from zeroshot.weights import files

# Few kinds of everything and small windows, so that it compiles in seconds.
TINY = {
  'synthesis.size_px': 32,
  'synthesis.regions.size_px': (4.0, 12.0),
  'synthesis.regions.num_max': 2,
  'synthesis.backgrounds.fractal_noise': 0.0,
  'synthesis.backgrounds.dead_leaves': 0.0,
  'synthesis.backgrounds.soft': 0.0,
  'synthesis.backgrounds.thresholded': 0.0,
  'synthesis.backgrounds.polygons': 0.0,
  'labelled.window_px': 64,
  'labelled.synthetic_every': 2,
  'train.steps': 2,
  'train.batch_size': 8,  # two on each of the tests' devices
  'train.warmup_steps': 0,
  'train.sample_every': 0,
}


def write_manifest(folder, counts):
  """A manifest of generated pairs; returns its path.

  Args:
    folder: to write into.
    counts: number of pairs of each group, by its name.
  """
  groups = [name for name, count in counts.items() for _ in range(count)]
  make_pairs.make(folder, num_pairs=len(groups), seed=0, size_px=256)
  pairs = manifest.labelled_pairs(deeppcb.list_pairs(folder, make_pairs.SPLIT))
  path = folder / 'pairs.jsonl'
  with path.open('w') as file:
    for group, pair in zip(groups, pairs, strict=True):
      line = dict(
        reference=str(pair.reference_path.relative_to(folder)),
        test=str(pair.test_path.relative_to(folder)),
        group=group,
        boxes=pair.truth.xyxy.astype(int).tolist(),
        kinds=list(pair.truth.kind),
      )
      file.write(json.dumps(line) + '\n')
  return path


def config_of(path, **changed):
  """The transfer config on a manifest; fields by dotted names."""
  config = transfer.get_config()
  config.train.update(init_weights='default', steps=800, learning_rate=1e-3)
  config.labelled.manifest = str(path)
  config.update_from_flattened_dict(
    {name.replace('__', '.'): value for name, value in changed.items()}
  )
  return config


def metrics(ap, /, **changed):
  """Distinct metrics of an evaluation."""
  named = dict(ap=ap, kind_accuracy=ap + 0.005)
  plain = dict(ap=ap + 0.001, ap_50=ap + 0.002, ap_75=ap + 0.003)
  return {'official-6': named | changed, 'official': plain}


class Stand:
  """Stands in for training and evaluation, and counts both."""

  def __init__(self, monkeypatch, score):
    self.score = score  # (config, moved) -> official-6 AP
    self.trained, self.evaluated = [], []
    self.stopping = ''  # a training of this name is interrupted
    monkeypatch.setattr(runs, 'train', self.train)
    monkeypatch.setattr(runs, 'evaluate', self.evaluate)

  def train(self, config, folder):
    self.trained.append(folder.name)
    if self.stopping == folder.name:
      raise KeyboardInterrupt
    return files.Weights(
      {}, compatibility.plain_config(config), config.train.steps
    )

  def evaluate(self, config, weights, chosen, *, moves):
    self.evaluated.append([pair.name for pair in chosen])
    return metrics(self.score(config, moves['shift_px'] > 0))

  def take(self):
    """The names of the trainings since the last call."""
    taken, self.trained = self.trained, []
    return taken
