"""Fixtures of the commands: a run is trained once for all of them.

Also where pytest has several workers: the first that needs it makes it.
"""

from __future__ import annotations

import json
import os

import filelock
import pytest

from tests.launch.trained import Run


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
  """Of all workers."""
  own = tmp_path_factory.getbasetemp()
  return (
    own.parent if 'PYTEST_XDIST_WORKER' in os.environ else own
  ) / 'trained'


@pytest.fixture(scope='session')
def trained(folder):
  """A run of 30 steps, its weights file and a generated set."""
  with filelock.FileLock(f'{folder}.lock'):
    return Run(folder)


@pytest.fixture(scope='session')
def metrics(folder, trained):
  """``metrics.json`` of the run."""
  with filelock.FileLock(f'{folder}.lock'):
    file = folder / 'plain' / 'metrics.json'
    if file.exists():
      return json.loads(file.read_text())
    return trained.evaluate('plain', source=f'--workdir={trained.workdir}')
