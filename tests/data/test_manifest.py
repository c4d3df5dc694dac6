"""Manifests: parsed lines, and their faults."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest

from tests import samples
from zeroshot.data import deeppcb, manifest, pictures, records


@pytest.fixture
def folder(tmp_path):
  for name in ('good.png', 'part.png'):
    (tmp_path / name).write_bytes(b'not read here')
  return tmp_path


def write(folder, *lines):
  path = folder / 'parts.jsonl'
  path.write_text(
    ''.join(
      (line if isinstance(line, str) else json.dumps(line)) + '\n'
      for line in lines
    )
  )
  return path


NO = 'there is no picture'
LINE = {
  'reference': 'good.png',
  'test': 'part.png',
  'boxes': [[1, 2, 3, 4], [5, 6, 7, 8]],
}


def test_a_line_becomes_a_pair(folder):
  full = LINE | {'kinds': ['scratch', 'dent'], 'group': 'lot 3'}
  first, second = manifest.read_manifest(write(folder, full, '', LINE))
  assert first.reference_path == folder / 'good.png'
  assert first.test_path == folder / 'part.png'
  np.testing.assert_array_equal(first.truth.xyxy, [[1, 2, 3, 4], [5, 6, 7, 8]])
  assert first.truth.kind == ('scratch', 'dent')
  assert first.group == 'lot 3'
  assert second.group == 'good.png'
  assert second.truth.kind == ('difference', 'difference')
  assert (first.name, second.name) == ('1', '3')  # lines of the file


def test_a_pair_without_boxes_is_one_of_good_parts(folder):
  (pair,) = manifest.read_manifest(write(folder, LINE | {'boxes': []}))
  assert pair.truth.xyxy.shape == (0, 4)
  assert pair.truth.kind == ()


@pytest.mark.parametrize(
  ('line', 'words'),
  [
    ('{', 'line 1: not JSON'),
    ('[]', r'line 1: \[\] is no JSON object'),
    ({'test': 'part.png', 'boxes': []}, r"lacks \['reference'\]"),
    (LINE | {'colour': 1}, r"unknown \['colour'\]"),
    (LINE | {'test': 'gone.png'}, 'no picture .*gone.png'),
    (LINE | {'boxes': 3}, 'boxes is 3'),
    (LINE | {'boxes': [[1, 2, 3]]}, r'box \[1, 2, 3\]'),
    (LINE | {'boxes': [[1.5, 2, 3, 4]]}, 'not four integers'),
    (LINE | {'boxes': [[9, 2, 3, 4]]}, 'ends before it begins'),
    (LINE | {'kinds': ['scratch']}, 'one word for each of the 2 boxes'),
    (LINE | {'kinds': [1, 2]}, 'one word for each'),
  ],
)
def test_what_is_wrong_with_a_line(folder, line, words):
  with pytest.raises(ValueError, match=words):
    manifest.read_manifest(write(folder, line))


def test_all_that_is_wrong_is_told_at_once(folder):
  path = write(folder, '{', LINE | {'test': 'gone.png'}, LINE, '[]')
  with pytest.raises(ValueError, match=r'^3 faults: ') as caught:
    manifest.read_manifest(path)
  for words in ('line 1: not JSON', 'line 4: ', f'line 2: {NO} {folder}/gone'):
    assert words in str(caught.value)
  pairs, wrong = manifest.parse_manifest(records.read_records(path), path)
  assert [pair.name for pair in pairs] == ['2', '3']
  assert len(wrong) == 2


def test_all_bad_annotations_are_named_at_once(tmp_path):
  entries = []
  for name, text in (('a', '1 2 3'), ('b', '1 2 3 4 5'), ('c', '1 2 3 4 9')):
    notes = tmp_path / f'{name}.txt'
    notes.write_text(text)
    entries.append(deeppcb.Entry(name, 'g', tmp_path, tmp_path, notes))
  with pytest.raises(ValueError, match=r'^2 faults: .*a\.txt.*; .*c\.txt'):
    manifest.labelled_pairs(entries)
  pairs, _ = manifest.annotate(entries)
  assert [len(pair.truth.kind) for pair in pairs] == [0, 1, 0]


# --- CSV, masks, names ----------------------------------------------------


def write_csv(folder, *lines):
  path = folder / 'parts.csv'
  path.write_text(''.join(f'{line}\n' for line in lines))
  return path


def test_a_row_becomes_the_same_pair_as_a_line(folder):
  row = 'good.png;part.png;a;lot 3;"1 2 3 4; 5 6 7 8";"scratch; dent"'
  line = LINE | {'name': 'a', 'group': 'lot 3', 'kinds': ['scratch', 'dent']}
  table = write_csv(folder, 'Reference;Test;Name;Group;Boxes;Kinds', row)
  (ours,) = manifest.read_manifest(table)
  (theirs,) = manifest.read_manifest(write(folder, line))
  np.testing.assert_array_equal(ours.truth.xyxy, theirs.truth.xyxy)
  assert ours.truth.kind == theirs.truth.kind == ('scratch', 'dent')
  assert ours._replace(truth=None) == theirs._replace(truth=None)


def test_what_a_row_leaves_out(folder):
  lines = ['test,reference,boxes,name', 'part.png,good.png,1 2 3 4;,']
  lines += ['part.png,good.png,,b']
  first, second = manifest.read_manifest(write_csv(folder, *lines))
  assert (first.name, second.name) == ('2', 'b')
  assert first.group == 'good.png'
  assert first.truth.kind == ('difference',)
  assert second.truth.kind == ()  # empty boxes: a good part


@pytest.mark.parametrize(
  ('row', 'words'),
  [
    ('good.png,part.png,1 2 3,,,', r"box \['1', '2', '3'\]"),
    ('good.png,part.png,1 2 3 x,,,', 'not four integers'),
    ('good.png,part.png,1 2 3 4; ; 5 6 7 8,,,', r'box \[\]'),
    ('good.png,part.png,1 2 3 4,a;b,,', 'one word for each of the 1 boxes'),
    (',part.png,,,,', "reference is ''"),
    ('good.png,gone.png,,,,', 'no picture .*gone.png'),
    ('good.png,part.png,,,a/b,', "name 'a/b'"),
    ('good.png,part.png,,,.a,', "name '.a'"),
    ('good.png,part.png,1 2 3 4,,,mask.png', 'both boxes and mask'),
    ('good.png,part.png,,,,gone.png', 'line 2: mask .*gone.png: no such file'),
    ('good.png,part.png,,a;b,,mask.png', 'with a mask, give one word'),
  ],
)
def test_what_is_wrong_with_a_row(folder, row, words):
  samples.write_good(folder / 'mask.png')
  path = write_csv(folder, 'reference,test,boxes,kinds,name,mask', row)
  with pytest.raises(ValueError, match=words):
    manifest.read_manifest(path)


def test_the_regions_of_a_mask_become_boxes(folder):
  mask = np.zeros((24, 32), np.float32)
  mask[2:5, 3:9] = mask[20, 30] = 1
  pictures.write_picture(folder / 'mask.png', mask)
  boxes = [[3, 2, 8, 4], [30, 20, 30, 20]]
  row = 'good.png,part.png,mask.png,'
  table = write_csv(folder, 'reference,test,mask,kinds', row, f'{row}dent')
  line = {'reference': 'good.png', 'test': 'part.png', 'mask': 'mask.png'}
  for path in (table, write(folder, line, line | {'kinds': ['dent']})):
    first, second = manifest.read_manifest(path)
    assert first.truth.xyxy.tolist() == second.truth.xyxy.tolist() == boxes
    assert first.truth.kind == ('difference', 'difference')
    assert second.truth.kind == ('dent', 'dent')
    assert first.mask_path == folder / 'mask.png'


def test_names_are_unique(folder):
  path = write(folder, LINE, LINE | {'name': '1'}, LINE | {'name': 'a'})
  with pytest.raises(ValueError, match="line 2: line 1 has the name '1' too"):
    manifest.read_manifest(path)


def test_a_pair_without_a_label_is_no_good_part(folder):
  bare = write_csv(folder, 'reference,test', *['good.png,part.png'] * 2)
  pairs = manifest.read_manifest(bare, need_labels=False)
  assert [pair.name for pair in pairs] == ['2', '3']
  with pytest.raises(ValueError, match=r'^2 faults: .*line 2: neither boxes'):
    manifest.read_manifest(bare)
  lines = LINE, {'reference': 'good.png', 'test': 'part.png'}
  mixed = write(folder, *lines)
  for need_labels in (True, False):
    with pytest.raises(ValueError, match='line 2: neither boxes nor mask'):
      manifest.read_manifest(mixed, need_labels=need_labels)


def test_an_empty_or_missing_manifest(folder):
  with pytest.raises(ValueError, match='no pair in it'):
    manifest.read_manifest(write(folder))
  with pytest.raises(ValueError, match='no pair in it'):
    manifest.read_manifest(write_csv(folder, 'reference,test'))
  with pytest.raises(ValueError, match=r'gone\.jsonl: cannot be read'):
    manifest.read_manifest(folder / 'gone.jsonl')


def test_entries_of_deeppcb_take_the_same_form(tmp_path):
  annotation = tmp_path / 'a.txt'
  annotation.write_text('5 6 15 16 4\n')
  entry = deeppcb.Entry('a', 'group1', tmp_path, tmp_path, annotation)
  (pair,) = manifest.labelled_pairs([entry])
  assert (pair.name, pair.group) == ('a', 'group1')
  assert pair.truth.kind == ('spur',)
  assert pair.truth.xyxy.tolist() == [[5, 6, 15, 16]]


def test_names_are_split_at_commas():
  assert manifest.split_names(' a, b ,,') == ['a', 'b']
  assert manifest.split_names('') == []


def test_groups_are_chosen_by_name(folder):
  lines = [LINE | {'group': group} for group in 'aba']
  pairs = manifest.read_manifest(write(folder, *lines))
  choose = functools.partial(manifest.in_groups, pairs, field='eval.groups')
  assert [pair.name for pair in choose('a')] == ['1', '3']
  assert choose('') == pairs
  with pytest.raises(ValueError, match=r'eval\.groups: there is no group c'):
    choose('a,c')
