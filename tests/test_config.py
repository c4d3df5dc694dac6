"""Every config builds, is locked and has a step; every field is read."""

from __future__ import annotations

import ast
import importlib
import json
from pathlib import Path

import jax
import ml_collections
import numpy as np
import pytest

from configs import default
from zeroshot.data import bank as bank_files
from zeroshot.data import manifest, pictures
from zeroshot.experiments import setup
from zeroshot.train import loop, state, update
from zeroshot.types import Boxes

ROOT = Path(__file__).resolve().parents[1]
# Of launch.ablate, not of a training: see tests/studies/ablation/test_plan.py.
OTHERS = {'ablations'}
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


def words_read(sources):
  """Names by which code can read a field: ``c.name``, ``c['name']``, ``**c``.

  A field that is handed over by ``**`` arrives as a parameter, or, for a
  family of kinds, as the key of the dict of its functions.
  """
  words = set()
  for source in sources:
    for node in ast.walk(ast.parse(source)):
      if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        words.add(node.attr)
      elif isinstance(node, ast.arg):
        words.add(node.arg)
      elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        words.add(node.value)
      elif isinstance(node, ast.AnnAssign) and isinstance(
        node.target, ast.Name
      ):
        words.add(node.target.id)  # field of a module or a NamedTuple
  return words


def code():
  for folder in ('zeroshot', 'launch'):
    for file in sorted((ROOT / folder).rglob('*.py')):
      yield file.read_text()


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


def shrunk(name, folder):
  """A config for one update of four small pairs, and what it trains with."""
  config = importlib.import_module(f'configs.{name}').get_config()
  config.synthesis.update(
    dict(size_px=64, margin_px=8, bank=str(folder / 'bank.npz'))
  )
  config.train.update(
    dict(steps=1, batch_size=4, warmup_steps=0, sample_every=0)
  )
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
  config, task = shrunk('fine_tune', tmp_path)
  workdir = tmp_path / 'run'
  after = loop.train(config, task, workdir=workdir, devices=jax.devices()[:1])
  assert int(after.step) == 1
  log = json.loads((workdir / 'metrics.jsonl').read_text())
  assert log['loss'] > 0
  assert log['gradient_norm'] > 0


def test_every_field_is_read():
  read = words_read(code())
  unread = {
    '.'.join(path)
    for path in leaves(default.get_config())
    if path[-1] not in read
  }
  assert not unread


def test_an_unread_field_would_be_found():
  read = words_read(code())
  assert 'no_such_field' not in read
  source = 'c.stored = 1\nno = c.wanted\ndef f(*, given): ...\nkinds = {"a": f}'
  assert {'wanted', 'given', 'a'} <= words_read([source])
  assert 'stored' not in words_read([source])
  assert 'no' not in words_read([source])
