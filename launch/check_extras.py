"""Installs each extra with plain pip in an empty environment of each Python.

  python3 launch/check_extras.py [--python=PYTHON]... [--extras=test,heic]
      [--dry_run=cuda12,cuda13,tpu] [--newest_pip] [--project=DIR]

An environment is deleted when its size is known. Extras of ``--dry_run`` are
resolved and not installed. Prints pip's last line of each, and a table at the
end; 'none' is the package without an extra. Files go through pip's own cache;
bytecode is not compiled, which halves the time.

Exit statuses: 0 all can be installed, 1 some cannot.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
NONE = 'none'
ACCELERATORS = ('cuda12', 'cuda13', 'tpu')  # gigabytes


class Outcome(NamedTuple):
  """What pip made of one extra on one Python."""

  extra: str
  version: str  # of Python
  result: str  # 'resolved', 'failed', or the size of the environment
  seconds: float
  last_line: str  # of pip's output


def main() -> None:
  """Tries every extra on every Python."""
  options = parse_arguments(sys.argv[1:])
  outcomes = []
  for extra in options.extras:
    for python in options.python or [sys.executable]:
      outcomes.append(install(extra, python, options))
      _, version, result, seconds, line = outcomes[-1]
      print(f'{extra}, Python {version}: {result}, {seconds:.0f} s', flush=True)
      print(f'  {line}', flush=True)
  print(f'\n{to_markdown(outcomes)}')
  sys.exit(any(outcome.result == 'failed' for outcome in outcomes))


def parse_arguments(words: list[str]) -> argparse.Namespace:
  """Parses the command line; a wrong one ends the program."""
  parser = argparse.ArgumentParser(description=(__doc__ or '').split('\n')[0])
  add = parser.add_argument
  add('--python', action='append', help='to try; repeatable (default: this)')
  add('--extras', type=lambda text: text.split(','), help='default: all')
  add('--dry_run', type=lambda text: text.split(','), default=ACCELERATORS)
  add('--newest_pip', action='store_true', help="instead of Python's own")
  add('--project', type=Path, default=ROOT, help='folder of pyproject.toml')
  options = parser.parse_args(words)
  try:
    text = (options.project / 'pyproject.toml').read_text(encoding='utf-8')
  except OSError as error:
    parser.error(f'--project: {error}')
  project = tomllib.loads(text)['project']
  known = [NONE, *project.get('optional-dependencies', {})]
  options.extras = options.extras or known
  unknown = [extra for extra in options.extras if extra not in known]
  if unknown:
    parser.error(f'--extras: {unknown[0]} is none of {", ".join(known)}')
  return options


def install(extra: str, python: str, options: argparse.Namespace) -> Outcome:
  """Installs an extra into an environment that is deleted afterwards."""
  dry = extra in options.dry_run
  with tempfile.TemporaryDirectory(prefix='extras-') as folder:
    upgrade = ['--upgrade-deps'] if options.newest_pip else []
    subprocess.run([python, '-m', 'venv', *upgrade, folder], check=True)
    inside = f'{folder}/bin/python'
    what = '.' if extra == NONE else f'.[{extra}]'
    flag = '--dry-run' if dry else '--no-compile'
    start = time.monotonic()
    done = subprocess.run(
      [inside, '-m', 'pip', 'install', '--progress-bar=off', flag, what],
      cwd=options.project,
      stdout=subprocess.PIPE,
      stderr=subprocess.STDOUT,
      text=True,
    )
    seconds = time.monotonic() - start
    size = sum(f.lstat().st_size for f in Path(folder).rglob('*')) / 1e6
    show = 'import sys; print(sys.version.split()[0])'
    version = subprocess.check_output([inside, '-c', show], text=True).strip()
  result = 'resolved' if dry else f'{size:,.0f} MB'
  lines = [line for line in done.stdout.splitlines() if '[notice]' not in line]
  result = 'failed' if done.returncode else result
  return Outcome(extra, version, result, seconds, lines[-1].strip())


def to_markdown(outcomes: list[Outcome]) -> str:
  """A table: a row for each extra, a column for each Python."""
  versions = list(dict.fromkeys(outcome.version for outcome in outcomes))
  cells = {(each.extra, each.version): each.result for each in outcomes}
  lines = [f'| extra | {" | ".join(versions)} |', '| --- ' * len(versions)]
  lines[1] += '| --- |'
  for extra in dict.fromkeys(outcome.extra for outcome in outcomes):
    row = (cells.get((extra, version), '') for version in versions)
    lines.append(f'| `{extra}` | {" | ".join(row)} |')
  return '\n'.join(lines)


if __name__ == '__main__':
  main()
