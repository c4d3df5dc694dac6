"""Mistakes in an ablation's config are reported before anything is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.studies.ablation.ablation_parts import config_of, make_data, row_of
from zeroshot.data import deeppcb
from zeroshot.studies.ablation import plan as plans


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  return make_data(tmp_path_factory.mktemp('data'))


MISTAKES = {
  'root is empty': dict(root=''),
  'nowhere: no such folder': dict(root='nowhere'),
  "no split 'trainval'": dict(split='trainval'),
  'has no group1': dict(groups='group1'),
  'every is 0': dict(every=0),
  'bank is empty .* photographs: paper, photographs, both;': dict(bank=''),
  'no.npz: there is no such image bank': dict(bank='no.npz'),
  'only: there is no row bsae; the rows are base, paper,': dict(only='bsae'),
  'only: base is named twice': dict(only='base, paper,base'),
  '^base: no/such.py cannot be read: .*No such file': dict(base='no/such.py'),
  "train: .* does not take the line 'train.stesp=3'": dict(
    train=('train.stesp=3',)
  ),
  "^evaluate: .* does not take the line 'eval.x=3'": dict(
    evaluate=('eval.x=3',)
  ),
  'train.steps is set twice': dict(train=('train.steps=3', 'train.steps=4')),
}


@pytest.mark.parametrize('message', MISTAKES)
def test_a_mistake_is_told_with_its_field(data, message):
  config = config_of(data, **MISTAKES[message])
  with pytest.raises(ValueError, match=message):
    plans.build_plan(config, workdir=Path('work'))


ROW_MISTAKES = {
  "rows.new.train: .* does not take the line 'loss.contrst=0'": row_of(
    train=('loss.contrst=0',)
  ),
  "rows.new.evaluate: .* does not take the line 'detect.x=0'": row_of(
    evaluate=('detect.x=0',)
  ),
  'rows.new.train: loss.dice is set twice': row_of(
    train=('loss.dice=0', 'loss.dice=1')
  ),
  r'rows.new.seeds is \(\)': row_of(seeds=()),
  r"rows.new.seeds is \('a',\)": row_of(seeds=('a',)),
  'rows.new.seeds: 1 is there twice': row_of(seeds=(1, 0, 1)),
  'rows.new.train: no/such.py cannot be read': row_of(config='no/such.py'),
  "rows.new: weights='classical' is not trained": row_of(
    weights='classical', seeds=(0, 1)
  ),
}


@pytest.mark.parametrize('message', ROW_MISTAKES)
def test_a_mistake_in_a_row_is_told_with_its_name(data, message):
  config = config_of(data)
  with config.unlocked():
    config.rows.new = ROW_MISTAKES[message]
  with pytest.raises(ValueError, match=message):
    plans.build_plan(config, workdir=Path('work'))


def test_bad_pictures_are_named_before_anything_is_trained(tmp_path):
  folder = make_data(tmp_path / 'data')
  for entry in deeppcb.list_pairs(folder, 'generated', every=2):
    entry.test_path.write_bytes(b'')
  with pytest.raises(
    ValueError, match=r'^2 faults: .*_test\.jpg: the file is e'
  ):
    plans.build_plan(config_of(folder), workdir=tmp_path)
