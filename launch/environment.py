"""Sets up the locked environment from a bare Python, once.

Standard library only, so that it runs before anything is installed:

  from launch import environment
  environment.enter('cpu', 'test')  # returns inside the environment

A small virtual environment in ``.cache/uv`` holds uv alone; uv then makes the
project's own one, ``.venv`` (or the folder that ``UV_PROJECT_ENVIRONMENT``
names), from ``uv.lock``. A stamp in it says what it holds, so that the second
call costs nothing. As a command it prepares without entering:

  python3 launch/environment.py cpu dev
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
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
MIN_PYTHON = (3, 11)
UV = 'uv>=0.9,<1'
PIP_INSTALL = ('pip', 'install', '--quiet', '--disable-pip-version-check')


def enter(*extras: str) -> None:
  """Restarts the running program inside the environment, made if need be.

  Args:
    *extras: the extras of pyproject.toml that the program needs; others that
      the environment holds already, an accelerator's say, stay.

  Raises:
    SystemExit: with one line, where Python is too old or a step failed.
  """
  folder = environment_folder()
  inside = Path(sys.prefix).resolve() == folder.resolve()
  if inside and stamp_holds(folder, extras):
    return
  held = read_stamp(folder).get('extras', ())
  python = prepare(*sorted({*extras, *held}))
  sys.stdout.flush()
  os.execv(str(python), [str(python), *sys.argv])


def prepare(*extras: str) -> Path:
  """Makes or updates the environment and returns its interpreter.

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
  python = python_of(folder)
  if not stamp_holds(folder, extras):
    start = time.monotonic()
    sync(install_uv(), folder, extras)
    stamp = {'lock': lock_hash(), 'python': version(), 'extras': extras}
    stamp_file(folder).write_text(json.dumps(stamp), encoding='utf-8')
    say(f'environment ready in {time.monotonic() - start:.0f} s: {folder}')
  return python


def install_uv() -> list[str]:
  """Puts uv into a virtual environment of its own; returns how to call it.

  Where Python came without ``ensurepip``, as Debian's does, its pip serves, and
  where there is none either, a uv that is already on the machine.
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
  found = shutil.which('uv')
  if not found:
    sys.exit(
      f'{sys.executable} has neither venv nor pip: install them '
      '(on Debian: apt install python3-venv) and run this again.'
    )
  return [found]


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
  """Where the environment stands, by uv's own rule."""
  return ROOT / os.environ.get('UV_PROJECT_ENVIRONMENT', '.venv')


def python_of(folder: Path) -> Path:
  """The interpreter of a virtual environment."""
  windows = os.name == 'nt'
  return folder / ('Scripts/python.exe' if windows else 'bin/python')


def stamp_file(folder: Path) -> Path:
  """The file that says what was installed."""
  return folder / 'zeroshot-stamp.json'


def stamp_holds(folder: Path, extras: tuple[str, ...]) -> bool:
  """Whether the environment holds this lock, this Python and these extras."""
  stamp = read_stamp(folder)
  return (
    python_of(folder).exists()
    and stamp.get('lock') == lock_hash()
    and stamp.get('python') == version()
    and set(extras) <= set(stamp['extras'])
  )


def read_stamp(folder: Path) -> dict[str, Any]:
  """What the environment holds; empty where there is none."""
  try:
    stamp = json.loads(stamp_file(folder).read_text(encoding='utf-8'))
  except (OSError, ValueError):
    return {}
  return stamp if isinstance(stamp, dict) else {}


def lock_hash() -> str:
  """Hash of the two files that decide what is installed."""
  files = (ROOT / 'uv.lock', ROOT / 'pyproject.toml')
  return hashlib.sha256(b''.join(f.read_bytes() for f in files)).hexdigest()


def version() -> str:
  """Minor version of the running Python: ``'3.11'``."""
  return f'{sys.version_info[0]}.{sys.version_info[1]}'


def succeeds(command: list[str]) -> bool:
  """Whether a command exists and ends well; its output is dropped."""
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


if __name__ == '__main__':
  prepare(*sys.argv[1:])
