"""The page for one's own parts: every command of it, in its order."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from configs import transfer
from tests import own_parts, xla_flags
from zeroshot.commands import main
from zeroshot.data import manifest
from zeroshot.weights import files

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / 'docs' / 'own-parts.md').read_text()


def commands(kind):
  """The commands in the page's blocks of a kind, continued lines joined."""
  blocks = re.findall(
    r'^ *```(\w*)\n(.*?)^ *```', PAGE, re.MULTILINE | re.DOTALL
  )
  text = ''.join(text for of, text in blocks if of == kind).replace('\\\n', ' ')
  return [line.strip() for line in text.splitlines() if line.strip()]


def subcommand(command):
  """The subcommand of ``zeroshot``, if it is one."""
  match = re.match(r'zeroshot (\w+)', command)
  return match and match[1]


def test_every_module_and_field_that_the_page_names_is_there():
  named = set(
    re.findall(r'(?:python -m|`)\s*((?:launch|data_tools)\.\w+)', PAGE)
  )
  assert len(named) >= 7
  for name in named:
    assert (ROOT / f'{name.replace(".", "/")}.py').is_file(), name
  config = transfer.get_config()
  fields = set(re.findall(r'--config\.([\w.]+)', PAGE))
  fields |= set(re.findall(r'`((?:detect|eval|calibrate)\.[\w.]+)`', PAGE))
  assert len(fields) >= 10
  for field in fields:
    value = config
    for name in field.split('.'):
      value = value[name]


def test_the_table_of_the_page_is_a_manifest(tmp_path):
  table = re.search(r'^```\n(reference,test,name.*?)^```', PAGE, re.M | re.S)[1]
  (tmp_path / 'page.csv').write_text(table)
  for row in csv.DictReader(table.splitlines()):
    for name in (row['reference'], row['test']):
      (tmp_path / name).parent.mkdir(exist_ok=True)
      (tmp_path / name).touch()
  good, bad = manifest.read_manifest(tmp_path / 'page.csv')
  assert good.truth.kind == ()
  assert bad.truth.kind == ('scratch', 'dent')


@pytest.fixture(scope='module')
def clone(tmp_path_factory):
  """A reader's clone, as far as the page's commands see it, with pictures."""
  folder = tmp_path_factory.mktemp('clone')
  own_parts.take(folder)
  (folder / 'configs').symlink_to(ROOT / 'configs')
  for name, words in (
    ('python', ''),
    ('zeroshot', '-m zeroshot.commands.main'),
  ):
    script = folder / 'bin' / name
    script.parent.mkdir(exist_ok=True)
    script.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
    script.chmod(0o755)
  return folder


def run(clone, command):
  environment = {
    **os.environ,
    'XLA_FLAGS': xla_flags.of(devices=1),  # as on a reader's machine
    'PATH': f'{clone / "bin"}:{os.environ["PATH"]}',
    'PYTHONPATH': str(ROOT),
  }
  return subprocess.run(
    ['bash', '-c', command],
    cwd=clone,
    env=environment,
    capture_output=True,
    text=True,
  )


@pytest.mark.slow
def test_every_command_of_the_page_runs_in_its_order(clone):
  for command in commands('bash'):
    name = subcommand(command)
    if name and name not in main.SUBCOMMANDS:
      continue
    done = run(clone, command)
    # Boxes on good parts are no failure of the command.
    legal = (0, 1) if name == 'inspect' else (0,)
    assert done.returncode in legal, f'{command}\n{done.stdout}{done.stderr}'
  parts = clone / 'parts'
  assert len((parts / 'good.csv').read_text().splitlines()) == 11
  mine = files.load(parts / 'mine.safetensors').calibration
  shipped = files.load('photographs').calibration
  assert mine['threshold'] >= shipped['threshold']
  assert mine['defect_free_pairs'] == 10
  figures = json.loads((parts / 'evaluation' / 'metrics.json').read_text())
  at_threshold = figures['official']['at_threshold']
  assert at_threshold['threshold'] == mine['threshold']
  assert at_threshold['recall'] >= 0.8
  assert at_threshold['precision'] >= 0.8


def test_the_commands_that_are_not_run_have_flags_that_there_are():
  plain = [line for line in commands('') if line.startswith('python')]
  assert len(plain) >= 5
  shared = (ROOT / 'zeroshot/experiments/loading.py').read_text()
  for command in plain:
    _, _, module, *words = shlex.split(command)
    source = (ROOT / f'{module.replace(".", "/")}.py').read_text()
    for word in words:
      flag = re.fullmatch(r'--(\w+)(\.[\w.]+)?=.+', word)[1]
      assert flag == 'config' or f"'{flag}'" in source + shared, command
