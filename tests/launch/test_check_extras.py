"""Extras are installed by pip where that is possible, and told where not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from launch import check_extras

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
version = "1"
optional-dependencies = { works = [], clashes = ["tiny==2"], far = [] }
"""
# Of PEP 517, without a package to build it: nothing is fetched.
BACKEND = """
import pathlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
  name = 'tiny-1-py3-none-any.whl'
  metadata = '''Metadata-Version: 2.1
Name: tiny
Version: 1
Provides-Extra: works
Provides-Extra: clashes
Provides-Extra: far
Requires-Dist: tiny==2; extra == 'clashes'
'''
  with zipfile.ZipFile(pathlib.Path(folder) / name, 'w') as wheel:
    wheel.writestr('tiny.py', '')
    info = 'tiny-1.dist-info'
    wheel.writestr(f'{info}/METADATA', metadata)
    wheel.writestr(
      f'{info}/WHEEL', 'Wheel-Version: 1.0\\nTag: py3-none-any\\n'
    )
    wheel.writestr(f'{info}/RECORD', '')
  return name
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
  """A project without dependencies, and a pip that asks no index."""
  (tmp_path / 'pyproject.toml').write_text(PROJECT)
  (tmp_path / 'backend.py').write_text(BACKEND)
  monkeypatch.setenv('PIP_NO_INDEX', '1')
  return tmp_path


def run(project, *arguments):
  return subprocess.run(
    [
      *(sys.executable, check_extras.__file__, f'--project={project}'),
      *arguments,
    ],
    capture_output=True,
    text=True,
  )


@pytest.mark.slow
def test_what_pip_says_is_told(project):
  done = run(project, '--extras=works,clashes,far', '--dry_run=far')
  assert done.returncode == 1, done.stderr
  version = sys.version.split()[0]
  works, line, clashes, error, far, would = done.stdout.splitlines()[:6]
  assert works.startswith(f'works, Python {version}: ')
  assert ' MB, ' in works
  assert line == '  Successfully installed tiny-1'
  assert clashes.startswith(f'clashes, Python {version}: failed')
  assert 'ERROR' in error
  assert far.startswith(f'far, Python {version}: resolved')
  assert would == '  Would install tiny-1'
  assert f'| extra | {version} |\n| --- | --- |\n| `works` |' in done.stdout


def test_the_extras_are_those_of_the_project(project):
  options = check_extras.parse_arguments([f'--project={project}'])
  assert options.extras == ['none', 'works', 'clashes', 'far']
  assert 'heic' in check_extras.parse_arguments([]).extras


def test_a_wrong_word_is_told(project, capsys):
  for words, told in (
    ([f'--project={project}', '--extras=work'], 'work is none of none, works'),
    ([f'--project={project / "missing"}'], 'pyproject.toml'),
  ):
    with pytest.raises(SystemExit):
      check_extras.parse_arguments(words)
    assert told in capsys.readouterr().err


def test_a_row_for_each_extra_a_column_for_each_python():
  outcomes = [
    check_extras.Outcome('none', '3.11.7', '990 MB', 1.0, ''),
    check_extras.Outcome('tpu', '3.11.7', 'resolved', 1.0, ''),
    check_extras.Outcome('none', '3.13.0', 'failed', 1.0, ''),
  ]
  assert check_extras.to_markdown(outcomes) == (
    '| extra | 3.11.7 | 3.13.0 |\n| --- | --- | --- |\n'
    '| `none` | 990 MB | failed |\n| `tpu` | resolved |  |'
  )
