"""Every config builds, is locked and has a step; every field is read."""

from __future__ import annotations

import dataclasses
import importlib
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import ml_collections
import numpy as np
import pytest

from configs import default
from tests import config_reads
from tests.studies import transfer_parts
from zeroshot.data import bank as bank_files
from zeroshot.data import manifest, pictures
from zeroshot.detect import scorers
from zeroshot.experiments import (
  calibration,
  early_stopping,
  evaluation,
  labelled_sets,
  loading,
  setup,
)
from zeroshot.run_config import compatibility
from zeroshot.studies import few_shot, leave_one_out
from zeroshot.synthesis import checks
from zeroshot.train import loop, state, update
from zeroshot.types import Boxes, Pair

ROOT = Path(__file__).resolve().parents[1]
# Of launch.ablate, not of a training: see tests/studies/ablation/test_plan.py.
OTHERS = {'ablations', 'ladder'}
NAMES = sorted(
  file.stem
  for file in (ROOT / 'configs').glob('*.py')
  if file.stem[0] != '_' and file.stem not in OTHERS
)


def leaves(config, prefix=()):
  """Paths of all fields that hold a value."""
  for name, value in config.items():
    if isinstance(value, ml_collections.ConfigDict):
      yield from leaves(value, (*prefix, name))
    else:
      yield (*prefix, name)


@pytest.mark.parametrize('name', NAMES)
def test_config_builds_and_is_locked(name):
  config = importlib.import_module(f'configs.{name}').get_config()
  assert config.is_locked
  with pytest.raises(AttributeError, match='no_such_field'):
    config.train.no_such_field = 1


@pytest.mark.parametrize('name', NAMES)
def test_config_has_the_fields_of_default_and_no_others(name):
  config = importlib.import_module(f'configs.{name}').get_config()
  assert set(leaves(config)) == set(leaves(default.get_config()))


@pytest.mark.parametrize('name', NAMES)
def test_every_field_can_be_overridden_from_the_command_line(name):
  config = importlib.import_module(f'configs.{name}').get_config()
  for path in leaves(config):
    value = config
    for word in path:
      value = value[word]
    assert isinstance(value, bool | int | float | str | tuple), path


@pytest.mark.parametrize('name', NAMES)
def test_config_opens_with_its_command(name):
  text = (ROOT / 'configs' / f'{name}.py').read_text()
  assert f'python -m launch.train --config=configs/{name}.py' in text


def labelled_pair(folder):
  """A trace that is cut, and a box round the cut."""
  reference = np.ones((128, 128, 3), np.float32)
  reference[60:68] = 0.0
  test = reference.copy()
  test[60:68, 60:66] = 1.0
  paths = folder / 'good.png', folder / 'part.png'
  pictures.write_picture(paths[0], reference)
  pictures.write_picture(paths[1], test)
  box = np.array([[50, 50, 75, 77]], np.float32)
  truth = Boxes(box, np.ones(1, np.float32), ('open',))
  return manifest.LabelledPair('a', 'group', *paths, truth)


# For a step that compiles in seconds: each kind is compiled by itself in
# tests/synthesis, and the networks as they are in tests/model.
SMALL = {
  'model.widths': (8, 12),
  'model.depths': (1, 1),
  'model.match_radii': (0, 1),
  'model.decoder_widths': (6, 8),
  'model.decoder_depths': (1, 1),
  'model.head_widths': (8, 8),
  'synthesis.backgrounds.fractal_noise': 0.0,
  'synthesis.backgrounds.dead_leaves': 0.0,
  'synthesis.backgrounds.soft': 0.0,
  'synthesis.backgrounds.thresholded': 0.0,
  'synthesis.backgrounds.polygons': 0.0,
  'synthesis.regions.blobs': 0.0,
  'synthesis.regions.scratches': 0.0,
  'synthesis.fills.inverted': 0.0,
  'synthesis.fills.recoloured': 0.0,
  **{
    f'synthesis.nuisances.{name}.probability': 0.0
    for name in ('warp', 'blur', 'noise', 'blocking', 'binarisation')
  },
}


def shrunk(name, folder, **changed):
  """A config for one update of four small pairs, and what it trains with."""
  config = importlib.import_module(f'configs.{name}').get_config()
  config.synthesis.update(
    dict(size_px=64, margin_px=8, bank=str(folder / 'bank.npz'))
  )
  config.train.update(
    dict(steps=1, batch_size=4, warmup_steps=0, sample_every=0)
  )
  config.update_from_flattened_dict(changed)
  noise = np.random.default_rng(0).integers(0, 256, (3, 96, 96, 3), np.uint8)
  np.savez(config.synthesis.bank, **{bank_files.KEY: noise})
  learns_from_labels = config.loss.kinds or config.loss.sides
  task = setup.build_task(
    config, [labelled_pair(folder)] if learns_from_labels else None
  )
  return config, task


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_config_has_a_step(name, tmp_path):
  config, task = shrunk(name, tmp_path)
  built = update.build_update(config, task, devices=jax.devices()[:1])
  before = state.describe_state(task.model, built.optimizer, size_px=64)
  after, collection = jax.eval_shape(built.step, before, task.bank)
  assert jax.tree.structure(after) == jax.tree.structure(before)
  for new, old in zip(
    jax.tree.leaves(after), jax.tree.leaves(before), strict=True
  ):
    assert (new.shape, new.dtype) == (old.shape, old.dtype)
  assert jax.tree.leaves(collection)


