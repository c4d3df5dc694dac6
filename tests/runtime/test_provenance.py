"""The provenance of results: commit and hardware."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from zeroshot.runtime import provenance


@pytest.fixture
def clone(tmp_path, monkeypatch):
  """A clone with one commit."""
  if shutil.which('git') is None:
    pytest.skip('there is no git')
  monkeypatch.setattr(provenance, 'ROOT', tmp_path)
  name = ['-c', 'user.name=a', '-c', 'user.email=a@b.c']
  for words in (['init', '-q'], [*name, 'commit', '-q', '--allow-empty']):
    message = ['-m', 'first'] if 'commit' in words else []
    subprocess.run(['git', *words, *message], cwd=tmp_path, check=True)
  return tmp_path


def test_the_commit_and_whether_files_differ(clone):
  commit = provenance.commit()
  assert len(commit['commit']) == 40
  assert commit['dirty'] is False
  assert provenance.label(commit) == commit['commit'][:12]
  (clone / 'new').write_text('x')
  commit = provenance.commit()
  assert commit['dirty'] is True
  assert provenance.label(commit).endswith(' with uncommitted changes')


def test_no_clone_is_unknown(tmp_path, monkeypatch):
  monkeypatch.setattr(provenance, 'ROOT', tmp_path)
  monkeypatch.setenv('GIT_CEILING_DIRECTORIES', str(tmp_path.parent))
  commit = provenance.commit()
  assert commit == {'commit': None, 'dirty': None}
  assert provenance.label(commit) == 'unknown'


def test_no_git_is_unknown(monkeypatch):
  monkeypatch.setenv('PATH', '')
  assert provenance.commit() == {'commit': None, 'dirty': None}


def test_the_hardware(monkeypatch):
  monkeypatch.setenv('XLA_FLAGS', '--xla_some_flag')
  hardware = provenance.hardware()
  assert hardware['processor']
  assert hardware['cores'] >= 1
  assert re.match(r'\d+\.\d+\.\d+', hardware['jax'])
  assert hardware['environment']['XLA_FLAGS'] == '--xla_some_flag'
