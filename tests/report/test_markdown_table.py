"""Markdown tables, cell by cell."""

from __future__ import annotations

import pytest

from zeroshot.report.markdown_table import markdown_table


def test_columns_are_aligned_left_then_right():
  assert markdown_table(['a', 'b'], [['x', '12345']], num_left=1) == (
    '| a | b |\n| --- | ---: |\n| x | 12345 |'
  )


def test_padded_columns_are_equally_wide():
  rows = [['x', '12345'], ['long', '1']]
  assert markdown_table(['a', 'b'], rows, num_left=1, padded=True) == (
    '| a    |     b |\n| ---- | ----: |\n| x    | 12345 |\n| long |     1 |'
  )


def test_a_bar_in_a_cell_ends_no_column():
  assert markdown_table(['a'], [['x | y']], num_left=1).endswith('| x \\| y |')


def test_a_table_without_rows_has_its_head():
  assert (
    markdown_table(['a', 'b'], [], num_left=2) == '| a | b |\n| --- | --- |'
  )


def test_a_row_of_another_length_is_refused():
  with pytest.raises(ValueError, match='zip'):
    markdown_table(['a', 'b'], [['x']], num_left=1)
