"""The DeepPCB layout: a small drawn set, and the real one."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.data import deeppcb, pictures


@pytest.fixture
def root(tmp_path):
  """Two groups, three pairs, in an order that is not the alphabet's."""
  lines = []
  for name in ('20085001', '20085000', '00041000'):
    board = name[:5]
    folder = tmp_path / f'group{board}'
    for part in (board, f'{board}_not'):
      (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / f'{board}_not' / f'{name}.txt').write_text('1 2 3 4 1\n')
    for side in ('temp', 'test'):
      (folder / board / f'{name}_{side}.jpg').write_bytes(b'?')
    stem = f'group{board}/{board}'
    lines.append(f'{stem}/{name}.jpg {stem}_not/{name}.txt\n')
  (tmp_path / 'small.txt').write_text(''.join(lines))
  return tmp_path


def test_entries_keep_the_order_of_the_list(root):
  entries = deeppcb.list_pairs(root, 'small')
  assert [e.name for e in entries] == ['20085001', '20085000', '00041000']
  first = entries[0]
  assert first.group == 'group20085'
  assert first.reference_path == root / 'group20085/20085/20085001_temp.jpg'
  assert first.test_path == root / 'group20085/20085/20085001_test.jpg'
  assert first.annotation_path == root / 'group20085/20085_not/20085001.txt'


@pytest.mark.parametrize(
  ('options', 'names'),
  [
    ({'groups': 'group00041'}, ['00041000']),
    (
      {'groups': ' group00041, group20085'},
      ['20085001', '20085000', '00041000'],
    ),
    ({'max_pairs': 1}, ['20085001']),
    ({'groups': 'group20085', 'max_pairs': 5}, ['20085001', '20085000']),
    ({'every': 1}, ['20085001', '20085000', '00041000']),
    ({'every': 2}, ['20085001', '00041000']),
    ({'every': 9}, ['20085001']),
    ({'every': 2, 'max_pairs': 1}, ['20085001']),
    ({'every': 2, 'max_pairs': 2}, ['20085001', '00041000']),
    ({'every': 2, 'groups': 'group20085'}, ['20085001']),
  ],
)
def test_groups_every_and_max_pairs_select(root, options, names):
  entries = deeppcb.list_pairs(root, 'small', **options)
  assert [e.name for e in entries] == names


def test_a_missing_root_and_split_are_named(root):
  with pytest.raises(ValueError, match=r'nowhere: no such folder'):
    deeppcb.list_pairs(root / 'nowhere', 'small')
  with pytest.raises(ValueError, match=r"no split 'large'.* here: small"):
    deeppcb.list_pairs(root, 'large')


def test_an_unknown_group_is_named_with_the_legal_ones(root):
  with pytest.raises(ValueError, match=r'no group7; .*group00041, group20085'):
    deeppcb.list_pairs(root, 'small', groups='group7')


def test_a_negative_count_is_refused(root):
  with pytest.raises(ValueError, match='max_pairs is -1'):
    deeppcb.list_pairs(root, 'small', max_pairs=-1)
  for every in (0, -1):
    with pytest.raises(ValueError, match=f'every is {every}'):
      deeppcb.list_pairs(root, 'small', every=every)


@pytest.mark.parametrize(
  ('line', 'message'),
  [
    ('group1/1/0.jpg', r'small\.txt, line 4: .*malformed'),
    ('group1/1/0.jpg group1/1_not/1.txt', 'line 4: .*malformed'),
    ('a b c', 'line 4: .*malformed'),
    (
      'group00041/00041/00041000.jpg group00041/00041_not/00041000.txt',
      'line 4: 00041000 is listed twice',
    ),
  ],
)
def test_a_malformed_list_is_refused_with_its_line(root, line, message):
  with (root / 'small.txt').open('a') as file:
    file.write(line + '\n')
  with pytest.raises(ValueError, match=message):
    deeppcb.list_pairs(root, 'small')


