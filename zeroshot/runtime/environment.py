"""Creates the locked environment of a clone from a bare Python, once.

Uses the standard library alone, so that it runs before anything is installed:

  from zeroshot.runtime import environment

  environment.enter('cpu', 'test')  # returns inside the environment

A small virtual environment in ``.cache/uv`` holds uv; uv then creates the
project's own one, ``.venv`` (or the folder that ``UV_PROJECT_ENVIRONMENT``
names), from ``uv.lock``. A stamp in it records what is installed, so that the
second call costs nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TypedDict, cast

ROOT = Path(__file__).resolve().parents[2]
MIN_PYTHON = (3, 11)
PYTHON = f'{sys.version_info[0]}.{sys.version_info[1]}'  # that runs
UV = 'uv>=0.9,<1'
PIP_INSTALL = ('pip', 'install', '--quiet', '--disable-pip-version-check')


class Stamp(TypedDict, total=False):
  """What is installed: hash of the lock, version of Python, and extras."""

  lock: str
  python: str
  extras: list[str]


def enter(*extras: str) -> None:
  """Restarts the running program inside the environment, made if need be.

  Args:
    *extras: the extras of pyproject.toml that the program needs; others that
      are installed already, an accelerator's say, stay.

  Raises:
    SystemExit: with one line, where Python is too old or a step failed.
  """
  folder = environment_folder()
  inside = Path(sys.prefix).resolve() == folder.resolve()
  if inside and stamp_holds(folder, extras):
    return
  installed = read_stamp(folder).get('extras', ())
  python = str(prepare(*sorted({*extras, *installed})))
  sys.stdout.flush()
  os.execv(python, [python, *sys.argv])


def prepare(*extras: str) -> Path:
  """Creates or updates the environment and returns its interpreter.

  Args:
    *extras: the extras of pyproject.toml to install.

  Returns:
    Path of the environment's Python.

  Raises:
    SystemExit: with one line, where Python is too old or a step failed.
  """
  if sys.version_info < MIN_PYTHON:
    sys.exit(
      f'Python {sys.version.split()[0]} is too old: run this with Python '
      f'{MIN_PYTHON[0]}.{MIN_PYTHON[1]} or newer.'
    )
  folder = environment_folder()
  if not stamp_holds(folder, extras):
    start = time.monotonic()
    sync(install_uv(), folder, extras)
    stamp = {'lock': lock_hash(), 'python': PYTHON, 'extras': extras}
    stamp_file(folder).write_text(json.dumps(stamp), encoding='utf-8')
    say(f'environment ready in {time.monotonic() - start:.0f} s: {folder}')
  return python_of(folder)


def install_uv() -> list[str]:
  """Installs uv into a virtual environment; returns the command that calls it.

  Where Python has no ``ensurepip``, as Debian's, pip installs it; where there
  is no pip either, a uv on the PATH is used.
  """
  folder = ROOT / '.cache' / 'uv'
  python = python_of(folder)
  command = [str(python), '-m', 'uv']
  if succeeds([*command, '--version']):
    return command
  say('installing uv ...')
  if succeeds([sys.executable, '-m', 'venv', '--clear', str(folder)]):
    call([str(python), '-m', *PIP_INSTALL, UV])
    return command
  if succeeds([sys.executable, '-m', 'pip', '--version']):
    options = ['--upgrade', '--target', str(folder)]
    call([sys.executable, '-m', *PIP_INSTALL, *options, UV])
    return [str(folder / 'bin' / 'uv')]
  on_path = shutil.which('uv')
  if not on_path:
    sys.exit(
      f'{sys.executable} has neither venv nor pip: install them '
      '(on Debian: apt install python3-venv) and run this again.'
    )
  return [on_path]


def sync(uv: list[str], folder: Path, extras: tuple[str, ...]) -> None:
  """Installs the locked versions into ``folder``."""
  say(f'installing the locked packages, about 1.5 GB, into {folder} ...')
  command = [*uv, 'sync', '--locked', '--quiet', '--python', sys.executable]
  command += ['--project', str(ROOT)]
  command += [word for extra in extras for word in ('--extra', extra)]
  variables = {**os.environ, 'UV_PROJECT_ENVIRONMENT': str(folder)}
  variables.pop('VIRTUAL_ENV', None)
  call(command, variables)


def environment_folder() -> Path:
  """Folder of the environment, by uv's own rule."""
  return ROOT / os.environ.get('UV_PROJECT_ENVIRONMENT', '.venv')


def python_of(folder: Path) -> Path:
  """The interpreter of a virtual environment."""
  windows = os.name == 'nt'
  return folder / ('Scripts/python.exe' if windows else 'bin/python')


def stamp_file(folder: Path) -> Path:
  """The file that records what is installed."""
  return folder / 'zeroshot-stamp.json'


def stamp_holds(folder: Path, extras: tuple[str, ...]) -> bool:
  """Whether the environment has this lock, this Python and these extras."""
  stamp = read_stamp(folder)
  return (
    python_of(folder).exists()
    and stamp.get('lock') == lock_hash()
    and stamp.get('python') == PYTHON
    and set(extras) <= set(stamp.get('extras', ()))
  )


def read_stamp(folder: Path) -> Stamp:
  """What is installed; empty where there is no environment."""
  try:
    stamp: object = json.loads(stamp_file(folder).read_text('utf-8'))
  except (OSError, ValueError):
    return {}
  return cast('Stamp', stamp) if isinstance(stamp, dict) else {}


def lock_hash() -> str:
  """Hash of the two files that decide what is installed."""
  files = (ROOT / 'uv.lock', ROOT / 'pyproject.toml')
  return hashlib.sha256(b''.join(f.read_bytes() for f in files)).hexdigest()


def succeeds(command: list[str]) -> bool:
  """Whether a command exists and ends with status 0; drops its output."""
  try:
    return not subprocess.run(command, capture_output=True).returncode
  except OSError:
    return False


def call(command: list[str], variables: dict[str, str] | None = None) -> None:
  """Runs a command and stops the program where it fails."""
  code = subprocess.run(command, env=variables).returncode
  if code:
    say(f'failed with exit code {code}: {" ".join(command)}')
    sys.exit(code)


def say(text: str) -> None:
  """Prints a line to standard error at once."""
  print(text, file=sys.stderr, flush=True)
