"""The command line as a whole: help, exit statuses, what goes where."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import zeroshot
from zeroshot.commands import main

ROOT = Path(__file__).resolve().parents[2]


def test_the_entry_point_is_main():
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  assert project['scripts'] == {'zeroshot': 'zeroshot.commands.main:main'}


def test_help_does_without_the_heavy_libraries():
  script = (
    'import sys\n'
    'from zeroshot.commands import main\n'
    'try:\n'
    '  main.main(["inspect", "--help"])\n'
    'finally:\n'
    '  heavy = {"jax", "cv2", "numpy"} & set(sys.modules)\n'
    '  print("heavy:", sorted(heavy))\n'
  )
  done = subprocess.run(
    [sys.executable, '-c', script], cwd=ROOT, capture_output=True, text=True
  )
  assert done.returncode == 0
  assert '--manifest' in done.stdout
  assert done.stdout.endswith('heavy: []\n')


@pytest.mark.parametrize(
  ('arguments', 'message'),
  [
    ([], 'give REFERENCE and TEST'),
    (['a.png'], 'give REFERENCE and TEST'),
    (['a.png', 'b.png', '--manifest=p.csv', '--out=x'], '--manifest goes'),
    (['--manifest=p.csv'], '--manifest needs --out'),
    (['--manifest=nowhere.csv', '--out=x'], 'nowhere.csv'),
    (['a.png', 'b.png', '--weights=none'], 'no weights file none'),
    (['a.png', 'b.png', '--threshold=2'], 'the threshold is 2'),
    (['nowhere.png', 'b.png'], 'nowhere.png: no such file'),
  ],
)
def test_a_mistake_is_one_line_on_stderr(
  capsys, monkeypatch, tmp_path, arguments, message
):
  monkeypatch.chdir(tmp_path)
  assert main.main(['inspect', *arguments]) == 2
  out, err = capsys.readouterr()
  assert out == ''
  assert err.startswith('error: ')
  assert message in err
  assert err.count('\n') == 1
  assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('region', ['1,2,3', 'a,b,c,d', ''])
def test_a_region_that_is_none_is_told(capsys, region):
  with pytest.raises(SystemExit) as left:
    main.main(['inspect', 'a', 'b', f'--roi={region}'])
  assert left.value.code == 2
  assert 'X1,Y1,X2,Y2' in capsys.readouterr().err


@pytest.mark.slow
def test_the_module_runs():
  done = subprocess.run(
    [sys.executable, '-m', 'zeroshot.commands.main', 'check', 'nowhere.csv'],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 2
  assert done.stderr == ''
  assert 'nowhere.csv' in done.stdout


def test_what_nobody_foresaw_does_not_say_that_the_part_differs(
  capsys, monkeypatch
):
  def run(options):
    raise MemoryError('33 GB')

  monkeypatch.setattr('zeroshot.commands.check.run', run)
  assert main.main(['check', 'a.csv']) == 2
  assert capsys.readouterr().err == 'error: MemoryError: 33 GB\n'


def test_a_flag_that_is_misspelt_is_told_with_the_nearest(capsys):
  with pytest.raises(SystemExit, match='2'):
    main.main(['inspect', 'a.png', 'b.png', '--treshold=0.5'])
  errors = capsys.readouterr().err
  assert 'usage: zeroshot inspect' in errors
  assert '--treshold=0.5; did you mean --threshold?' in errors


def test_the_version(capsys):
  with pytest.raises(SystemExit, match='0'):
    main.main(['--version'])
  assert capsys.readouterr().out == f'zeroshot {zeroshot.__version__}\n'


@pytest.mark.parametrize('name', main.SUBCOMMANDS)
def test_the_help_of_each_command_tells_its_exit_statuses(capsys, name):
  with pytest.raises(SystemExit):
    main.main([name, '--help'])
  text = capsys.readouterr().out
  assert f'usage: zeroshot {name} ' in text
  assert re.search(r'^Exit statuses: \d \w', text, re.MULTILINE)


def test_help_lists_the_commands_in_groups(capsys):
  with pytest.raises(SystemExit):
    main.main(['--help'])
  text = capsys.readouterr().out
  listed = re.findall(r'^(.+):\n((?:  \w+ +\w.*\n)+)', text, re.MULTILINE)
  groups = {
    title: tuple(re.findall(r'^  (\w+)', rows, re.MULTILINE))
    for title, rows in listed
  }
  assert {t: groups[t] for t in main.GROUPS} == main.GROUPS
  assert 'exit statuses: 0 no difference, 1 differences found' in text


def test_it_runs_as_a_module():
  done = subprocess.run(
    [sys.executable, '-m', 'zeroshot', '--version'],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )
  assert done.stdout == f'zeroshot {zeroshot.__version__}\n'