def test_an_empty_list_is_refused(root):
  (root / 'small.txt').write_text('\n')
  with pytest.raises(ValueError, match='empty'):
    deeppcb.list_pairs(root, 'small')


@pytest.mark.parametrize('part', [2, 3, 4])
def test_a_missing_file_is_named(root, part):
  missing = deeppcb.list_pairs(root, 'small')[1][part]
  missing.unlink()
  with pytest.raises(ValueError, match=f'{missing.name}: missing'):
    deeppcb.list_pairs(root, 'small')


def test_all_missing_files_are_named_at_once(root):
  entries = deeppcb.list_pairs(root, 'small')
  gone = [entries[0].test_path, entries[0].annotation_path, entries[2][2]]
  for path in gone:
    path.unlink()
  with pytest.raises(ValueError, match=r'^3 faults: ') as caught:
    deeppcb.list_pairs(root, 'small')
  assert all(f'{path}: missing' in str(caught.value) for path in gone)
  assert deeppcb.select_pairs(root, 'small') == entries


def test_annotations_become_boxes(tmp_path):
  path = tmp_path / '00041000.txt'
  path.write_text('466 441 493 470 3\n\n1 2 3 4 6')
  boxes = deeppcb.read_annotations(path)
  assert boxes.xyxy.tolist() == [[466, 441, 493, 470], [1, 2, 3, 4]]
  assert boxes.xyxy.dtype == np.float32
  assert boxes.confidence.tolist() == [1, 1]
  assert boxes.kind == ('mousebite', 'pin-hole')


def test_no_line_means_no_box(tmp_path):
  path = tmp_path / 'a.txt'
  path.write_text('')
  boxes = deeppcb.read_annotations(path)
  assert boxes.xyxy.shape == (0, 4)
  assert boxes.kind == ()


@pytest.mark.parametrize(
  ('line', 'message'),
  [
    ('1 2 3 4', 'malformed'),
    ('1 2 3 4 5 6', 'malformed'),
    ('1 2 3 x 1', 'not four integers'),
    ('1 2 3 4.5 1', 'not four integers'),
    ('5 2 3 4 1', 'ends before it begins'),
    ('1 2 3 4 0', "unknown type '0'.*1 open.*6 pin-hole"),
    ('1 2 3 4 7', "unknown type '7'"),
    ('1 2 3 4 open', "unknown type 'open'"),
  ],
)
def test_a_malformed_annotation_is_refused_with_its_line(
  tmp_path, line, message
):
  path = tmp_path / 'a.txt'
  path.write_text(f'1 2 3 4 1\n{line}\n')
  with pytest.raises(ValueError, match=rf'a\.txt, line 2: .*{message}'):
    deeppcb.read_annotations(path)


def test_missing_or_binary_annotations_are_refused(tmp_path):
  path = tmp_path / 'a.txt'
  with pytest.raises(ValueError, match=r'a\.txt: cannot be read'):
    deeppcb.read_annotations(path)
  path.write_bytes(b'\xff\xfe\x00\x81')
  with pytest.raises(ValueError, match=r'a\.txt: cannot be read'):
    deeppcb.read_annotations(path)


def test_the_real_split(shared):
  entries = deeppcb.list_pairs(shared / 'deeppcb' / 'PCBData', 'trainval')
  assert len(entries) == 1000
  assert len({entry.group for entry in entries}) == 7
  boxes = [deeppcb.read_annotations(e.annotation_path) for e in entries]
  kinds = [kind for one in boxes for kind in one.kind]
  # Golden counts of the published split.
  assert len(kinds) == 6873
  assert {k: kinds.count(k) for k in deeppcb.KINDS} == {
    'open': 1283,
    'short': 1028,
    'mousebite': 1379,
    'spur': 1142,
    'copper': 1010,
    'pin-hole': 1031,
  }
  reference, test = pictures.read_pair(
    entries[0].reference_path, entries[0].test_path
  )
  assert reference.shape == (640, 640, 3)
  # Mostly equal, yet not the same.
  assert 0 < np.abs(reference - test).mean() < 0.2