@pytest.mark.slow
def test_config_takes_a_step(tmp_path):
  # The one with the most in it: both kinds of pairs, all terms, both heads.
  # configs/smoke.py is trained by the quickstart, see test_readme.py.
  config, task = shrunk('fine_tune', tmp_path, **SMALL)
  workdir = tmp_path / 'run'
  after = loop.train(config, task, workdir=workdir, devices=jax.devices()[:1])
  assert int(after.step) == 1
  log = json.loads((workdir / 'metrics.jsonl').read_text())
  assert log['loss'] > 0
  assert log['gradient_norm'] > 0


def test_every_field_is_read(tmp_path, monkeypatch):
  """By what trains, evaluates, calibrates and plans; copies do not count."""
  groups = {'a': 2, 'group50600': 1, 'group92000': 1}
  listed = transfer_parts.write_manifest(tmp_path, groups)
  # It reads every field, by whatever name.
  monkeypatch.setattr(checks, 'check_relief', lambda *arguments: None)
  reads = config_reads.Recorder(monkeypatch)
  read_by_training(reads, listed, tmp_path)
  read_by_evaluation(reads, listed, tmp_path)
  read_by_studies(reads, listed, tmp_path)
  unread = set(leaves(default.get_config())) - reads.paths
  assert sorted(unread) == []


def tiny(listed):
  """A transfer with both kinds of pairs, and a network of a few weights."""
  config = transfer_parts.config_of(listed)
  config.update_from_flattened_dict(transfer_parts.TINY)
  config.loss.update(balanced_bce=1.0, focal=1.0, dice=1.0, contrast=1.0)
  config.model.update(
    widths=(4, 4),
    depths=(1, 1),
    match_radii=(0, 0),
    decoder_widths=(4, 4),
    decoder_depths=(1, 1),
    head_widths=(4, 4),
  )
  config.train.update(init_weights='', steps=1, batch_size=2, trunk_rate=0.5)
  config.train.update(sample_every=1, num_samples=2)
  config.labelled.stop_groups = 'group50600'
  config.synthesis.families.update(relief=1.0, relit=1.0)
  return config


def read_by_training(reads, listed, folder):
  config = reads.track(tiny(listed))
  split = labelled_sets.read_split(config)
  assert early_stopping.build(config, folder, split).hooks
  task = setup.build_task(config, split.train)
  device = jax.devices()[:1]
  built = update.build_update(config, task, devices=device)
  before = state.describe_state(task.model, built.optimizer, size_px=32)
  jax.eval_shape(built.step, before, task.bank)
  # The loop itself, on blank pairs: those above take minutes to compile.
  config = reads.track(tiny(listed))
  config.labelled.update(manifest='', stop_groups='')
  config.model.update(kind='early_fusion', kinds=(), predicts_sides=False)
  config.loss.update(kinds=0.0, sides=0.0)
  task = dataclasses.replace(setup.build_task(config), synthesise=draw_blank)
  loop.train(config, task, workdir=folder / 'run', devices=device)


def draw_blank(keys, bank):
  picture = jnp.zeros((len(keys), 32, 32, 3))
  return Pair(picture, picture, picture[..., 0])


def read_by_evaluation(reads, listed, folder):
  config = tiny(listed)
  config.eval.update(root=str(folder), split='generated', pictures=1, worst=1)
  config.eval.update(defect_free_pairs=1, synthetic_pairs=0, max_pairs=1)
  config.eval.update(misalignments=((1, 0),), misalignment_pairs=1)
  config = reads.track(config)
  weights = loading.load(config, workdir=None, weights='classical')
  evaluation.evaluate(config, weights, folder / 'evaluation')
  config.calibrate.synthetic_pairs = 0
  calibration.judge_synthetic(config, weights)
  calibration.check(config, [folder] * 50)
  loading.build_detector(config, weights._replace(parameters={}))
  for name in scorers.BASELINES:
    loading.baseline(config, name)


def read_by_studies(reads, listed, folder):
  config = reads.track(transfer_parts.config_of(listed))
  config.few_shot.update(sizes=(0, 1), num_seeds=1, held_out='a')
  few_shot.plan(config, default.get_config())
  groups = leave_one_out.plan(config, default.get_config())
  leave_one_out.write(config, groups, folder, {})
  config.labelled.update(manifest='', root=str(folder), split='generated')
  assert labelled_sets.every_pair(config)


def test_only_what_is_taken_out_counts_as_read(monkeypatch):
  reads = config_reads.Recorder(monkeypatch)
  config = reads.track(default.get_config())
  compatibility.plain_config(config)
  config.train.steps = 3
  copy = config.copy_and_resolve_references()
  plain = copy.eval.second_take.to_dict()
  assert not set(leaves(default.get_config())) & reads.paths
  assert copy.train.steps == 3
  assert dict(**plain)['blur_px'] > 0
  dict(**copy.calibrate)
  fields = set(leaves(default.get_config())) & reads.paths
  assert {path[0] for path in fields} == {'train', 'eval', 'calibrate'}
  assert len(fields) == 1 + len(plain) + len(copy.calibrate)
