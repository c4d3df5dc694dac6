"""A watch of a slow inspector, as a process of its own; drops and kills.

python -m tests.line.watched IN OUT SECONDS     # watches
python -m tests.line.watched 500 5              # drops 500, kills 5 times
"""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests import samples
from tests.command_line import ROOT
from tests.line import parts
from zeroshot.line import logs, outcomes, watch

PATIENCE_S = 300


def main(folder, out, seconds):
  stop = threading.Event()
  signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
  watched = watch.Watch(
    parts.Slow(seconds),
    Path(folder),
    Path(out),
    watch.Settings(settle_s=0.05),
    logs.start(sys.stderr),
  )
  watched.run(stop)


def drop_and_kill(place, *, count, kills, seconds=0.02):
  """Drops pictures while the watch is killed, and lets it end.

  Args:
    place: an empty folder.
    count: of the pictures; a third of them has a difference.
    kills: by SIGKILL, each while it works.
    seconds: that a picture takes.

  Returns:
    ``place / 'in'`` and ``place / 'out'``.
  """
  folder, out = place / 'in', place / 'out'
  folder.mkdir()
  stop = threading.Event()
  dropping = threading.Thread(target=_drop, args=[folder, count, stop])
  dropping.start()
  try:
    for number in range(kills + 1):
      process = subprocess.Popen(
        [
          *(sys.executable, '-m', 'tests.line.watched'),
          *map(str, (folder, out, seconds)),
        ],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
      )
      share = (number + 1) / (kills + 1)
      _wait(lambda share=share: num_verdicts(out) >= share * count, process)
      if number < kills:
        process.kill()
        process.wait()
    _wait(lambda: not any(folder.glob('*.png')), process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
  finally:
    stop.set()
    dropping.join()
    if process.poll() is None:
      process.kill()
      process.wait()
  return folder, out


def num_verdicts(out):
  return len(list(out.glob('*.json')))


def check(folder, out, count):
  """Asserts that each picture was judged exactly once."""
  with (out / outcomes.LOT).open(newline='') as file:
    rows = list(csv.DictReader(file))
  expected = {f'{number:04d}' for number in range(count)}
  assert len(rows) == count
  assert {row['name'] for row in rows} == expected
  assert {path.stem for path in out.glob('*.json')} == expected
  assert {path.stem for path in (folder / 'done').iterdir()} == expected
  assert not list((folder / 'failed').iterdir())
  for row in rows:
    record = json.loads((out / row['result']).read_text())
    assert record['id'] == row['id']
    is_bad = int(row['name']) % 3 == 0
    assert row['verdict'] == ('different' if is_bad else 'same')


def _drop(folder, count, stop):
  """Writes pictures in two pieces, as a slow camera does."""
  reference, test = samples.cell_pair()
  for number in range(count):
    if stop.is_set():
      return
    picture = (test if number % 3 == 0 else reference).copy()
    picture[0, 0] = number % 50  # no two are the same
    data = parts.encode(picture)
    with (folder / f'{number:04d}.png').open('wb') as file:
      file.write(data[: len(data) // 2])
      file.flush()
      time.sleep(0.01)
      file.write(data[len(data) // 2 :])


def _wait(condition, process):
  deadline = time.monotonic() + PATIENCE_S
  while not condition():
    assert process.poll() is None, process.returncode
    assert time.monotonic() < deadline
    time.sleep(0.01)


if __name__ == '__main__':
  if len(sys.argv) == 4:
    main(*sys.argv[1:3], float(sys.argv[3]))
  else:
    number, num_kills = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
      check(*drop_and_kill(Path(name), count=number, kills=num_kills), number)
    print(f'{number} pictures, {num_kills} kills: each judged exactly once')
