"""The confusion of kinds: its shades, its numbers, its table."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.evaluate.kinds import Confusion
from zeroshot.report import confusion_matrix as matrix

THREE = Confusion(
  ('open', 'pin-hole'), np.array([[9, 1, 0], [0, 0, 0], [3, 120, 0]])
)


def cells(image, confusion):
  """The median colour of each cell's rim, where no number is."""
  left, bottom, width, height = matrix._AREA
  h, w = image.shape[:2]
  n = len(confusion.counts)
  rows = []
  for row in range(n):
    y = round(h * (1 - bottom - height) + h * height * (row + 0.1) / n)
    xs = [round(w * left + w * width * (c + 0.5) / n) for c in range(n)]
    rows.append([np.median(image[y - 2 : y + 3, x - 5 : x + 5]) for x in xs])
  return np.array(rows)


def test_shares_are_of_the_row():
  expected = [[0.9, 0.1, 0], [0, 0, 0], [3 / 123, 120 / 123, 0]]
  np.testing.assert_allclose(matrix.row_shares(THREE.counts), expected)


@pytest.mark.parametrize('num_kinds', [1, 2, 8])
def test_it_is_an_image_of_one_size(num_kinds):
  for counts in (np.zeros, np.ones):
    image = matrix.draw_confusion(
      Confusion(
        tuple(f'kind {i}' for i in range(num_kinds)),
        counts((num_kinds + 1, num_kinds + 1), np.int64),
      )
    )
    assert image.shape == (640, 640, 3)
    assert image.dtype == np.float32
    assert (image.min() < 0.2, image.max()) == (True, 1)


def test_the_darker_the_larger_its_share():
  shade = cells(matrix.draw_confusion(THREE), THREE)
  order = np.argsort(-matrix.row_shares(THREE.counts), axis=None, kind='stable')
  assert (np.diff(shade.ravel()[order]) >= 0).all()
  assert shade[0, 0] < 0.4 < 0.8 < shade[0, 1] < shade[0, 2]
  assert (shade[1] == shade[0, 2]).all()  # a row without a box


def test_a_count_is_written_into_its_cell():
  other = THREE._replace(counts=THREE.counts * 2)
  first, second = map(matrix.draw_confusion, (THREE, other))
  changed = np.abs(first - second).max(-1) > 0.3
  assert changed.any()
  # Nothing else changes but the number of boxes in the line above.
  np.testing.assert_array_equal(cells(first, THREE), cells(second, THREE))


def test_title():
  assert (
    matrix.format_title(THREE) == 'right kind of 0.900 of 10 boxes in place'
  )
  empty = THREE._replace(counts=THREE.counts * 0)
  assert matrix.format_title(empty) == 'no box in place'


def test_the_table_reads_as_text_and_as_markdown():
  assert matrix.format_confusion(THREE).splitlines() == [
    '| true, found as | open | pin-hole | none |',
    '| -------------- | ---: | -------: | ---: |',
    '| open           |    9 |        1 |    0 |',
    '| pin-hole       |    0 |        0 |    0 |',
    '| none           |    3 |      120 |    0 |',
  ]


def test_a_column_is_as_wide_as_its_numbers():
  wide = Confusion(('a',), np.array([[1234567, 0], [0, 0]]))
  lines = matrix.format_confusion(wide).splitlines()
  assert len({len(line) for line in lines}) == 1
  assert lines[1].split('|')[2] == ' ------: '
