"""Fixtures of the browser tests: one page."""

from __future__ import annotations

import pytest

from tests.page import parts
from zeroshot.page import write


@pytest.fixture(scope='session')
def report(tmp_path_factory):
  """A page of five lines and one pair without pictures."""
  folder = tmp_path_factory.mktemp('page') / 'results'
  rows = [*parts.lines(), parts.line(6, 'part 11')]
  parts.write_inspected(folder, rows)
  (folder / 'pairs/0006/test.png').unlink()
  write.write(folder, folder / 'report.html')
  return folder / 'report.html'
