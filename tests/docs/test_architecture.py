"""The architecture page and its picture agree with the code."""

from __future__ import annotations

import ast
import re

import pytest

from tests import architecture, room_graph
from tests.codebase import ROOT
from tests.test_rooms import ROOMS

PAGE = (ROOT / 'docs/architecture.md').read_text()
PLACES = re.findall(r'`([\w/]+\.py)(?::(\w+))?`', PAGE)


@pytest.mark.parametrize(('file', 'name'), PLACES)
def test_a_place_of_the_page_exists(file, name):
  tree = ast.parse((ROOT / file).read_text())
  names = {getattr(node, 'name', None) for node in tree.body}
  assert not name or name in names


def test_the_picture_is_that_of_the_code():
  drawn = architecture.draw()
  assert architecture.PICTURE.read_text() == drawn, (
    'docs/architecture.svg is out of date: python -m tests.architecture'
  )


def test_the_words_fit_into_the_boxes():
  for name, description in room_graph.descriptions().items():
    assert len(architecture.wrap(name, description)) <= 3, name


def test_every_arrow_points_downwards():
  rows = {name: row for name, (row, _) in architecture.PLACES.items()}
  for source, targets in room_graph.arrows().items():
    assert all(rows[source] < rows[target] for target in targets), source


def test_arrows_that_follow_from_others_are_left_out():
  graph = {'a': {'b', 'c', 'd'}, 'b': {'c'}, 'c': {'d'}, 'd': set()}
  assert room_graph.reduced(graph) == {
    'a': {'b'},
    'b': {'c'},
    'c': {'d'},
    'd': set(),
  }


@pytest.mark.parametrize('walk', architecture.WALKS, ids=lambda w: w.title)
def test_the_page_and_the_picture_take_the_same_steps(walk):
  section = PAGE.split(f'## {walk.title}\n')[1].split('\n## ')[0]
  steps = re.findall(r'^\d\. `(?:zeroshot/)?(\w+)', section, re.MULTILINE)
  assert steps == [name for name, _ in walk.steps]


@pytest.mark.parametrize('room', ROOMS)
def test_a_room_is_described_as_in_the_package(room):
  file = ROOT / f'zeroshot/{room}.py'
  if not file.exists():
    file = ROOT / f'zeroshot/{room}/__init__.py'
  summary = ast.get_docstring(ast.parse(file.read_text())) or ''
  summary = summary.replace('``', '').lower()
  assert summary.startswith(room_graph.descriptions()[room].lower())
