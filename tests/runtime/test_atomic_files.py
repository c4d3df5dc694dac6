"""A file is written completely, or the old one stays."""

from __future__ import annotations

import pytest

from zeroshot.runtime import atomic_files


def test_what_is_written_takes_the_place(tmp_path):
  path = tmp_path / 'a.json'
  path.write_text('old')
  with atomic_files.atomic_write(path) as partial:
    partial.write_text('new')
    assert path.read_text() == 'old'
  assert path.read_text() == 'new'
  assert list(tmp_path.iterdir()) == [path]


def write_a_half(path):
  with atomic_files.atomic_write(path) as partial:
    partial.write_text('ne')
    raise OSError('full')


def test_a_failure_leaves_what_was_there(tmp_path):
  path = tmp_path / 'a.json'
  path.write_text('old')
  with pytest.raises(OSError, match='full'):
    write_a_half(path)
  assert path.read_text() == 'old'
  assert list(tmp_path.iterdir()) == [path]


def test_bytes_make_their_folder(tmp_path):
  atomic_files.write_bytes(tmp_path / 'a' / 'b.bin', b'new')
  assert [f.read_bytes() for f in (tmp_path / 'a').iterdir()] == [b'new']
