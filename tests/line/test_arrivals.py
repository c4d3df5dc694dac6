"""Which files of a folder are at rest, and in which order."""

from __future__ import annotations

import os
import time

from zeroshot.line import arrivals


def test_a_file_is_read_when_it_has_been_at_rest(tmp_path):
  seen = arrivals.Arrivals(tmp_path, settle_s=0.2, patience_s=0.5)
  file = tmp_path / 'a.png'
  file.write_bytes(b'a')
  assert list(seen.ready()) == []
  time.sleep(0.25)
  file.write_bytes(b'ab')
  assert list(seen.ready()) == []
  time.sleep(0.25)
  (first,) = seen.ready()
  assert (first.path, first.is_late) == (file, False)
  time.sleep(0.4)
  assert next(seen.ready()).is_late
  file.write_bytes(b'abc')
  assert not seen.is_unchanged(first)


def test_the_oldest_comes_first(tmp_path):
  for number, name in enumerate(('b', 'a', 'c')):
    path = tmp_path / f'{name}.png'
    path.touch()
    os.utime(path, (number, number))
  seen = arrivals.Arrivals(tmp_path, settle_s=0, patience_s=1)
  assert [each.path.stem for each in seen.ready()] == ['b', 'a', 'c']
