"""Whole data sets: all faults are listed, and nothing else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data_tools import make_pairs
from tests import samples
from zeroshot.data import checks, deeppcb


@pytest.fixture
def root(tmp_path):
  make_pairs.make(tmp_path / 'PCBData', num_pairs=4, seed=0, size_px=256)
  return tmp_path / 'PCBData'


def test_a_good_split(root):
  report = checks.check_deeppcb(root, 'generated')
  assert report == (f'4 pairs of {root}, split generated', [])
  assert checks.check_deeppcb(
    root, 'generated', max_pairs=3
  ).checked.startswith('3 pairs')


def test_a_split_with_a_fault_of_each_kind(root):
  first, second, third, fourth = deeppcb.list_pairs(root, 'generated')
  first.annotation_path.write_text('1 2 3\n')
  first.test_path.write_bytes(first.test_path.read_bytes()[:-200])
  second.reference_path.unlink()
  second.annotation_path.unlink()
  samples.write_good(third.test_path)
  fourth.annotation_path.write_text('900 900 950 950 1\n')
  faults = checks.check_deeppcb(root, 'generated').faults
  named = [
    (first.annotation_path, 'malformed'),
    (second.annotation_path, 'cannot be read'),
    (first.test_path, 'cut short'),
    (second.reference_path, 'no such file'),
    (third.test_path, 'sizes differ'),
    (fourth.test_path, 'lies outside'),
  ]
  boxes = [line for line in faults if str(third.test_path) in line][1:]
  assert all('lies outside' in line for line in boxes)  # of the small picture
  faults = [line for line in faults if line not in boxes]
  assert len(faults) == len(named)
  for line, (path, words) in zip(faults, named, strict=True):
    assert str(path) in line
    assert words in line


def test_a_split_that_is_not_there(root):
  report = checks.check_deeppcb(root, 'other')
  assert report.checked.startswith('0 pairs')
  assert 'the splits here: generated' in report.faults[0]


def test_a_manifest_with_faults(tmp_path):
  good = samples.write_good(tmp_path / 'good.png')
  samples.write_all_bad(tmp_path)
  lines = [
    dict(reference=good.name, test=name, boxes=[]) for name in samples.BAD
  ]
  lines += [dict(reference=good.name, test=good.name, boxes=3)]
  path = tmp_path / 'pairs.jsonl'
  path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
  report = checks.check_manifest(path)
  malformed, *bad = report.faults
  assert 'line 8: boxes is 3' in malformed
  for line, words in zip(bad, samples.BAD.values(), strict=True):
    assert words in line
  assert report.checked == f'7 pairs of {path}'
  (fault,) = checks.check_manifest(tmp_path / 'none.jsonl').faults
  assert 'none.jsonl: cannot be read as text' in fault


def test_a_table_with_faults(tmp_path):
  for name, size in (
    ('good.png', {}),
    ('b.png', {}),
    ('small.png', {'width': 9}),
  ):
    samples.write_good(tmp_path / name, **size)
  path = tmp_path / 'pairs.csv'
  path.write_text(
    'reference,test,name,boxes,mask\n'
    'good.png,b.png,a,,\n'
    'good.png,b.png,b,,b.png\n'
    'good.png,b.png,c,90 90 95 95,\n'
    'good.png,b.png,d,,small.png\n'
    'good.png,gone.png,e,,\n'
    'good.png,b.png\n'
  )
  report = checks.check_manifest(path)
  assert report.checked == f'5 pairs of {path}'
  expected = ['line 7: 2 cells', 'lies outside', 'mask ', 'gone.png: no such']
  for fault, words in zip(report.faults, expected, strict=True):
    assert words in fault
  path.write_text('reference,test\ngood.png,b.png\ngood.png,small.png\n')
  assert checks.check_manifest(path).faults == []  # to inspect
  path.write_text('reference,test,boxes\ngood.png,small.png,\n')
  (fault,) = checks.check_manifest(path).faults
  assert fault.startswith('sizes differ: ')
  path.write_text('reference,test\ngood.png,b.png\n')
  (fault,) = checks.check_manifest(path, need_labels=True).faults
  assert 'line 2: neither boxes nor mask' in fault


def test_photographs(tmp_path):
  samples.write_all_bad(tmp_path)
  samples.write_good(tmp_path / 'good.png')
  (tmp_path / 'notes.txt').write_text('left alone')
  report = checks.check_photographs(tmp_path)
  there = {n: words for n, words in samples.BAD.items() if n != 'missing.png'}
  assert report.checked == f'7 photographs of {tmp_path}'
  for line, name in zip(report.faults, sorted(there), strict=True):
    assert there[name] in line
  (fault,) = checks.check_photographs(tmp_path / 'none').faults
  assert 'no such folder' in fault


def test_a_bank(tmp_path):
  path = tmp_path / 'bank.npz'
  np.savez(path, pictures=np.zeros((2, 4, 4, 3), np.uint8))
  assert checks.check_bank(path) == (f'2 pictures of {path}', [])
  path.write_bytes(path.read_bytes()[:-5])
  (fault,) = checks.check_bank(path).faults
  assert fault.startswith(f'{path}: ')
