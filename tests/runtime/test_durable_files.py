"""Files that survive a crash of the machine."""

from __future__ import annotations

import os

import pytest

from zeroshot.runtime import durable_files


@pytest.fixture
def synced(monkeypatch):
  """Paths of what was written to the disk, in this order."""
  paths = []
  fsync = os.fsync

  def note(descriptor):
    paths.append(os.readlink(f'/proc/self/fd/{descriptor}'))
    fsync(descriptor)

  monkeypatch.setattr(os, 'fsync', note)
  return paths


def test_content_is_on_the_disk_before_the_name(tmp_path, synced):
  durable_files.write(tmp_path / 'a', b'1')
  assert synced == [str(tmp_path / 'a.partial'), str(tmp_path)]
  assert (tmp_path / 'a').read_bytes() == b'1'
  assert os.listdir(tmp_path) == ['a']


def test_a_write_that_fails_leaves_the_older_file(tmp_path, monkeypatch):
  durable_files.write(tmp_path / 'a', b'1')

  def full(descriptor):
    raise OSError(28, 'No space left on device')

  monkeypatch.setattr(os, 'fsync', full)
  with pytest.raises(OSError, match='No space'):
    durable_files.write(tmp_path / 'a', b'2')
  assert (tmp_path / 'a').read_bytes() == b'1'
  assert os.listdir(tmp_path) == ['a']


@pytest.mark.parametrize('torn', [b'', b'b', b'b' * 10_000])
def test_a_torn_line_is_removed(tmp_path, torn, synced):
  file = tmp_path / 'lot.csv'
  file.write_bytes(b'head\na\n' + torn)
  durable_files.append_line(file, 'c')
  assert file.read_bytes() == b'head\na\nc\n'
  assert synced == [str(file)]


def test_the_first_line_makes_the_file(tmp_path, synced):
  file = tmp_path / 'lot.csv'
  durable_files.append_line(file, 'ä\udcff')
  assert file.read_bytes() == 'ä'.encode() + b'\\udcff\n'
  assert synced == [str(file), str(tmp_path)]
  file.write_bytes(b'torn')
  durable_files.append_line(file, 'a')
  assert file.read_bytes() == b'a\n'


def test_a_move_replaces_and_is_on_the_disk(tmp_path, synced):
  (tmp_path / 'done').mkdir()
  for text in ('1', '2'):
    (tmp_path / 'a').write_text(text)
    durable_files.move(tmp_path / 'a', tmp_path / 'done/a')
  assert (tmp_path / 'done/a').read_text() == '2'
  assert synced == [str(tmp_path / 'done'), str(tmp_path)] * 2
