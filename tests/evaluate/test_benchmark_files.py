"""Submissions and ground truth on disk."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from zeroshot.data import deeppcb
from zeroshot.evaluate import benchmark_files, scoring
from zeroshot.types import Boxes


def boxes(xyxy, confidence, kind):
  return Boxes(
    np.asarray(xyxy, np.float32).reshape(-1, 4),
    np.asarray(confidence, np.float32),
    tuple(kind),
  )


FOUND = {
  '00041201': boxes([], [], ()),
  '00041200': boxes(
    [[1, 2, 30, 40], [10.4, 10.6, 19.5, 20.5]],
    [0.123456789, 1e-7],
    ('pin-hole', 'difference'),
  ),
}


def make_zip(path, entries):
  with zipfile.ZipFile(path, 'w') as archive:
    for name, text in entries:
      archive.writestr(name, text)
  return path


def same(first, second):
  assert list(first) == list(second)
  for name in first:
    np.testing.assert_array_equal(first[name].xyxy, second[name].xyxy)
    np.testing.assert_array_equal(
      np.float32(first[name].confidence), np.float32(second[name].confidence)
    )
    assert first[name].kind == second[name].kind


def test_written_lines(tmp_path):
  path = tmp_path / 'a.zip'
  benchmark_files.write_detections(path, FOUND)
  with zipfile.ZipFile(path) as archive:
    assert archive.namelist() == ['00041200.txt', '00041201.txt']
    text = archive.read('00041200.txt').decode()
    assert archive.read('00041201.txt') == b''
  # Nearest pixel, halves to even; no exponent; a stand-in for no kind.
  assert text == ('1,2,30,40,0.12345679,pin-hole\n10,11,20,20,0.0000001,open\n')


def test_another_word_may_stand_in(tmp_path):
  path = tmp_path / 'a.zip'
  two = boxes([[0, 0, 9, 9]] * 2, [0.5, 0.25], ['defect', 'spur'])
  benchmark_files.write_detections(path, {'a': two}, stand_in='difference')
  detected = benchmark_files.read_detections(path)['a']
  assert detected.kind == ('difference', 'spur')
  with pytest.raises(ValueError, match="stand_in is 'dent'"):
    benchmark_files.write_detections(path, {'a': two}, stand_in='dent')


def test_written_and_read_again(tmp_path):
  path = tmp_path / 'a.zip'
  whole = {
    name: detected._replace(
      xyxy=np.rint(detected.xyxy), kind=('spur',) * len(detected.kind)
    )
    for name, detected in sorted(FOUND.items())
  }
  benchmark_files.write_detections(path, whole)
  same(benchmark_files.read_detections(path), whole)


def test_the_bytes_depend_on_the_detections_alone(tmp_path):
  first, second = tmp_path / 'a.zip', tmp_path / 'b.zip'
  benchmark_files.write_detections(first, FOUND)
  benchmark_files.write_detections(second, dict(reversed(FOUND.items())))
  assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
  ('name', 'detected', 'message'),
  [
    ('a/b', FOUND['00041200'], 'without a folder'),
    ('a', boxes([[0, 0, 1, 1]], [1], ['dent']), "unknown kind 'dent'"),
    ('a', boxes([[0, 0, 1, 1]], [1.5], ['open']), r'leaves \[0, 1\]'),
    ('a', boxes([[0, 0, 1, 1]], [np.nan], ['open']), r'leaves \[0, 1\]'),
    ('a', boxes([[0, 0, np.inf, 1]], [1], ['open']), 'not finite'),
  ],
)
def test_what_the_format_cannot_hold_is_refused(
  tmp_path, name, detected, message
):
  with pytest.raises(ValueError, match=message):
    benchmark_files.write_detections(tmp_path / 'a.zip', {name: detected})
  assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_refused(tmp_path):
  with pytest.raises(ValueError, match='cannot be written'):
    benchmark_files.write_detections(tmp_path / 'no' / 'a.zip', FOUND)


@pytest.mark.parametrize(
  ('line', 'message'),
  [
    ('1,2,3,4,open', 'malformed'),
    ('1,2,3,4,0.5,open,6', 'malformed'),
    ('1,2,3,x,0.5,open', 'not four integers'),
    ('1,2,3.5,4,0.5,open', 'not four integers'),
    ('5,2,3,4,0.5,open', 'ends before it begins'),
    ('1,2,3,4,high,open', "confidence 'high'"),
    ('1,2,3,4,nan,open', "confidence 'nan'"),
    ('1,2,3,4,1.5,open', r"confidence '1.5'; give a number in \[0, 1\]"),
    ('1,2,3,4,0.5,dent', "unknown type 'dent'; legal are open"),
    ('1,2,3,4,0.5,7', "unknown type '7'"),
  ],
)
def test_a_malformed_detection_is_refused_with_its_line(
  tmp_path, line, message
):
  path = make_zip(
    tmp_path / 'a.zip', [('00041200.txt', f'1,2,3,4,0.5,open\n{line}\n')]
  )
  with pytest.raises(
    ValueError, match=rf'a\.zip: 00041200\.txt, line 2: .*{message}'
  ):
    benchmark_files.read_detections(path)


@pytest.mark.filterwarnings('ignore:Duplicate name')
@pytest.mark.parametrize(
  ('entries', 'message'),
  [
    ([('in/00041200.txt', '')], 'has folders'),
    ([('00041200.csv', '')], 'no IMAGE.txt'),
    ([('00041200.txt', ''), ('00041200.txt', '')], 'there twice'),
    ([('00041200.txt', b'\xff\xfe')], 'not text'),
  ],
)
def test_a_malformed_zip_is_refused(tmp_path, entries, message):
  path = make_zip(tmp_path / 'a.zip', entries)
  with pytest.raises(ValueError, match=rf'a\.zip: .*{message}'):
    benchmark_files.read_detections(path)


@pytest.mark.parametrize(
  'read',
  [benchmark_files.read_detections, benchmark_files.read_ground_truth],
)
def test_what_is_no_zip_is_refused(tmp_path, read):
  path = tmp_path / 'a.zip'
  with pytest.raises(ValueError, match='no such file'):
    read(path)
  for data in (b'', b'text', make_whole(tmp_path)[:-30]):
    path.write_bytes(data)
    with pytest.raises(ValueError, match='not a zip'):
      read(path)


def test_a_damaged_zip_is_refused(tmp_path):
  data = bytearray(make_whole(tmp_path))
  data[data.index(b'1,2')] ^= 1
  path = tmp_path / 'a.zip'
  path.write_bytes(data)
  with pytest.raises(ValueError, match='not a zip that can be read'):
    benchmark_files.read_detections(path)


def make_whole(tmp_path):
  path = tmp_path / 'whole.zip'
  benchmark_files.write_detections(path, FOUND)
  return path.read_bytes()


def test_words_are_read_whatever_their_case(tmp_path):
  path = make_zip(
    tmp_path / 'a.zip',
    [('a.txt', '1,2,3,4,1,Pin-Hole\r\n 1, 2, 3, 4, .5, DEFECT\n')],
  )
  detected = benchmark_files.read_detections(path)['a']
  assert detected.kind == ('pin-hole', 'defect')
  assert detected.confidence.tolist() == [1, 0.5]


def test_more_digits_than_float32_still_rank(tmp_path):
  path = make_zip(
    tmp_path / 'a.zip',
    [('a.txt', '1,2,3,4,0.9999999901,open\n1,2,3,4,0.9999999902,open\n')],
  )
  low, high = benchmark_files.read_detections(path)['a'].confidence
  assert low < high


@pytest.mark.parametrize(
  'text',
  [
    '1 2 3 4 6\n5 6 7 8 1\n',
    '1,2,3,4,pin-hole\n5,6,7,8,open',
    '1, 2 ,3 4 6\n5 6 7 8 Open',
  ],
)
def test_forms_of_ground_truth(tmp_path, text):
  folder = tmp_path / 'truth'
  (folder / 'b').mkdir(parents=True)
  (folder / 'b' / '00041200.txt').write_text(text)
  (folder / '00041199.txt').write_text('')
  (folder / 'trainval.txt').write_text('g/1/0.jpg g/1_not/0.txt\n')
  path = make_zip(
    tmp_path / 'a.zip',
    [('b/00041200.txt', text), ('00041199.txt', ''), ('b/', '')],
  )
  truth = benchmark_files.read_ground_truth(folder)
  assert list(truth) == ['00041199', '00041200']
  assert truth['00041200'].xyxy.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
  assert truth['00041200'].kind == ('pin-hole', 'open')
  assert truth['00041199'].xyxy.shape == (0, 4)
  same(benchmark_files.read_ground_truth(path), truth)


def test_ground_truth_that_cannot_be_is_refused(tmp_path):
  with pytest.raises(ValueError, match='no ground truth in it'):
    benchmark_files.read_ground_truth(tmp_path)
  (tmp_path / '0.txt').write_text('1 2 3 4 0.5 1\n')
  with pytest.raises(ValueError, match=r'0\.txt, line 1: .*malformed'):
    benchmark_files.read_ground_truth(tmp_path)
  (tmp_path / 'b').mkdir()
  (tmp_path / 'b' / '0.txt').write_text('')
  with pytest.raises(ValueError, match=r'0\.txt is there twice'):
    benchmark_files.read_ground_truth(tmp_path)


def test_the_real_annotations_score_full_marks(shared, tmp_path):
  root = shared / 'deeppcb' / 'PCBData'
  truth = benchmark_files.read_ground_truth(root)
  entries = deeppcb.list_pairs(root, 'trainval')
  assert set(truth) >= {entry.name for entry in entries}
  path = tmp_path / 'a.zip'
  benchmark_files.write_detections(path, truth)
  assert scoring.score_set(truth, benchmark_files.read_detections(path)) == {
    'precision': 1,
    'recall': 1,
    'hmean': 1,
    'AP': 1,
  }
