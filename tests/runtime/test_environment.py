"""The bootstrap from a bare Python, without installing anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from zeroshot.runtime import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
  """An empty place for the environment; what would be run is listed."""
  monkeypatch.setenv('UV_PROJECT_ENVIRONMENT', str(tmp_path / 'made'))
  return tmp_path / 'made'


@pytest.fixture
def synced(folder, monkeypatch):
  """Replaces uv: makes the folder and lists the extras of every call."""
  calls = []

  def sync(uv, where, extras):
    python = environment.python_of(where)
    python.parent.mkdir(parents=True, exist_ok=True)
    python.touch()
    calls.append(extras)

  monkeypatch.setattr(environment, 'install_uv', lambda: ['uv'])
  monkeypatch.setattr(environment, 'sync', sync)
  return calls


def test_prepare_installs_once(folder, synced):
  python = environment.prepare('cpu', 'test')
  assert python == environment.python_of(folder)
  environment.prepare('cpu', 'test')
  environment.prepare('cpu')  # fewer are there already
  assert synced == [('cpu', 'test')]


def test_prepare_installs_again_for_another_lock(folder, synced, monkeypatch):
  environment.prepare('cpu')
  monkeypatch.setattr(environment, 'lock_hash', lambda: 'another')
  environment.prepare('cpu')
  assert synced == [('cpu',), ('cpu',)]


def test_prepare_installs_again_for_another_python(folder, synced, monkeypatch):
  environment.prepare('cpu')
  monkeypatch.setattr(environment, 'PYTHON', '3.99')
  environment.prepare('cpu')
  assert len(synced) == 2


def test_enter_keeps_the_extras_that_are_there(folder, synced, monkeypatch):
  started = []
  monkeypatch.setattr(os, 'execv', lambda *words: started.append(words))
  environment.prepare('cuda13', 'dev')
  environment.enter('cpu', 'test')
  assert synced[-1] == ('cpu', 'cuda13', 'dev', 'test')
  python = str(environment.python_of(folder))
  assert started == [(python, [python, *sys.argv])]


def test_enter_returns_inside_the_environment(folder, synced, monkeypatch):
  monkeypatch.setattr(os, 'execv', lambda *_: pytest.fail('started again'))
  environment.prepare('cpu')
  monkeypatch.setattr(sys, 'prefix', str(folder))
  assert environment.enter('cpu') is None
  assert len(synced) == 1


def test_an_old_python_gets_one_line(folder, monkeypatch):
  monkeypatch.setattr(sys, 'version_info', (3, 10, 4))
  with pytest.raises(SystemExit, match=r'is too old.*3\.11 or newer'):
    environment.prepare('cpu')
  assert not folder.exists()


@pytest.fixture
def machine(tmp_path, monkeypatch):
  """A machine without uv: tests choose what works, and read the calls."""
  works, calls = set(), []

  def succeeds(command):
    return any(word in works for word in command)

  monkeypatch.setattr(environment, 'ROOT', tmp_path)
  monkeypatch.setattr(environment, 'succeeds', succeeds)
  monkeypatch.setattr(environment, 'call', calls.append)
  monkeypatch.setattr(environment.shutil, 'which', lambda _: None)
  return works, calls


def test_uv_goes_into_an_environment_of_its_own(machine, tmp_path):
  works, calls = machine
  works.add('venv')
  python = str(environment.python_of(tmp_path / '.cache' / 'uv'))
  assert environment.install_uv() == [python, '-m', 'uv']
  assert calls[0][:4] == [python, '-m', 'pip', 'install']


def test_uv_that_is_there_is_taken(machine):
  works, calls = machine
  works.add('uv')
  environment.install_uv()
  assert calls == []


def test_uv_comes_by_pip_without_venv(machine, tmp_path):
  works, calls = machine
  works.add('pip')
  folder = tmp_path / '.cache' / 'uv'
  assert environment.install_uv() == [str(folder / 'bin' / 'uv')]
  assert calls[0][:4] == [sys.executable, '-m', 'pip', 'install']
  assert str(folder) in calls[0]


def test_without_venv_and_pip_a_uv_on_the_path_serves(machine, monkeypatch):
  monkeypatch.setattr(environment.shutil, 'which', lambda _: '/some/uv')
  assert environment.install_uv() == ['/some/uv']


def test_without_any_of_them_one_line_says_what_to_install(machine):
  with pytest.raises(SystemExit, match=r'neither venv nor pip.*python3-venv'):
    environment.install_uv()


def test_a_damaged_stamp_counts_as_none(folder, synced):
  environment.prepare('cpu')
  environment.stamp_file(folder).write_text('[')
  assert not environment.stamp_holds(folder, ('cpu',))


def test_a_failing_command_gives_its_exit_code(capfd):
  with pytest.raises(SystemExit) as caught:
    environment.call([sys.executable, '-c', 'raise SystemExit(7)'])
  assert caught.value.code == 7
  assert 'exit code 7' in capfd.readouterr().err


def test_a_missing_command_does_not_succeed():
  assert not environment.succeeds(['no-such-command-anywhere'])
  assert environment.succeeds([sys.executable, '-c', ''])


def test_the_command_needs_nothing_but_the_standard_library(folder, synced):
  environment.prepare('cpu')  # so that there is nothing left to install
  done = subprocess.run(
    [sys.executable, '-S', ROOT / 'launch' / 'environment.py', 'cpu'],
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  assert done.stderr == ''
