"""What the README and its two first pages tell to type is run here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import xla_flags
from zeroshot.commands import main
from zeroshot.data import pictures
from zeroshot.runtime import environment

ROOT = Path(__file__).resolve().parents[1]
PAGES = ('README.md', 'docs/getting-started.md', 'docs/training.md')
TEXT = '\n'.join((ROOT / page).read_text() for page in PAGES)

# Each command of a bash block, and the test below that runs it.
RUN_BY = {
  'pip install . && zeroshot demo': 'test_install_and_demo',
  'python3 tests/run.py': 'test_run',
  'python3 launch/quickstart.py': 'test_quickstart',
}
MAX_README_LINES = 120
PACKAGED = ('zeroshot', 'pyproject.toml', 'README.md', 'LICENSE')


def bash_lines(text):
  blocks = re.findall(r'^```bash\n(.*?)^```', text, re.MULTILINE | re.DOTALL)
  return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture
def variables():
  """Of a command that finds its environment ready: the one we run in."""
  if not environment.stamp_holds(Path(sys.prefix), ('cpu', 'test')):
    pytest.skip('these tests do not run in what launch/environment.py made')
  return {
    **os.environ,
    'UV_PROJECT_ENVIRONMENT': sys.prefix,
    'XLA_FLAGS': xla_flags.of(devices=1, rounded=True),
  }


def run(command, variables, *arguments):
  words = [sys.executable, *command.split()[1:], *map(str, arguments)]
  return subprocess.run(
    words, cwd=ROOT, env=variables, capture_output=True, text=True
  )


def test_the_readme_is_two_screens():
  assert len((ROOT / 'README.md').read_text().splitlines()) <= MAX_README_LINES


def test_every_bash_line_is_run_here():
  assert set(bash_lines(TEXT)) == set(RUN_BY)
  assert all(name in globals() for name in RUN_BY.values())


def test_every_file_that_they_name_is_there():
  named = set(re.findall(r'`((?:configs|launch|tests)/[\w./]+)`', TEXT))
  assert named
  assert all((ROOT / name).exists() for name in named)


def test_every_module_that_they_name_is_there():
  named = set(re.findall(r'python -m ([\w.]+)', TEXT))
  assert len(named) >= 5
  for name in named:
    assert (ROOT / f'{name.replace(".", "/")}.py').is_file(), name


def test_every_line_for_zeroshot_is_one_that_it_takes():
  lines = re.findall(r'^zeroshot .*', TEXT, re.MULTILINE)
  assert len(lines) >= 7
  parser, _ = main.build_parser()
  for line in lines:
    parser.parse_args(shlex.split(line, comments=True)[1:])  # exits if not


@pytest.mark.slow
def test_install_and_demo(tmp_path):
  clone = tmp_path / 'clone'
  clone.mkdir()
  for name in PACKAGED:
    copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
    copy(ROOT / name, clone / name)
  subprocess.run([sys.executable, '-m', 'venv', tmp_path / 'venv'], check=True)
  done = subprocess.run(
    'pip install . && zeroshot demo',
    shell=True,
    cwd=clone,
    env={
      'HOME': os.environ.get('HOME', str(tmp_path)),
      'JAX_COMPILATION_CACHE_DIR': os.environ['JAX_COMPILATION_CACHE_DIR'],
      'PATH': f'{tmp_path / "venv" / "bin"}{os.pathsep}{os.environ["PATH"]}',
      'PIP_NO_COMPILE': '1',  # what is imported is compiled then
    },
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
  assert 'connector: different, 5 differences' in done.stdout
  overlay = re.search(r'^the differences: (.+)$', done.stdout, re.MULTILINE)
  assert pictures.read_picture(clone / overlay[1]).any()


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_quickstart(variables, tmp_path):
  # Few steps, but more than those of the warm-up.
  words = ('--steps=22', f'--out={tmp_path}')
  done = run('python3 launch/quickstart.py', variables, *words)
  assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
  folder = tmp_path / 'evaluation-generated'
  metrics = json.loads((folder / 'metrics.json').read_text())
  assert metrics['official']['num_images'] == 12
  assert f'pictures: {folder / "pictures"}' in done.stdout
  assert list((folder / 'pictures').glob('*.png'))
  for protocol in ('official', 'shrunk', 'as-published', 'coco'):
    assert re.search(rf'^{protocol} +[\d-]', done.stdout, re.MULTILINE)


def test_run(variables):
  done = run(
    'python3 tests/run.py', variables, '--collect-only', '-q', __file__
  )
  assert done.returncode == 0, done.stderr
  assert 'test_run' in done.stdout
