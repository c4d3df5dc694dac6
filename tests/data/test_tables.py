"""Tables as spreadsheets write them."""

from __future__ import annotations

import pytest

from zeroshot.data import tables

COLUMNS = ('reference', 'test', 'boxes')


def read(folder, text, encoding='utf-8'):
  path = folder / 'pairs.csv'
  path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
  rows, wrong = tables.parse_table(
    tables.read_lines(path), path, COLUMNS, required=('reference', 'test')
  )
  return rows, list(wrong.values())


@pytest.mark.parametrize(
  'text',
  [
    'reference,test,boxes\na.png,b.png,1 2 3 4\n',
    '\ufeffReference,TEST , boxes\r\na.png, b.png ,1 2 3 4\r\n',
    'reference;test;boxes\n"a.png";b.png;"1 2 3 4"',
    'reference\ttest\tboxes\na.png\tb.png\t1 2 3 4\n\t\t\n',
    'reference,test,boxes,,\na.png,b.png,1 2 3 4,,\n,,,,\n',
    '"reference","test","boxes"\r\r"a.png", "b.png","1 2 3 4"\r',
  ],
)
def test_what_spreadsheets_write_is_read(tmp_path, text):
  (row,), wrong = read(tmp_path, text)
  assert row.cells == {
    'reference': 'a.png',
    'test': 'b.png',
    'boxes': '1 2 3 4',
  }
  assert wrong == []


def test_lines_are_counted_as_an_editor_does(tmp_path):
  rows, _ = read(tmp_path, '\n\nreference,test\r\n\r\na,b\r\n,\r\nc,d')
  assert [row.line for row in rows] == [5, 7]


def test_quotes_keep_a_separator_and_a_quote(tmp_path):
  text = 'reference;test;boxes\n"a;1.png";"b ""x"".png";"1 2 3 4; 5 6 7 8"\n'
  (row,), _ = read(tmp_path, text)
  assert list(row.cells.values()) == [
    'a;1.png',
    'b "x".png',
    '1 2 3 4; 5 6 7 8',
  ]


def test_every_bad_row_is_named_and_the_rest_is_read(tmp_path):
  text = (
    'reference;test;boxes\n'
    'a;b;1 2 3 4; 5 6 7 8\n'  # the boxes are not in quotes
    'a;b\n'
    '"a"x;b;\n'
    'c;d;\n'
    '"a;b;\n'
    'c;d;\n'
    'e;f;\n'
    '"a;b;\n'
  )
  rows, wrong = read(tmp_path, text)
  assert [row.line for row in rows] == [5, 7, 8]
  path = tmp_path / 'pairs.csv'
  expected = [
    (2, '4 cells under 3 columns; write every separator'),
    (3, '2 cells under 3 columns'),
    (4, 'correct the quotes'),
    (6, 'a quote is not closed on its line'),
    (9, 'correct the quotes'),
  ]
  assert len(wrong) == len(expected)
  for fault, (line, words) in zip(wrong, expected, strict=True):
    assert fault.startswith(f'{path}, line {line}: ')
    assert words in fault


@pytest.mark.parametrize(
  ('text', 'words'),
  [
    ('', 'the file is empty; begin with a line of column names: boxes, ref'),
    ('a.png,b.png\n', r"line 1: the header lacks \['reference', 'test'\]"),
    ('reference,test,colour\n', r"unknown \['colour'\]"),
    ('reference,,test\n', r"unknown \[''\]"),
    ('reference,test,Test\n', 'the header names test twice'),
    ('"reference"x,test\na,b', 'line 1: .*correct the quotes'),
    (b'reference,test\n\xe4.png,b.png', 'save it as UTF-8'),
    ('reference,test\n'.encode('utf-16'), 'save it as UTF-8'),
  ],
)
def test_no_table(tmp_path, text, words):
  with pytest.raises(ValueError, match=rf'pairs\.csv.*{words}'):
    read(tmp_path, text)


def test_a_header_alone_has_no_rows(tmp_path):
  assert read(tmp_path, 'reference,test\n') == ([], [])
