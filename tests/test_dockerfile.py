"""The Dockerfile, as far as it can be followed without Docker."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.codebase import ROOT
from zeroshot.commands import main

LINES = re.findall(
  r'^([A-Z]+) (.+)$', (ROOT / 'Dockerfile').read_text(), re.MULTILINE
)


def of(instruction):
  return [rest for name, rest in LINES if name == instruction]


def test_it_serves_as_a_user_of_its_own():
  (user,) = of('USER')
  assert any(f'useradd --create-home {user}' == line for line in of('RUN'))
  names = [name for name, _ in LINES]
  assert names.index('USER') < names.index('ENTRYPOINT')
  program, *words = json.loads(of('ENTRYPOINT')[0])
  assert program == 'zeroshot'
  parser, _ = main.build_parser()
  options = parser.parse_args([*words, '/recipes/part.recipe'])
  assert options.host == '0.0.0.0'
  assert [str(options.port)] == of('EXPOSE')


def test_the_context_is_the_wheel_alone():
  assert [line.split()[0] for line in of('COPY')] == ['dist/*.whl']
  assert (ROOT / '.dockerignore').read_text() == '*\n!dist/*.whl\n'


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_its_run_lines_work_in_a_clean_environment(tmp_path):
  wheel = pytest.importorskip('hatchling.builders.wheel')
  builder = wheel.WheelBuilder(str(ROOT))
  list(builder.build(directory=str(tmp_path), versions=['standard']))
  environment = tmp_path / 'venv'
  subprocess.run([sys.executable, '-m', 'venv', environment], check=True)
  variables = {
    'HOME': str(tmp_path),
    'PATH': f'{environment / "bin"}{os.pathsep}{os.environ["PATH"]}',
    'PIP_NO_COMPILE': '1',  # what is imported is compiled then
  }
  lines = [line for line in of('RUN') if not line.startswith('useradd')]
  assert len(lines) == 3
  for line in [*lines, 'zeroshot serve --help']:
    done = subprocess.run(
      # pip's cache spares the network what other tests have fetched.
      ['sh', '-c', line.replace('--no-cache-dir ', '')],
      cwd=tmp_path,
      env=variables,
      capture_output=True,
      text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
  assert list((tmp_path / '.cache/zeroshot/onnx').glob('*.onnx'))
  assert not list(tmp_path.glob('*.whl'))
