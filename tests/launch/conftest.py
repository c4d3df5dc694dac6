"""Fixtures of the commands: a run is trained once for all of them."""

from __future__ import annotations

import pytest

from tests.launch.trained import Run


@pytest.fixture(scope='session')
def trained(tmp_path_factory):
  """A run of 30 steps, its weights file and a generated set."""
  return Run(tmp_path_factory.mktemp('trained'))


@pytest.fixture(scope='session')
def metrics(trained):
  """``metrics.json`` of the run."""
  return trained.evaluate('plain', source=f'--workdir={trained.workdir}')
