"""The page of the line: its commands run in their order, on drawn parts."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import socket
import subprocess
import sys

import pytest

from tests import own_parts, xla_flags
from tests.codebase import ROOT
from zeroshot.commands import main
from zeroshot.line import outcomes

PAGE = (ROOT / 'docs/line.md').read_text()
PORT = '8000'


def blocks():
  """The page's blocks for a shell."""
  return re.findall(r'^```bash\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_of_the_page_is_one_that_is_taken():
  lines = re.findall(r'^zeroshot .*', PAGE, re.MULTILINE)
  assert len(lines) >= 4
  parser, _ = main.build_parser()
  for line in lines:
    words = shlex.split(line.partition(' &')[0])
    parser.parse_args(words[1:])


def test_every_flag_of_the_page_is_one_of_a_command():
  parser, commands = main.build_parser()
  del parser
  names = ('inspect', 'serve', 'watch')
  known = ' '.join(commands[name].format_help() for name in names)
  for flag in re.findall(r'`(--\w+)', PAGE):
    assert flag in known, flag


def test_the_columns_of_the_page_are_those_of_the_lot():
  text = PAGE[PAGE.index('`results.csv` has') :].partition('The page')[0]
  named = re.findall(r'`(\w+)`', text)
  assert tuple(named) == outcomes.COLUMNS


@pytest.mark.slow
def test_the_commands_of_the_page_run_in_their_order(tmp_path):
  own_parts.take(tmp_path)
  script = tmp_path / 'bin/zeroshot'
  script.parent.mkdir()
  script.write_text(
    f'#!/bin/sh\nexec {sys.executable} -m zeroshot.commands.main "$@"\n'
  )
  script.chmod(0o755)
  with socket.create_server(('127.0.0.1', 0)) as free:
    port = str(free.getsockname()[1])
  environment = {
    **os.environ,
    'XLA_FLAGS': xla_flags.of(devices=1),
    'PATH': f'{script.parent}:{os.environ["PATH"]}',
    'PYTHONPATH': str(ROOT),
  }
  for block in blocks():
    block = block.replace('serve part', f'serve --port={port} part')
    done = subprocess.run(
      ['bash', '-ec', block.replace(f':{PORT}/', f':{port}/')],
      cwd=tmp_path,
      env=environment,
      capture_output=True,
      text=True,
      timeout=500,
    )
    assert done.returncode == 0, f'{block}\n{done.stdout}{done.stderr}'
  assert json.loads((tmp_path / 'good.json').read_text())['verdict'] == 'same'
  bad = json.loads((tmp_path / 'bad.json').read_text())
  assert bad['verdict'] == 'different'
  with (tmp_path / 'results' / outcomes.LOT).open(newline='') as file:
    verdicts = {row['name']: row['verdict'] for row in csv.DictReader(file)}
  assert len(verdicts) == 10
  assert all(verdicts[str(number)] == 'different' for number in range(16, 21))
