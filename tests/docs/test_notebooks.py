"""The notebooks run from top to bottom, and are stored without outputs."""

from __future__ import annotations

import os
import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests import xla_flags
from tests.codebase import ROOT

FOLDER = ROOT / 'docs/notebooks'
NOTEBOOKS = sorted(file.stem for file in FOLDER.glob('*.ipynb'))
# What keeps a test short, and a text that the outputs then hold.
CHANGES = {'train_restore_evaluate': ('STEPS = 100 ', 'STEPS = 10 ')}
OUTPUTS = {
  'inspect_a_pair': "'different'",
  'make_pairs': 'outside of the masks: 0.',
  'train_restore_evaluate': r'official +AP \d\.\d+',
}


def read(name):
  return nbformat.read(FOLDER / f'{name}.ipynb', as_version=4)


def test_there_are_three():
  assert set(NOTEBOOKS) == set(OUTPUTS)


@pytest.mark.parametrize('name', NOTEBOOKS)
def test_a_notebook_is_valid_and_has_no_outputs(name):
  notebook = read(name)
  nbformat.validate(notebook)
  for cell in notebook.cells:
    assert not cell.get('outputs')
    assert cell.get('execution_count') is None


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore::DeprecationWarning')
@pytest.mark.parametrize('name', NOTEBOOKS)
def test_a_notebook_runs(name, monkeypatch):
  monkeypatch.setenv('XLA_FLAGS', xla_flags.of(devices=1, rounded=True))
  path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
  monkeypatch.setenv('PYTHONPATH', path.rstrip(os.pathsep))
  notebook = read(name)
  if name in CHANGES:
    before, after = CHANGES[name]
    (changed,) = [cell for cell in notebook.cells if before in cell.source]
    changed.source = changed.source.replace(before, after)
  client = NotebookClient(
    notebook, timeout=500, resources={'metadata': {'path': str(FOLDER)}}
  )
  client.execute()
  outputs = [out for cell in notebook.cells for out in cell.get('outputs', ())]
  texts = ''.join(
    out.get('text', '') + out.get('data', {}).get('text/plain', '')
    for out in outputs
  )
  assert re.search(OUTPUTS[name], texts), texts
  assert any('image/png' in out.get('data', {}) for out in outputs)
