"""The architecture page names files and functions that exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.codebase import ROOT

PLACES = re.findall(
  r'`([\w/]+\.py)(?::(\w+))?`', (ROOT / 'docs/architecture.md').read_text()
)


@pytest.mark.parametrize(('file', 'name'), PLACES)
def test_a_place_of_the_page_exists(file, name):
  tree = ast.parse((ROOT / file).read_text())
  names = {getattr(node, 'name', None) for node in tree.body}
  assert not name or name in names
