"""Early stopping: its scores, its best weights, and when it stops."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from configs import transfer
from tests.studies import transfer_parts
from zeroshot.data import deeppcb, manifest, pictures
from zeroshot.experiments import early_stopping, labelled_sets, setup
from zeroshot.experiments.labelled_sets import Split
from zeroshot.train import loop
from zeroshot.weights import files

PARAMETERS = {'a': np.zeros(2, np.float32)}


@pytest.fixture
def stopping(tmp_path):
  """Early stopping whose scores come from a list."""
  scores = []
  config = transfer.get_config()
  config.labelled.update(stop_groups='b', stop_every=10, patience=2)
  built = early_stopping.build(
    config,
    tmp_path,
    write_split(tmp_path),
    score=lambda *_: {'ap': scores.pop(0)},
  )
  return built, scores, tmp_path


def write_split(folder):
  """A pair to train on, of group a, and one to stop by, of group b."""
  return Split(*([write_pair(folder, group)] for group in 'ab'))


def write_pair(folder, group):
  """A pair of tiny pictures without a box, alone in its group."""
  paths = [folder / f'{group}_{name}.png' for name in ('good', 'part')]
  for path in paths:
    pictures.write_picture(path, np.full((8, 8), 0.5))
  truth = deeppcb.to_boxes([], [])
  return manifest.LabelledPair(group, group, *paths, truth)


def evaluate(stopping, *scores, first=10):
  built, queue, folder = stopping
  queue.extend(scores)
  ((name, every, function),) = built.hooks
  assert (name, every) == ('held_out', 10)
  for index in range(len(scores)):
    function(PARAMETERS, first + 10 * index)
  return early_stopping.read_scores(folder / early_stopping.SCORES)


def best(stopping):
  return files.load(stopping[2] / early_stopping.BEST).step


def test_nothing_held_out_looks_at_nothing(tmp_path):
  built = early_stopping.build(transfer.get_config(), tmp_path, Split())
  assert built.hooks == ()
  assert not built.stop(100)


def test_the_best_parameters_are_kept(stopping):
  lines = evaluate(stopping, 0.5, 0.7, 0.6)
  assert [line['ap'] for line in lines] == [0.5, 0.7, 0.6]
  assert best(stopping) == 20


def test_equal_is_no_gain(stopping):
  evaluate(stopping, 0.7, 0.7)
  assert best(stopping) == 10


def test_it_stops_after_so_many_looks_without_a_gain(stopping):
  evaluate(stopping, 0.5, 0.7, 0.6)
  assert not stopping[0].stop(30)
  evaluate(stopping, 0.7, first=40)
  assert stopping[0].stop(40)
  assert not stopping[0].stop(30)  # as it was known then


def test_it_does_not_stop_before_the_first_look(stopping):
  assert not stopping[0].stop(0)


def test_a_resumed_run_forgets_looks_beyond_its_step(stopping):
  evaluate(stopping, 0.5, 0.9)
  lines = evaluate(
    stopping, 0.6, first=20
  )  # killed after the look, before it saved
  assert [(line['step'], line['ap']) for line in lines] == [
    (10, 0.5),
    (20, 0.6),
  ]
  assert best(stopping) == 20


def test_lines_are_json(stopping):
  evaluate(stopping, 0.25)
  text = (stopping[2] / early_stopping.SCORES).read_text()
  assert json.loads(text) == {'step': 10, 'ap': 0.25}


def test_held_out_pictures_are_kept_in_memory(tmp_path):
  split, scored = write_split(tmp_path), []

  def score(config, weights, pairs, read):
    scored.append([pictures.read_pair(*one[2:4], read=read) for one in pairs])
    return {'ap': 0.5}

  built = early_stopping.build(
    transfer.get_config(), tmp_path / 'run', split, score=score
  )
  ((_, _, hook),) = built.hooks
  expected = pictures.read_pair(*split.stopping[0][2:4])
  for path in tmp_path.glob('*.png'):
    path.unlink()
  (tmp_path / 'run').mkdir()
  hook(PARAMETERS, 10)
  hook(PARAMETERS, 20)
  assert len(scored) == 2
  for ((reference, test),) in scored:
    np.testing.assert_array_equal((reference, test), expected)


def test_all_bad_pairs_of_the_run_are_named_at_once(tmp_path):
  split = write_split(tmp_path)
  for (pair,) in split:
    pair.test_path.write_bytes(b'')
  words = r'^2 faults: .*b_part\.png: .*; .*a_part\.png: '
  with pytest.raises(ValueError, match=words):
    early_stopping.build(transfer.get_config(), tmp_path / 'run', split)


@pytest.mark.slow
def test_a_training_needs_no_picture_once_it_began(tmp_path, monkeypatch):
  path = transfer_parts.write_manifest(tmp_path / 'data', {'a': 2, 'b': 1})
  config = transfer_parts.config_of(path)
  config.update_from_flattened_dict(transfer_parts.TINY)
  # No synthetic pair: nothing to draw, so less to compile.
  config.labelled.update(stop_groups='b', stop_every=1, synthetic_every=0)
  split, workdir = labelled_sets.read_split(config), tmp_path / 'run'
  hooks, stop = early_stopping.build(config, workdir, split)
  task = setup.build_task(config, split.train)
  shutil.rmtree(tmp_path / 'data')
  monkeypatch.setattr(pictures, 'read_bytes', None)
  loop.train(config, task, workdir=workdir, hooks=hooks, stop=stop)
  lines = early_stopping.read_scores(workdir / early_stopping.SCORES)
  assert [line['step'] for line in lines] == [1, 2]
  assert all(0 <= line['ap'] <= 1 for line in lines)


@pytest.mark.parametrize('field', ['stop_every', 'patience'])
def test_periods_below_one_are_refused(field, tmp_path):
  config = transfer.get_config()
  config.labelled[field] = 0
  with pytest.raises(ValueError, match=f'labelled.{field} is 0'):
    early_stopping.build(config, tmp_path, write_split(tmp_path))
