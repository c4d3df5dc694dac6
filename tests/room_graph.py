"""The rooms and folders of commands: what each holds and what it imports."""

from __future__ import annotations

import ast
import re

from tests.codebase import ROOT, python_files
from tests.test_rooms import ROOMS, imports

FOLDERS = {
  'configs': 'settings of a run',
  'launch': 'commands: python -m launch.NAME',
  'data_tools': 'commands that prepare data',
}


def descriptions() -> dict[str, str]:
  """What each room holds, as the docstring of ``zeroshot`` says."""
  source = (ROOT / 'zeroshot/__init__.py').read_text()
  text = ast.get_docstring(ast.parse(source)) or ''
  lines = re.findall(r'^  (\w+)  +(\w.*)$', text, re.MULTILINE)
  return {room: line.replace('``', '') for room, line in lines}


def arrows() -> dict[str, set[str]]:
  """The rooms that each room, and each folder of commands, imports."""
  result: dict[str, set[str]] = {name: set() for name in (*FOLDERS, *ROOMS)}
  for file in python_files(*FOLDERS, 'zeroshot'):
    folder, *rest = file.relative_to(ROOT).with_suffix('').parts
    name = rest[0] if folder == 'zeroshot' else folder
    for dotted in imports(file.read_text()):
      top, *others = dotted.split('.')
      if name in result and top == 'zeroshot' and others[0] != name:
        result[name].add(others[0])
  return result


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
  """The arrows that do not follow from two or more others."""

  def below(name: str) -> set[str]:
    return graph[name].union(*map(below, graph[name]))

  return {
    name: targets.difference(*map(below, targets))
    for name, targets in graph.items()
  }
