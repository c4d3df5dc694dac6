"""Which labelled pairs a config names, and what it trains with."""

from __future__ import annotations

import json

import jax
import numpy as np
import pytest

from configs import default, transfer
from data_tools import make_pairs
from tests.studies import transfer_parts
from zeroshot.experiments import labelled_sets, setup
from zeroshot.weights import files


@pytest.fixture(scope='module')
def root(tmp_path_factory):
  """Six boards in a group of their own each: groups are renamed to a, b, c."""
  root = tmp_path_factory.mktemp('boards') / 'PCBData'
  make_pairs.make(root, num_pairs=6, seed=1, size_px=256)
  (split,) = root.glob('*.txt')
  lines = split.read_text().splitlines()
  return root, split.stem, [line.split('/')[0] for line in lines]


@pytest.fixture
def manifest(root, tmp_path):
  """The same boards as a manifest of three groups."""
  folder, split, _ = root
  paths = (folder / f'{split}.txt').read_text().split()
  path = tmp_path / 'parts.jsonl'
  with path.open('w') as file:
    for index, name in enumerate(paths[::2]):
      stem = str(folder / name.removesuffix('.jpg'))
      fields = {
        'reference': f'{stem}_temp.jpg',
        'test': f'{stem}_test.jpg',
        'boxes': [[20, 20, 60, 60]],
        'kinds': ['short'],
        'group': 'abc'[index // 2],
      }
      file.write(json.dumps(fields) + '\n')
  return path


def config(path, **changes):
  result = transfer.get_config()
  result.labelled.manifest = str(path)
  result.labelled.update(changes)
  return result


def groups(settings):
  return ''.join(p.group for p in labelled_sets.read_split(settings).train)


def test_the_default_names_no_pair():
  assert labelled_sets.read_split(default.get_config()) == ([], [])


@pytest.mark.parametrize(
  ('changes', 'expected'),
  [
    ({}, 'aabbcc'),
    (dict(groups='a,c'), 'aacc'),
    (dict(leave_out='b'), 'aacc'),
    (dict(stop_groups='c', leave_out=' a '), 'bb'),
    (dict(groups='a,b', stop_groups='b'), 'aa'),
  ],
)
def test_groups_are_kept_apart(manifest, changes, expected):
  assert groups(config(manifest, **changes)) == expected


def test_the_pairs_of_stop_groups_are_listed_apart(manifest):
  split = labelled_sets.read_split(config(manifest, stop_groups='b, c'))
  assert ''.join(pair.group for pair in split.train) == 'aa'
  assert ''.join(pair.group for pair in split.stopping) == 'bbcc'


def test_so_many_pairs_are_drawn_by_the_seed(manifest):
  def names(seed):
    settings = config(manifest, num_pairs=3)
    settings.seed = seed
    return [pair.name for pair in labelled_sets.read_split(settings).train]

  assert len(names(0)) == 3
  assert names(0) == names(0)
  assert len({tuple(names(seed)) for seed in range(5)}) > 1


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    (dict(leave_out='d'), r'leave_out: there is no group d; .* a, b, c'),
    (dict(stop_groups='x'), 'stop_groups: there is no group x'),
    (dict(groups='x'), 'labelled.groups: there is no group x'),
    (dict(leave_out='a,b,c'), '0 labelled pairs are left'),
    (dict(num_pairs=7), 'num_pairs is 7 but 6 labelled'),
    (dict(root='somewhere'), 'both given'),
    (dict(manifest='', stop_groups='a'), 'stop_groups is given but no'),
  ],
)
def test_what_cannot_be(manifest, changes, words):
  with pytest.raises(ValueError, match=words):
    labelled_sets.read_split(config(manifest, **changes))


def test_folders_of_the_dataset_serve_as_well(root):
  folder, split, listed = root
  settings = transfer.get_config()
  settings.labelled.update(root=str(folder), split=split)
  pairs = labelled_sets.read_split(settings).train
  assert [pair.group for pair in pairs] == listed


def test_a_batch_mixes_synthetic_and_labelled_pairs(manifest):
  settings = config(manifest)
  settings.update_from_flattened_dict(transfer_parts.TINY)
  settings.labelled.synthetic_every = 4
  task = setup.build_task(settings)
  keys = jax.random.split(jax.random.key(0), 8)
  pair = jax.jit(task.synthesise)(keys, task.bank)
  assert pair.labels.kind.shape == (8, 32, 32)
  # Boards are grey; drawn scenes of colour are synthetic.
  grey = np.ptp(np.asarray(pair.test), axis=-1).max((1, 2)) < 0.05
  assert grey[[1, 2, 3, 5, 6, 7]].all()
  assert not grey[[0, 4]].all()
  assert task.initial is None
  assert task.model.num_kinds == 6


@pytest.mark.parametrize(
  ('changes', 'words'),
  [
    ({'labelled.window_px': 100}, r'window_px is 100; .* = 144'),
    ({'labelled.synthetic_every': 3}, 'batch_size is 16; .* which is 3'),
    ({'loss.kinds': 1.0, 'model.kinds': ()}, r'loss\.kinds has weight'),
    (
      {'model.kinds': (), 'model.predicts_sides': False, 'loss.kinds': 0.0},
      'trunk_rate is 0 and there is no pair head',
    ),
    ({'labelled.num_pairs': -1}, 'num_pairs is -1'),
    ({'labelled.manifest': ''}, r'labelled\.root or labelled\.manifest'),
  ],
)
def test_what_would_fail_late_is_refused_at_once(manifest, changes, words):
  settings = config(manifest)
  settings.update_from_flattened_dict(changes)
  with pytest.raises(ValueError, match=words):
    setup.build_task(settings)


def test_all_bad_pictures_are_named_before_training(manifest):
  settings = config(manifest)
  pairs = labelled_sets.read_split(settings).train
  lines = [json.loads(line) for line in manifest.read_text().splitlines()]
  for index in (1, 4):
    bad = manifest.parent / f'{index}.jpg'
    bad.write_bytes(pairs[index].test_path.read_bytes()[:-99])
    lines[index]['test'] = str(bad)
  manifest.write_text(''.join(json.dumps(line) + '\n' for line in lines))
  with pytest.raises(ValueError, match=r'^2 faults: .*1\.jpg.*; .*4\.jpg'):
    setup.build_task(settings)


def test_without_labels_there_are_none():
  task = setup.build_task(default.get_config())
  keys = jax.random.split(jax.random.key(0), 2)
  assert jax.eval_shape(task.synthesise, keys, task.bank).labels is None


def test_weights_to_start_from(manifest):
  settings = config(manifest)
  settings.train.init_weights = 'default'
  initial = setup.initial_parameters(settings)
  shipped = files.load('procedural').parameters
  assert jax.tree.structure(initial) == jax.tree.structure(shipped)
  settings.model.widths = (8, 8, 8, 8)
  with pytest.raises(ValueError, match=r'model\.widths was'):
    setup.initial_parameters(settings)
