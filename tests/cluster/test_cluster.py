"""Lists by the URL and in batches: every row once, in this process."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.cluster import lists
from tests.command_line import ROOT
from zeroshot.cluster import actor, chunks, places, rows, run
from zeroshot.commands import main
from zeroshot.inspection.options import InspectOptions
from zeroshot.runtime import machine


@pytest.fixture
def differencing(monkeypatch):
  """Inspectors load no network."""
  monkeypatch.setattr(actor, 'load_detector', lists.differencing)


def read(path):
  """The rows of a list, and its batches' sizes."""
  batches = list(rows.read(places.at(path), 4))
  listed = [row for batch in batches for row in rows.of_batch(batch)]
  return listed, [len(batch['id']) for batch in batches]


def write_text(path, text):
  path.write_text(text, encoding='utf-8')
  return path


@pytest.mark.parametrize(
  ('name', 'text'),
  [
    ('a.csv', 'reference,test,name\ng.png,x/p.png,\ng.png,q.png,second\n'),
    ('a.tsv', '\ufeffTest\tReference\tName\r\nx/p.png\tg.png\t\r\n'
              'q.png\tg.png\tsecond\r\n'),
    ('a.csv', '\n\nreference;test;name;\ng.png;x/p.png;;\n'
              '\ng.png;q.png;second;'),
    ('a.jsonl', '{"reference":"g.png","test":"x/p.png"}\n\n'
                '{"reference":"g.png","test":"q.png","name":"second"}'),
    ('list', '{"reference":"g.png","test":"x/p.png"}\n'
             '{"reference":"g.png","test":"q.png","name":"second"}\n'),
  ],
)  # fmt: skip
def test_lists_of_all_kinds_have_the_same_rows(name, text, tmp_path):
  listed, sizes = read(write_text(tmp_path / name, text))
  assert sizes == [2]
  assert [(row['reference'], row['test'], row['name']) for row in listed] == [
    ('g.png', 'x/p.png', 'p'),
    ('g.png', 'q.png', 'second'),
  ]
  assert [row['id'] for row in listed] == [
    rows.identify('g.png', 'x/p.png', 'p'),
    rows.identify('g.png', 'q.png', 'second'),
  ]
  assert {row['fault'] for row in listed} == {''}


def test_a_row_that_is_there_twice_counts_once(tmp_path):
  lines = ['reference,test', *(f'g.png,{i % 6}.png' for i in range(17))]
  path = write_text(tmp_path / 'a.csv', '\n'.join(lines))
  listed, sizes = read(path)
  assert [row['name'] for row in listed] == list('012345')
  assert sizes == [4, 2]
  ids = rows.read_ids(places.at(path))
  assert ids.tolist() == sorted(row['id'].encode() for row in listed)
  assert all(rows.holds(ids, row['id']) for row in listed)
  assert not rows.holds(ids, 'f' * 32)


def test_a_row_that_is_wrong_names_its_line(tmp_path):
  text = 'reference,test\ng.png,p.png\ng.png\n,p.png\ng.png,"p.png\n'
  listed, _ = read(write_text(tmp_path / 'a.csv', text))
  assert [row['name'] for row in listed] == ['p', 'line 3', 'line 4', 'line 5']
  assert len({row['id'] for row in listed}) == 4
  for row, words in zip(
    listed[1:], ('line 3: 1 cells', 'line 4: no reference', 'line 5: a quote'),
    strict=True,
  ):  # fmt: skip
    assert words in row['fault']


@pytest.mark.parametrize(
  ('data', 'words'),
  [
    (None, 'no such file'),
    (b'', 'the file is empty'),
    (b'reference,test\n', 'no pair in it'),
    (b'good,bad\na,b\n', "lacks \\['reference', 'test'\\]"),
    (gzip.compress(b'reference,test\na,b\n'), 'save it as UTF-8'),
  ],
)
def test_a_list_that_is_none_is_named(data, words, tmp_path, capsys):
  path = tmp_path / 'a.csv'
  if data is not None:
    path.write_bytes(data)
  with pytest.raises(ValueError, match=words):
    read(path)
  options = [f'--manifest=file://{path}', f'--out={tmp_path / "out"}']
  assert main.main(['inspect', *options]) == 2
  assert 'a.csv' in capsys.readouterr().err
  assert not (tmp_path / 'out').exists()


def judge_of(folder, out=None):
  """What makes a process of the pool, in this one."""
  out = str(folder / 'out' if out is None else out)
  job = actor.Job(InspectOptions(), str(folder / 'pairs.csv'), out, None)
  return actor.Judge(job, chunks.read_ids(places.at(out) / chunks.RESULTS))


def test_a_batch_that_is_done_again_replaces_its_results(
  differencing, tmp_path
):
  lists.write(tmp_path, 3)
  first = judge_of(tmp_path)
  (batch,) = rows.read(places.at(tmp_path / 'pairs.csv'))
  for _ in range(2):  # the second time as if the first had died at its end
    counts = first.inspect(batch)
    verdicts = [counts[key] for key in ('same', 'different', 'error')]
    assert verdicts == [1, 1, 1]
  done, failed = lists.results(tmp_path / 'out')
  assert [(row['name'], row['verdict']) for row in done] == [
    ('n000', 'same'),
    ('n001', 'different'),
  ]
  assert [row['boxes'] for row in done] == [0, 1]
  assert done[1]['max_confidence'] >= done[1]['threshold']
  assert json.loads(done[1]['record'])['boxes'][0]['confidence'] > 0
  assert [row['name'] for row in failed] == ['n002']
  counts = judge_of(tmp_path).inspect(batch)
  assert (counts['before'], counts['error']) == (2, 1)


