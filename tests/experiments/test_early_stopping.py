"""Early stopping: what is looked at, what is kept, when it ends."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from configs import transfer
from tests.studies import transfer_parts
from zeroshot.data import deeppcb, manifest, pictures
from zeroshot.experiments import early_stopping, setup
from zeroshot.train import loop
from zeroshot.weights import files

PARAMETERS = {'a': np.zeros(2, np.float32)}


@pytest.fixture
def looks(tmp_path, monkeypatch):
  """Looks whose scores come from a list."""
  scores = []
  monkeypatch.setattr(early_stopping, 'score', lambda *_: {'ap': scores.pop(0)})
  pairs = [write_pair(tmp_path, group) for group in 'ab']
  monkeypatch.setattr(setup, 'every_pair', lambda config: pairs)
  config = transfer.get_config()
  config.labelled.update(stop_groups='b', stop_every=10, patience=2)
  built = early_stopping.build(config, tmp_path)
  return built, scores, tmp_path


def write_pair(folder, group):
  """A pair of tiny pictures without a box, alone in its group."""
  paths = [folder / f'{group}_{name}.png' for name in ('good', 'part')]
  for path in paths:
    pictures.write_picture(path, np.full((8, 8), 0.5))
  truth = deeppcb.to_boxes([], [])
  return manifest.LabelledPair(group, group, *paths, truth)


def look(looks, *scores, first=10):
  built, queue, folder = looks
  queue.extend(scores)
  ((name, every, function),) = built.hooks
  assert (name, every) == ('held_out', 10)
  for index in range(len(scores)):
    function(PARAMETERS, first + 10 * index)
  return early_stopping.read_looks(folder / early_stopping.LOOKS)


def best(looks):
  return files.load(looks[2] / early_stopping.BEST).step


def test_nothing_held_out_looks_at_nothing(tmp_path):
  built = early_stopping.build(transfer.get_config(), tmp_path)
  assert built.hooks == ()
  assert not built.stop(100)


def test_the_best_parameters_are_kept(looks):
  lines = look(looks, 0.5, 0.7, 0.6)
  assert [line['ap'] for line in lines] == [0.5, 0.7, 0.6]
  assert best(looks) == 20


def test_equal_is_no_gain(looks):
  look(looks, 0.7, 0.7)
  assert best(looks) == 10


def test_it_stops_after_so_many_looks_without_a_gain(looks):
  look(looks, 0.5, 0.7, 0.6)
  assert not looks[0].stop(30)
  look(looks, 0.7, first=40)
  assert looks[0].stop(40)
  assert not looks[0].stop(30)  # as it was known then


def test_it_does_not_stop_before_the_first_look(looks):
  assert not looks[0].stop(0)


def test_a_resumed_run_forgets_looks_beyond_its_step(looks):
  look(looks, 0.5, 0.9)
  lines = look(looks, 0.6, first=20)  # killed after the look, before it saved
  assert [(line['step'], line['ap']) for line in lines] == [
    (10, 0.5),
    (20, 0.6),
  ]
  assert best(looks) == 20


def test_lines_are_json(looks):
  look(looks, 0.25)
  text = (looks[2] / early_stopping.LOOKS).read_text()
  assert json.loads(text) == {'step': 10, 'ap': 0.25}


def test_held_out_pictures_are_kept_in_memory(tmp_path, monkeypatch):
  pairs = [write_pair(tmp_path, group) for group in 'ab']
  monkeypatch.setattr(setup, 'every_pair', lambda config: pairs)
  seen = []

  def score(config, weights, held_out, read):
    seen.append([pictures.read_pair(*one[2:4], read=read) for one in held_out])
    return {'ap': 0.5}

  monkeypatch.setattr(early_stopping, 'score', score)
  config = transfer.get_config()
  config.labelled.stop_groups = 'b'
  ((_, _, look),) = early_stopping.build(config, tmp_path / 'run').hooks
  expected = pictures.read_pair(*pairs[1][2:4])
  for path in tmp_path.glob('*.png'):
    path.unlink()
  (tmp_path / 'run').mkdir()
  look(PARAMETERS, 10)
  look(PARAMETERS, 20)
  assert len(seen) == 2
  for ((reference, test),) in seen:
    np.testing.assert_array_equal((reference, test), expected)


def test_all_bad_pairs_of_the_run_are_named_at_once(tmp_path, monkeypatch):
  pairs = [write_pair(tmp_path, group) for group in 'ab']
  monkeypatch.setattr(setup, 'every_pair', lambda config: pairs)
  for pair in pairs:
    pair.test_path.write_bytes(b'')
  config = transfer.get_config()
  config.labelled.stop_groups = 'b'
  words = r'^2 faults: .*b_part\.png: .*; .*a_part\.png: '
  with pytest.raises(ValueError, match=words):
    early_stopping.build(config, tmp_path / 'run')


@pytest.mark.slow
def test_a_training_needs_no_picture_once_it_began(tmp_path, monkeypatch):
  path = transfer_parts.write_manifest(tmp_path / 'data', {'a': 2, 'b': 1})
  config = transfer_parts.config_of(path)
  config.update_from_flattened_dict(transfer_parts.TINY)
  config.labelled.update(stop_groups='b', stop_every=1)
  built = early_stopping.build(config, tmp_path / 'run')
  ready = setup.prepare(config)
  shutil.rmtree(tmp_path / 'data')
  monkeypatch.setattr(pictures, 'read_bytes', None)
  loop.train(
    config, workdir=tmp_path / 'run', **ready._asdict(), **built._asdict()
  )
  lines = early_stopping.read_looks(tmp_path / 'run' / early_stopping.LOOKS)
  assert [line['step'] for line in lines] == [1, 2]
  assert all(0 <= line['ap'] <= 1 for line in lines)


@pytest.mark.parametrize('field', ['stop_every', 'patience'])
def test_periods_below_one_are_refused(field, tmp_path):
  config = transfer.get_config()
  config.labelled.stop_groups = 'b'
  config.labelled[field] = 0
  with pytest.raises(ValueError, match=f'labelled.{field} is 0'):
    early_stopping.build(config, tmp_path)
