"""Lists of pairs: columns, names and rows that cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.data import checks, pair_list, pictures


def write(tmp_path, text, encoding='utf-8'):
  file = tmp_path / 'pairs.csv'
  file.write_text(text, encoding)
  return file


def test_rows_have_names_and_paths_beside_the_list(tmp_path):
  text = (
    'name,test,reference,boxes,group\r\n'
    'first,"a, b.png",good.png,,x\r\n'
    '\r\n'
    ',one/p.png,good.png,,\r\n'
    ',two/p.png,good.png,,\r\n'
    ',q.png,/good.png,,\r\n'
  )
  pairs = pair_list.read_pair_list(write(tmp_path, text, 'utf-8-sig'))
  assert [pair.row for pair in pairs] == [1, 2, 3, 4]
  # A stem that two rows share would name neither.
  assert [pair.name for pair in pairs] == [
    'first',
    'one/p.png',
    'two/p.png',
    'q',
  ]
  assert pairs[0].test_path == tmp_path / 'a, b.png'
  assert str(pairs[3].reference_path) == '/good.png'
  assert not any(pair.fault for pair in pairs)


def test_rows_that_cannot_be_used_say_why(tmp_path):
  text = 'reference,test,name\na,b,x\na,,y\na\na,b,z,4\na,b,x\na\0,b,w\n'
  pairs = pair_list.read_pair_list(write(tmp_path, text))
  faults = [pair.fault.partition('pairs.csv, ')[2] for pair in pairs]
  assert faults[0] == ''
  for line, (fault, word) in enumerate(
    zip(
      faults[1:],
      ['no test', '1 cells', '4 cells', 'that of line 2', 'NUL'],
      strict=True,
    ),
    start=3,
  ):
    assert fault.startswith(f'line {line}: ')
    assert word in fault


def test_lines_of_json_are_rows_too_and_masks_are_not_opened(tmp_path):
  lines = [
    '{"reference": "good.png", "test": "a.png"}',
    '{"reference": "good.png", "test": 3, "name": "no text"}',
    '{"reference": "good.png", "te',
    '{"reference": "good.png", "test": "b.png", "mask": "gone.png"}',
    '{"reference": "good.png", "test": "c.png", "name": 4}',
  ]
  file = tmp_path / 'pairs.jsonl'
  file.write_text('\n'.join(lines))
  pairs = pair_list.read_pair_list(file)
  assert [pair.name for pair in pairs] == ['a', 'no text', '', 'b', 'c']
  assert pairs[3].test_path == tmp_path / 'b.png'
  for pair, words in zip(
    pairs, ('', 'no test', 'not JSON', '', 'name is 4'), strict=True
  ):
    assert words in pair.fault
    assert bool(pair.fault) == bool(words)


@pytest.mark.parametrize(
  ('text', 'message'),
  [
    ('reference,test,nmae\na,b,c\n', r"unknown \['nmae'\]"),
    ('reference,test,test\na,b,c\n', 'test twice'),
    ('reference,test\n', 'no pair in it'),
    ('', 'empty'),
  ],
)
def test_a_list_of_another_form_is_refused(tmp_path, text, message):
  with pytest.raises(ValueError, match=message):
    pair_list.read_pair_list(write(tmp_path, text))


def test_a_list_of_another_encoding_or_none_is_refused(tmp_path):
  with pytest.raises(ValueError, match='save it as UTF-8'):
    pair_list.read_pair_list(write(tmp_path, 'reference,test\nä,b\n', 'utf-16'))
  with pytest.raises(ValueError, match=r'nowhere\.csv'):
    pair_list.read_pair_list(tmp_path / 'nowhere.csv')


def test_the_check_finds_all_that_is_wrong(tmp_path):
  for name, width in (('good', 8), ('part', 8), ('wide', 9)):
    pictures.write_picture(tmp_path / f'{name}.png', np.zeros((6, width, 3)))
  (tmp_path / 'cut.png').write_bytes((tmp_path / 'good.png').read_bytes()[:-9])
  text = (
    'reference,test,name\ngood.png,part.png,a\ngood.png,wide.png,b\n'
    'good.png,cut.png,c\ngood.png,gone.png,d\ngood.png,,e\n'
    'good.png,part.png,a\n'
  )
  report = checks.check_manifest(write(tmp_path, text))
  assert report.checked.startswith('4 pairs of ')
  for word in (
    'give a text',
    "line 2 has the name 'a' too",
    'cut short',
    'no such file',
  ):
    assert sum(word in fault for fault in report.faults) == 1, word
  assert len(report.faults) == 4
  well = write(tmp_path, 'reference,test\ngood.png,part.png\n')
  assert checks.check_manifest(well).faults == []
