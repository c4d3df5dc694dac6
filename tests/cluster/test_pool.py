"""A list on a Ray cluster of this machine: every row once, whatever dies."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.cluster import lists
from tests.command_line import ROOT

pytest.importorskip('ray')
PATIENCE_S = 800
COUNT = 60

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2000)]


def start(folder, *options):
  words = [sys.executable, '-m', 'tests.cluster.clustered', *options]
  return subprocess.Popen(
    [*words, f'--manifest={folder}/pairs.csv', f'--out={folder}/out'],
    cwd=ROOT,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
  )


def wait_for(process, condition):
  deadline = time.monotonic() + PATIENCE_S
  while not condition():
    assert process.poll() is None, process.communicate()
    assert time.monotonic() < deadline
    time.sleep(0.05)


def chunks_of(folder):
  return len(list((folder / 'out/results').glob('*.parquet')))


def pool_of(process):
  """The processes of the pool, by number."""
  return {
    each.pid: each
    for each in psutil.Process(process.pid).children(recursive=True)
    if 'MapWorker' in title_of(each)
  }


def title_of(process):
  """What a process calls itself; '' of one that has ended."""
  try:
    return ' '.join(process.cmdline()[:1])
  except psutil.NoSuchProcess:  # or a zombie, which is one of these
    return ''


def kill_all(process):
  everything = psutil.Process(process.pid).children(recursive=True)
  process.send_signal(signal.SIGKILL)
  for each in everything:
    with contextlib.suppress(psutil.NoSuchProcess):
      each.kill()
  process.communicate()


def kill_one(process, folder):
  """Once more rows are done, kills one of two processes; returns both."""
  count = chunks_of(folder)
  wait_for(process, lambda: chunks_of(folder) >= count + 3)
  wait_for(process, lambda: len(pool_of(process)) == 2)
  pool = pool_of(process)
  next(iter(pool.values())).kill()
  return set(pool)


def test_with_a_worker_killed_and_then_all_of_it(tmp_path):
  lists.write(tmp_path, COUNT)
  first = start(tmp_path, '--actors=2')
  try:
    before = kill_one(first, tmp_path)
    wait_for(first, lambda: len(set(pool_of(first)) - before) == 1)
    count = chunks_of(tmp_path)
    wait_for(first, lambda: chunks_of(tmp_path) >= count + 2)
  finally:
    kill_all(first)
  done, _ = lists.results(tmp_path / 'out')
  assert 6 <= len(done) < COUNT - 1
  second = start(tmp_path, '--actors=2')
  try:
    kill_one(second, tmp_path)  # and this run goes to its end
    out, err = second.communicate(timeout=PATIENCE_S)
  finally:
    if second.poll() is None:
      kill_all(second)
  assert second.returncode == 2, err  # a picture is damaged
  assert f'{len(done)} rows were done before' in err
  assert f'{COUNT} pairs: 30 same, 29 different, 1 could not' in out
  assert 'cut short' in err
  lists.check(tmp_path / 'out', COUNT)


def test_rows_that_kill_every_process_are_named(tmp_path):
  lists.write(tmp_path, 7)
  with (tmp_path / 'pairs.csv').open('a') as listed:
    listed.write('good.png,good.png,deadly\n')
  process = start(tmp_path, '--actors=1')
  out, err = process.communicate(timeout=PATIENCE_S)
  assert process.returncode == 2, err
  assert '8 pairs: 3 same, 3 different, 2 could not be inspected' in out
  done, failed = lists.results(tmp_path / 'out')
  assert len(done) == 6
  assert [row['name'] for row in failed] == ['deadly', 'n006']
  assert 'processes that had its batch in hand died' in failed[0]['error']
