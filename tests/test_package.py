"""Every entry point imports and says how it is used; the wheel's content."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from zeroshot import version

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = sorted(
  f'{folder}.{file.stem}'
  for folder in ('launch', 'data_tools')
  for file in (ROOT / folder).glob('*.py')
  if "\nif __name__ == '__main__':" in file.read_text()
)
MAX_WHEEL_BYTES = 4 * 2**20
PREPARES = 'launch.environment'  # has no flags


def test_the_commands_are_all_there():
  assert {
    'launch.train',
    'launch.evaluate',
    'launch.score',
    'launch.quickstart',
    'data_tools.pack_backgrounds',
    'data_tools.make_pairs',
    'data_tools.check',
  } <= set(COMMANDS)


@pytest.mark.parametrize('name', COMMANDS)
def test_command_imports_and_has_a_main(name):
  module = importlib.import_module(name)
  assert module.__doc__
  assert callable(getattr(module, 'main', None)) or name == PREPARES


@pytest.mark.slow
@pytest.mark.parametrize('name', [n for n in COMMANDS if n != PREPARES])
def test_command_says_how_it_is_used(name):
  done = subprocess.run(
    [sys.executable, '-m', name, '--help'],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )
  assert done.returncode in (0, 1), done.stderr  # absl leaves with 1
  assert '--' in done.stdout
  assert 'Traceback' not in done.stderr


def test_the_distribution_has_the_name_that_the_version_is_asked_of():
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  assert project['name'] == version.DISTRIBUTION
  assert version.version() in ('unknown', project['version'])


def test_every_extra_that_is_named_is_one():
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  extras = set(project['optional-dependencies'])
  named = re.compile(r'(zeroshot[\w-]*)\[([\w,]+)\]')
  texts = [ROOT / 'pyproject.toml', *(ROOT / 'docs').glob('*.md')]
  found = [
    match.groups()
    for file in [*texts, *(ROOT / 'zeroshot').rglob('*.py')]
    for match in named.finditer(file.read_text())
  ]
  assert len(found) > 10
  for name, words in found:
    assert name == project['name']
    assert set(words.split(',')) <= extras


def test_the_wheel_holds_the_library_alone():
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())
  target = project['tool']['hatch']['build']['targets']['wheel']
  assert target['packages'] == ['zeroshot']
  assert (ROOT / 'zeroshot' / 'py.typed').is_file()


def test_the_wheel_is_small_and_complete(tmp_path):
  wheel = pytest.importorskip('hatchling.builders.wheel')
  builder = wheel.WheelBuilder(str(ROOT))
  (path,) = builder.build(directory=str(tmp_path), versions=['standard'])
  assert Path(path).stat().st_size < MAX_WHEEL_BYTES
  names = set(zipfile.ZipFile(path).namelist())
  ours = {name for name in names if '.dist-info/' not in name}
  kept = {
    file.relative_to(ROOT).as_posix()
    for file in (ROOT / 'zeroshot').rglob('*')
    if file.is_file() and file.suffix != '.pyc'
  }
  # The pictures of the model cards, and what an older version left.
  left_out = {
    name
    for name in kept
    if Path(name).parent.name == 'weights'
    and Path(name).suffix in ('.png', '.onnx')
  }
  assert ours == kept - left_out


def test_the_lock_names_the_public_index_alone():
  lock = tomllib.loads((ROOT / 'uv.lock').read_text())
  registries = {p['source'].get('registry') for p in lock['package']} - {None}
  assert registries == {'https://pypi.org/simple'}
  for package in lock['package']:
    for wheel in package.get('wheels', ()):
      assert wheel['url'].startswith('https://files.pythonhosted.org/')
