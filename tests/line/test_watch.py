"""The watched folder: whole pictures alone, each judged exactly once."""

from __future__ import annotations

import csv
import json
import logging
import os
import threading
import time

import cv2
import numpy as np
import pytest

from tests.line import parts, watched
from zeroshot.line import outcomes, watch
from zeroshot.runtime import durable_files, locks

LOG = logging.getLogger('test')
AT_ONCE = watch.Settings(settle_s=0, patience_s=0)


class Killed(BaseException):
  """Stands for the end of the process."""


@pytest.fixture
def folders(tmp_path):
  """The folder of the pictures, and that of the results."""
  (tmp_path / 'in').mkdir()
  return tmp_path / 'in', tmp_path / 'out'


def watch_of(folders, inspector=None, settings=AT_ONCE):
  return watch.Watch(inspector or parts.OnePart(), *folders, settings, LOG)


def look(line):
  """One round over the folder."""
  for arrival in line._arrivals.ready():
    line.take(arrival)


def lot(folders):
  """The rows of ``results.csv``."""
  with (folders[1] / outcomes.LOT).open(newline='') as file:
    return list(csv.DictReader(file))


def names(folder):
  return sorted(path.name for path in folder.iterdir() if path.is_file())


def verdict(folders, name):
  return json.loads((folders[1] / f'{name}.json').read_text())


def test_a_good_a_bad_and_another_part(folders):
  folder, out = folders
  (folder / 'a.png').write_bytes(parts.good())
  (folder / 'b.png').write_bytes(parts.bad())
  (folder / 'c.png').write_bytes(parts.other())
  (folder / 'note.txt').write_text('left alone')
  (folder / '.d.png').write_bytes(parts.good())
  look(watch_of(folders))
  assert names(folder) == ['.d.png', 'note.txt']
  assert names(folder / 'done') == ['a.png', 'b.png']
  assert names(folder / 'failed') == ['c.png']
  assert verdict(folders, 'a')['verdict'] == 'same'
  different = verdict(folders, 'b')
  assert different['verdict'] == 'different'
  assert different['recipe'] == 'cells'
  assert different['picture'] == str(folder / 'done/b.png')
  overlay = cv2.imread(str(out / different['overlay']))
  assert (overlay != cv2.imread(str(folder / 'done/b.png'))).any()
  assert verdict(folders, 'c')['reason'] == 'could not align'
  assert [
    (row['name'], row['verdict'], row['boxes']) for row in lot(folders)
  ] == [
    ('a', 'same', '0'),
    ('b', 'different', '1'),
    ('c', 'error', ''),
  ]
  confidence = float(lot(folders)[1]['max_confidence'])
  assert confidence == different['boxes'][0]['confidence']


def test_a_file_that_is_still_written_is_left(folders):
  settings = watch.Settings(settle_s=0, patience_s=0.3)
  line, data = watch_of(folders, settings=settings), parts.good()
  file = folders[0] / 'a.png'
  for share in (0, 0.3, 0.9):
    file.write_bytes(data[: int(len(data) * share)])
    look(line)
    assert names(folders[0]) == ['a.png']
    assert lot(folders) == []
  file.write_bytes(data)
  look(line)
  assert names(folders[0] / 'done') == ['a.png']
  file.write_bytes(data[:200])  # and this one is never finished
  look(line)
  assert names(folders[0]) == ['a.png']
  time.sleep(0.35)
  look(line)
  assert names(folders[0] / 'failed') != []
  assert 'cut short' in lot(folders)[-1]['error']
  assert [row['verdict'] for row in lot(folders)] == ['same', 'error']


def test_the_same_picture_is_never_judged_twice(folders):
  inspector = parts.Slow(0)
  for _ in range(2):
    (folders[0] / 'a.png').write_bytes(parts.good())
    look(watch_of(folders, inspector))
  assert inspector.asked == len(lot(folders)) == 1
  assert names(folders[0] / 'done') == ['a.png']


def test_another_picture_of_the_same_name_has_its_own_results(folders):
  inspector = parts.Slow(0)
  for data in (parts.good(), parts.bad(), parts.good(), parts.bad()):
    (folders[0] / 'a.png').write_bytes(data)
    look(watch_of(folders, inspector))
  assert inspector.asked == 2
  assert [row['verdict'] for row in lot(folders)] == ['same', 'different']
  results = [row['result'] for row in lot(folders)]
  assert len(set(results)) == 2
  assert len(names(folders[0] / 'done')) == 2
  for row in lot(folders):
    assert (
      json.loads((folders[1] / row['result']).read_text())['id'] == row['id']
    )
    assert os.path.exists(row['picture'])


def test_a_picture_that_is_replaced_while_it_is_judged_stays(folders):
  file = folders[0] / 'a.png'

  class Replaced(parts.OnePart):
    def inspect(self, test, *, threshold=None):
      if not done:
        done.append(1)
        file.write_bytes(parts.bad())
      return super().inspect(test, threshold=threshold)

  done = []
  file.write_bytes(parts.good())
  line = watch_of(folders, Replaced())
  look(line)
  assert file.exists()
  look(line)
  assert not file.exists()
  assert [row['verdict'] for row in lot(folders)] == ['same', 'different']


