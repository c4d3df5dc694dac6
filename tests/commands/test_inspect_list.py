"""A list on the command line: bad rows, kills, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

import zeroshot
from tests import samples
from zeroshot.commands import main
from zeroshot.inspection import folder, result_records

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def work(tmp_path):
  """A folder with a good picture, one that differs and one that is damaged."""
  samples.write_pair(tmp_path)
  (tmp_path / 'cut.png').write_bytes((tmp_path / 'part.png').read_bytes()[:-9])
  return tmp_path


def write_list(work, *tests):
  rows = [f'good.png,{test},n{i}' for i, test in enumerate(tests, start=1)]
  (work / 'pairs.csv').write_text('\n'.join(['reference,test,name', *rows]))


def inspect(work, *options):
  return main.main(['inspect', *list_options(work), *options])


def list_options(work):
  return f'--manifest={work / "pairs.csv"}', f'--out={work / "out"}'


def rows(work):
  return [
    (r['row'], r['verdict']) for r in result_records.read_records(work / 'out')
  ]


def test_warnings_are_told_by_row_of_older_results_too(
  capsys, work, monkeypatch
):
  write_list(work, 'good.png', 'part.png')
  inspect_pair = zeroshot.Detector.inspect

  def warned(*arguments, **options):
    inspection = inspect_pair(*arguments, **options)
    return dataclasses.replace(inspection, warnings=('dark',) * 15)

  monkeypatch.setattr(zeroshot.Detector, 'inspect', warned)
  assert inspect(work) == 1
  err = capsys.readouterr().err.splitlines()
  assert err.count('warning: row 1 (n1): dark') == 15
  assert err.count('warning: row 2 (n2): dark') == 5
  assert 'warning: and 10 more' in err
  results = work / 'out/results.jsonl'
  records = [json.loads(line) for line in results.read_text().splitlines()]
  for record in records:
    del record['warnings']
  results.write_text(''.join(map(result_records.format_record, records)))
  assert inspect(work, '--json') == 1
  out = capsys.readouterr().out.splitlines()
  assert [json.loads(line)['warnings'] for line in out] == [[], []]


def test_bad_rows_are_survived_listed_and_tried_again(capsys, work):
  write_list(work, 'good.png', 'cut.png', 'part.png', 'gone.png')
  assert inspect(work, '--json') == 2
  out, err = capsys.readouterr()
  records = [json.loads(line) for line in out.splitlines()]
  verdicts = ' '.join(record['verdict'] for record in records)
  assert verdicts == 'same error different error'
  assert list(records[1]) == ['name', 'verdict', 'error']
  assert 'error: row 2 (n2): ' in err
  assert 'error: row 4 (n4): ' in err
  assert '4 of 4 rows' in err
  assert '1 same, 1 different, 2 could not be inspected' in err

  for name in ('cut', 'gone'):
    good = (work / 'good.png').read_bytes()
    (work / f'{name}.png').write_bytes(good)
  before = (work / 'out/results.jsonl').read_text().splitlines()
  assert inspect(work) == 1
  assert '4 pairs: 3 same, 1 different, 0 could' in capsys.readouterr().out
  after = (work / 'out/results.jsonl').read_text().splitlines()
  assert after[:2] == [before[0], before[2]]  # neither was done again
  verdicts = ['same', 'same', 'different', 'same']
  assert sorted(rows(work)) == list(enumerate(verdicts, start=1))
  names = sorted(path.name for path in (work / 'out/pairs').iterdir())
  assert names == ['0001-n1', '0002-n2', '0003-n3', '0004-n4']

  # A picture that was taken anew under its old name is inspected anew.
  (work / 'cut.png').write_bytes((work / 'part.png').read_bytes())
  assert inspect(work) == 1
  assert '4 pairs: 2 same, 2 different, 0 could' in capsys.readouterr().out


def test_a_row_that_cannot_be_aligned_has_its_picture(capsys, work):
  cv2.imwrite(str(work / 'good.png'), samples.cells())
  cv2.imwrite(str(work / 'part.png'), samples.cells(seed=9))
  write_list(work, 'part.png', 'good.png')
  assert inspect(work, '--json') == 2
  out, err = capsys.readouterr()
  first, second = (json.loads(line) for line in out.splitlines())
  assert list(first) == ['name', 'verdict', 'error', 'reason']
  assert first['reason'] == 'could not align'
  assert second['verdict'] == 'same'
  assert 'error: row 1 (n1): could not align: ' in err
  names = [path.name for path in (work / 'out/pairs/0001-n1').iterdir()]
  assert names == ['alignment.png']
  assert main.main(['report', str(work / 'out')]) == 0
  # The row is tried again; this time its picture is broken.
  (work / 'part.png').write_bytes(b'')
  assert inspect(work) == 2
  assert [row for row, _ in rows(work)] == [2, 1]
  assert not (work / 'out/pairs/0001-n1').exists()


def test_another_run_is_refused_by_what_differs(capsys, work):
  write_list(work, 'good.png')
  assert inspect(work) == 0
  for option, name in (
    ('--threshold=0.9', 'threshold'),
    ('--weights=deeppcb', 'weights'),
    ('--roi=0,0,32,32', 'roi'),
    (f'--ignore={work / "good.png"}', 'ignore'),
  ):
    capsys.readouterr()
    assert inspect(work, option) == 2
    assert f'{name} (there' in capsys.readouterr().err
  write_list(work, 'part.png')  # as many rows, of other content
  assert inspect(work) == 2
  assert 'differs in the content of manifest' in capsys.readouterr().err
  assert rows(work) == [(1, 'same')]


def test_two_runs_in_one_folder_are_refused(capsys, work):
  write_list(work, 'good.png')
  with folder.lock_folder(work / 'out'):
    assert inspect(work) == 2
  assert 'is held by process' in capsys.readouterr().err
  assert inspect(work) == 0


def test_shards_share_a_list(capsys, work):
  write_list(work, *['good.png', 'part.png', 'good.png'] * 2, 'part.png')
  manifest, _ = list_options(work)
  done = []
  for number in (1, 2, 3):
    out = work / f'out{number}'
    options = manifest, f'--out={out}', f'--shard={number}/3'
    main.main(['inspect', *options])
    share = [r['row'] for r in result_records.read_records(out)]
    assert share == list(range(number, 8, 3))
    done += share
  assert sorted(done) == list(range(1, 8))
  capsys.readouterr()
  assert main.main(['inspect', manifest, f'--out={out}', '--shard=2/3']) == 2
  assert "shard (there '3/3', now '2/3')" in capsys.readouterr().err


def test_a_share_that_is_none_is_refused(capsys, work):
  write_list(work, 'good.png')
  for text in ('0/3', '4/3', '1', '1/0', 'a/b', '-1/2'):
    with pytest.raises(SystemExit):
      inspect(work, f'--shard={text}')
    assert 'give NUMBER/COUNT' in capsys.readouterr().err
  assert main.main(['inspect', 'a.png', 'b.png', '--shard=1/2']) == 2
  assert '--manifest' in capsys.readouterr().err


def start(work):
  command = [sys.executable, '-m', 'zeroshot.commands.main', 'inspect']
  return subprocess.Popen(
    [*command, *list_options(work)],
    cwd=ROOT,
    stdout=subprocess.PIPE,
    stderr=subprocess.PIPE,
    text=True,
  )


def wait_for_rows(process, work, count):
  while process.poll() is None:
    if (work / 'out/results.jsonl').exists() and len(rows(work)) >= count:
      return
    time.sleep(0.02)
  pytest.fail(f'it ended too early: {process.communicate()}')


@pytest.mark.slow
def test_a_run_that_is_stopped_and_killed_goes_on(work):
  write_list(work, *['good.png', 'part.png'] * 30)
  stopped = start(work)
  wait_for_rows(stopped, work, 3)
  stopped.send_signal(signal.SIGINT)
  _, err = stopped.communicate(timeout=120)
  assert (stopped.returncode, err) == (130, 'interrupted\n')
  kept = rows(work)
  assert 3 <= len(kept) < 60

  killed = start(work)
  wait_for_rows(killed, work, len(kept) + 3)
  os.kill(killed.pid, signal.SIGKILL)
  killed.communicate()
  more = rows(work)
  assert more[: len(kept)] == kept
  assert len(kept) + 3 <= len(more) < 60
  with (work / 'out/results.jsonl').open('a') as opened:
    opened.write('{"row": 59, "ver')  # what a kill can leave
  assert inspect(work) == 1
  assert rows(work)[: len(more)] == more
  assert [row for row, _ in rows(work)] == list(range(1, 61))