def test_the_command_takes_urls_and_goes_on(differencing, tmp_path, capsys):
  lists.write(tmp_path, 5)
  folder = places.at('memory://line')
  for name in ('pairs.csv', 'good.png', 'part.png', 'cut.png'):
    places.write(folder / name, (tmp_path / name).read_bytes())
  command = [
    'inspect', '--manifest=memory://line/pairs.csv', '--out=memory://line/out'
  ]  # fmt: skip
  assert main.main(command) == 2
  told = capsys.readouterr()
  assert '5 pairs: 2 same, 2 different, 1 could not be inspected' in told.out
  assert 'memory:///line/cut.png: the picture is cut short' in told.err
  lists.check('memory://line/out', 5)
  # The picture is whole now, and the list has another row.
  places.write(folder / 'cut.png', (tmp_path / 'good.png').read_bytes())
  more = f'good.png,file://{tmp_path}/part.png,more\n'.encode()
  whole = (tmp_path / 'pairs.csv').read_bytes() + more
  places.write(folder / 'pairs.csv', whole)
  assert main.main(command) == 1
  told = capsys.readouterr()
  assert '4 rows were done before' in told.err
  assert '6 pairs: 3 same, 3 different, 0 could not' in told.out
  assert main.main([*command, '--threshold=0.9']) == 2
  assert 'threshold (there None, now 0.9)' in capsys.readouterr().err


def test_rows_whose_processes_died_are_failed(
  differencing, tmp_path, monkeypatch
):
  lists.write(tmp_path, 5)

  def die(job, done, actors):
    batch = next(rows.read(places.at(job.manifest), 2))
    yield actor.Judge(job, done).inspect(batch)

  pool = pytest.importorskip('zeroshot.cluster.pool')
  monkeypatch.setattr(pool, 'inspect', die)
  out = tmp_path / 'out'
  told = list(
    run.inspect(
      InspectOptions(
        manifest=str(tmp_path / 'pairs.csv'), out=str(out), engine='ray'
      )
    )
  )
  assert told[1:] == [{'error': 3}]
  done, failed = lists.results(out)
  assert [row['name'] for row in done] == ['n000', 'n001']
  assert [row['name'] for row in failed] == ['n002', 'n003', 'n004']
  assert '4 processes' in failed[0]['error']


def test_a_url_that_nothing_knows():
  with pytest.raises(ValueError, match='nosuch://a'):
    places.at('nosuch://a')


def test_options_that_do_not_go_together(capsys):
  ray = '--engine=ray'
  for options, words in (
    (['a.png', 'b.png', ray], '--manifest'),
    (['--manifest=a.csv', ray], '--out'),
    (['--manifest=a.csv', '--out=b', ray, '--json'], 'Parquet'),
    (['--manifest=a.csv', '--out=b', ray, '--shard=1/2'], 'Parquet'),
    (['--manifest=s3://a.csv', '--out=b', '--shard=1/2'], 'Parquet'),
    (['--manifest=a.csv', '--out=b', '--actors=2'], '--engine=ray'),
    (['--manifest=a.csv', '--out=b', ray, '--actors=-1'], '--actors=-1'),
  ):
    assert main.main(['inspect', *options]) == 2
    assert words in capsys.readouterr().err


def test_without_the_extra_it_is_named(tmp_path, monkeypatch, capsys):
  found = importlib.util.find_spec

  def find(name, *rest):
    return None if name in ('ray', 'pyarrow') else found(name, *rest)

  monkeypatch.setattr(importlib.util, 'find_spec', find)
  options = ['--manifest=a.csv', f'--out={tmp_path}']
  assert main.main(['inspect', *options, '--engine=ray']) == 2
  told = capsys.readouterr().err
  assert '--engine=ray needs pyarrow, ray: pip install ' in told
  assert "'zeroshot-inspection[ray]'" in told
  assert main.main(['inspect', '--manifest=s3://a.csv', '--out=b']) == 2
  assert 'a list with URLs needs pyarrow' in capsys.readouterr().err


def test_a_list_needs_none_of_the_extra(tmp_path):
  lists.write(tmp_path, 2)
  words = """
import sys
for name in ('ray', 'pyarrow', 'fsspec'):
  sys.modules[name] = None
import zeroshot
from zeroshot.commands import main
status = main.main(['inspect', '--manifest=pairs.csv', '--out=out', '--json'])
assert 'jax' not in sys.modules
sys.exit(status)
"""
  done = subprocess.run(
    [sys.executable, '-c', words],
    cwd=tmp_path,
    env={**os.environ, 'PYTHONPATH': str(ROOT)},
    capture_output=True,
    text=True,
  )
  assert done.returncode == 2, done.stderr  # one of the pictures is damaged
  assert len(done.stdout.splitlines()) == 2


def test_a_process_of_the_pool_takes_one_core(
  differencing, tmp_path, monkeypatch
):
  monkeypatch.setattr(machine, '_at_most', [])
  lists.write(tmp_path, 2)
  job = actor.Job(
    InspectOptions(), str(tmp_path / 'pairs.csv'), str(tmp_path), None, 1
  )
  actor.Judge(job, np.empty(0, rows.ID_TYPE))
  assert machine.usable_cores() == 1
  with pytest.raises(ValueError, match='not 0'):
    machine.use_at_most(0)