POINTS = ('overlay', 'verdict', 'line', 'torn line', 'move', 'after the move')


@pytest.mark.parametrize('point', POINTS)
def test_killed_at_any_point_it_goes_on(folders, monkeypatch, point):
  """Kills it while it writes the first picture's results."""
  for name, data in (('a', parts.good()), ('b', parts.bad())):
    (folders[0] / f'{name}.png').write_bytes(data)
  write, move = durable_files.write, durable_files.move
  append = durable_files.append_line

  def killed_write(path, data):
    if path.suffix == ('.png' if point == 'overlay' else '.json'):
      path.with_name(path.name + '.partial').write_bytes(data[:9])
      raise Killed
    write(path, data)

  def killed_append(path, line):
    if point == 'torn line' and not line.startswith('time,'):
      with path.open('a') as file:
        file.write(line[: len(line) // 2])
    if not line.startswith('time,'):
      raise Killed
    append(path, line)

  def killed_move(path, target):
    if point == 'after the move':
      move(path, target)
    raise Killed

  with monkeypatch.context() as patch:
    if point in ('overlay', 'verdict'):
      patch.setattr(durable_files, 'write', killed_write)
    elif point in ('line', 'torn line'):
      patch.setattr(durable_files, 'append_line', killed_append)
    else:
      patch.setattr(durable_files, 'move', killed_move)
    with pytest.raises(Killed):
      look(watch_of(folders))
  inspector = parts.Slow(0)
  look(watch_of(folders, inspector))
  rows = lot(folders)
  assert sorted(row['name'] for row in rows) == ['a', 'b']
  assert names(folders[0] / 'done') == ['a.png', 'b.png']
  # A picture with a verdict is not judged again.
  assert inspector.asked == (2 if point in ('overlay', 'verdict') else 1)
  for row in rows:
    assert verdict(folders, row['name'])['verdict'] == row['verdict']


def test_one_picture_does_not_stop_the_line(folders):
  class Broken(parts.OnePart):
    def inspect(self, test, *, threshold=None):
      if not test.any():
        raise RuntimeError('broken')
      return super().inspect(test, threshold=threshold)

  black = parts.encode(np.zeros((120, 120, 3), np.uint8))
  (folders[0] / 'a.png').write_bytes(black)
  (folders[0] / 'b.png').write_bytes(parts.good())
  look(watch_of(folders, Broken()))
  errors = [row['error'] for row in lot(folders)]
  assert errors == ['RuntimeError: broken', '']
  assert names(folders[0] / 'failed') == ['a.png']


def test_results_that_cannot_be_written_leave_the_picture(folders, monkeypatch):
  (folders[0] / 'a.png').write_bytes(parts.good())
  line = watch_of(folders)

  def full(path, data):
    raise OSError(28, 'No space left on device')

  with monkeypatch.context() as patch:
    patch.setattr(durable_files, 'write', full)
    with pytest.raises(OSError, match='No space'):
      look(line)
  assert names(folders[0]) == ['a.png']
  look(line)
  assert len(lot(folders)) == 1


def test_odd_names(folders):
  for name in ('x' * 240 + '.png', 'größe, "7".png', b'\xff.png', 'a\nb.png'):
    path = os.path.join(os.fsencode(folders[0]), os.fsencode(name))
    with open(path, 'wb') as file:
      file.write(parts.good())
  inspector = parts.Slow(0)
  look(watch_of(folders, inspector))
  assert inspector.asked == len(lot(folders)) == 4
  assert names(folders[0]) == []
  assert len(names(folders[0] / 'done')) == 4


def test_folders_that_do_not_fit(folders, tmp_path):
  folder, out = folders
  with pytest.raises(ValueError, match='no such folder'):
    watch_of((tmp_path / 'none', out))
  for other in (folder, folder / 'done'):
    with pytest.raises(ValueError, match='give another one'):
      watch_of((folder, other))
  out.mkdir()
  (out / outcomes.LOT).write_text('a,b\n1,2\n')
  with pytest.raises(ValueError, match='other columns'):
    watch_of(folders)


def test_a_second_watch_is_refused_and_a_stop_is_heard(folders):
  stop = threading.Event()
  first = threading.Thread(target=watch_of(folders).run, args=[stop])
  first.start()
  (folders[0] / 'a.png').write_bytes(parts.good())
  deadline = time.monotonic() + 20
  while not (folders[0] / 'done/a.png').exists():
    assert time.monotonic() < deadline
    time.sleep(0.05)
  with pytest.raises(locks.HeldError):
    watch_of(folders).run(stop)
  stop.set()
  first.join(timeout=20)
  assert not first.is_alive()


@pytest.mark.slow
def test_killed_five_times_each_picture_is_judged_once(tmp_path):
  place = watched.drop_and_kill(tmp_path, count=20, kills=5)
  watched.check(*place, 20)
