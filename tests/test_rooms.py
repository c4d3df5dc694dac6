"""The arrows between rooms: who may import whom."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ('zeroshot', 'launch', 'configs', 'data_tools', 'tests')

# From the ground up: a room may import only rooms that stand before it.
ROOMS = (
  'version',
  'types',
  'rng',
  'bilinear',
  'runtime',
  'run_config',
  'data',
  'boards',
  'synthesis',
  'model',
  'losses',
  'checkpoints',
  'runs',
  'weights',
  'onnx_graph',
  'train',
  'registration',
  'pcb',
  'detect',
  'transfer',
  'evaluate',
  'report',
  'inspection',
  'recipe',
  'cluster',
  'experiments',
  'studies',
  'export',
  'profiling',
  'page',
  'ui',
  'line',
  'commands',
)
FORBIDDEN = {('evaluate', 'train'), ('report', 'train')}


def imports(source: str) -> set[str]:
  """Dotted names of all that a file imports, anywhere in it."""
  names = set()
  for node in ast.walk(ast.parse(source)):
    if isinstance(node, ast.Import):
      names |= {alias.name for alias in node.names}
    elif isinstance(node, ast.ImportFrom):
      assert node.level == 0, 'a relative import hides which room is meant'
      names |= {f'{node.module}.{alias.name}' for alias in node.names}
  return names


def has(names: set[str], *packages: str) -> bool:
  """Whether one of the packages, or a part of one, is imported."""
  return any(
    name == package or name.startswith(f'{package}.')
    for name in names
    for package in packages
  )


def room_faults(room: str, source: str) -> list[str]:
  """What is wrong with the imports of a file of ``zeroshot``."""
  faults = []
  for name in sorted(imports(source)):
    top, *rest = name.split('.')
    if top in OURS and top != 'zeroshot':
      faults.append(f'imports {top}')
    if top != 'zeroshot' or not rest or rest[0] == room:
      continue
    other = rest[0]
    if other not in ROOMS:
      faults.append(f'{other} is no room')
    elif ROOMS.index(other) > ROOMS.index(room):
      faults.append(f'{room} stands below {other}')
    elif (room, other) in FORBIDDEN:
      faults.append(f'{room} may not import {other}')
  return faults


def mentions(source: str, word: str) -> bool:
  """Whether the code, comments and texts apart, uses a name."""
  return any(
    word in (getattr(node, 'attr', None), getattr(node, 'id', None))
    or (isinstance(node, ast.alias) and word in node.name.split('.'))
    for node in ast.walk(ast.parse(source))
  )


def python_files(*folders: str) -> list[Path]:
  return sorted(f for name in folders for f in (ROOT / name).rglob('*.py'))


def name_of(file: Path) -> str:
  return file.relative_to(ROOT).as_posix()


@pytest.mark.parametrize('file', python_files('zeroshot'), ids=name_of)
def test_a_room_imports_only_rooms_below(file):
  parts = file.relative_to(ROOT / 'zeroshot').with_suffix('').parts
  if parts == ('__init__',):
    names = {name for name in imports(file.read_text()) if has({name}, *OURS)}
    assert all(
      has({name}, 'zeroshot.inspection', 'zeroshot.recipe', 'zeroshot.version')
      for name in names
    )
    return
  if parts == ('__main__',):
    assert imports(file.read_text()) == {
      '__future__.annotations',
      'sys',
      'zeroshot.commands.main',
    }
    return
  assert parts[0] in ROOMS
  assert room_faults(parts[0], file.read_text()) == []


@pytest.mark.parametrize('file', python_files('configs'), ids=name_of)
def test_configs_import_ml_collections_and_configs_alone(file):
  for name in imports(file.read_text()):
    assert has({name}, 'ml_collections', 'configs', '__future__')


@pytest.mark.parametrize('file', python_files('data_tools'), ids=name_of)
def test_generated_boards_share_no_code_with_training(file):
  names = imports(file.read_text())
  assert not has(names, 'zeroshot.synthesis', 'zeroshot.train', 'jax')


@pytest.mark.parametrize(
  ('folder', 'other'), [('launch', 'data_tools'), ('data_tools', 'launch')]
)
def test_entry_points_share_code_through_the_package_alone(folder, other):
  for file in python_files(folder):
    assert not has(imports(file.read_text()), other), name_of(file)


CODE = python_files('zeroshot', 'launch', 'data_tools')


def test_pmap_lives_in_one_file():
  users = [name_of(f) for f in CODE if mentions(f.read_text(), 'pmap')]
  assert users == ['zeroshot/train/parallel.py']


def test_orbax_lives_in_one_file():
  users = [name_of(f) for f in CODE if has(imports(f.read_text()), 'orbax')]
  assert users == ['zeroshot/checkpoints.py']


def test_no_file_mixes_opencv_and_jax_numpy():
  for file in CODE:
    names = imports(file.read_text())
    assert not (has(names, 'cv2') and has(names, 'jax.numpy')), name_of(file)


def test_no_file_loads_a_pickle():
  for file in CODE:
    assert not has(imports(file.read_text()), 'pickle', 'dill', 'cloudpickle')


@pytest.mark.parametrize(
  ('room', 'source'),
  [
    ('model', 'from zeroshot.train import step'),
    ('model', 'from zeroshot import detect'),
    ('model', 'def f():\n  import zeroshot.losses'),
    ('evaluate', 'from zeroshot.train.state import State'),
    ('data', 'from launch import command'),
    ('data', 'from zeroshot.nowhere import x'),
  ],
)
def test_a_wrong_arrow_is_found(room, source):
  assert room_faults(room, source)


def test_a_right_arrow_is_allowed():
  source = 'import numpy\nfrom zeroshot.types import Pair\nimport zeroshot.rng'
  assert room_faults('model', source) == []


def test_mentions_sees_code_and_not_comments():
  assert mentions('jax.pmap(f)', 'pmap')
  assert mentions('from jax import pmap', 'pmap')
  assert not mentions('"""pmap"""  # pmap', 'pmap')


def test_the_package_lists_its_rooms_from_the_top_down():
  text = ast.get_docstring(
    ast.parse((ROOT / 'zeroshot/__init__.py').read_text())
  )
  listed = re.findall(r'^  (\w+)  +\w', text, re.MULTILINE)
  assert listed == list(reversed(ROOMS))
