"""The demo: two pairs that ship, in one folder that can be used again."""

from __future__ import annotations

import json
import re

import pytest

from zeroshot.commands import demo, main
from zeroshot.data import pair_list, pictures
from zeroshot.inspection import folder, result_records

MAX_BYTES = 60_000  # of a picture: they are part of every wheel


def test_the_pictures_ship_and_are_small():
  pairs = pair_list.read_pair_list(demo.PAIRS)
  assert [pair.name for pair in pairs] == ['connector', 'board']
  for pair in pairs:
    assert not pair.fault
    for path in (pair.reference_path, pair.test_path):
      assert path.parent == demo.PAIRS.parent
      assert path.stat().st_size < MAX_BYTES
      assert pictures.read_picture(path).any()


@pytest.mark.parametrize(
  'settings',
  [
    {'manifest': '/elsewhere/commands/demo_pair/pairs.csv', 'pair': []},
    {
      'manifest': None,
      'pair': ['/old/demo_pair/reference.png', '/old/demo_pair/test.png'],
    },
  ],
)
def test_only_a_demo_is_removed(tmp_path, settings):
  def write(settings):
    (tmp_path / folder.PAIRS / '0001-demo').mkdir(parents=True, exist_ok=True)
    (tmp_path / folder.RUN).write_text(json.dumps(settings))
    (tmp_path / result_records.RESULTS).write_text('')

  write({'manifest': '/mine/pairs.csv', 'pair': []})
  demo._remove_older(tmp_path)
  assert len([*tmp_path.iterdir()]) == 3
  write(settings)
  demo._remove_older(tmp_path)
  assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_the_demo_shows_what_differs(capsys, monkeypatch, tmp_path):
  monkeypatch.chdir(tmp_path)
  assert main.main(['demo']) == 0
  out = capsys.readouterr().out
  assert out.startswith('zeroshot inspect --manifest=')
  assert re.search('^connector: different, 5 differences', out, re.MULTILINE)
  assert re.search('^board: different, 9 differences', out, re.MULTILINE)
  names = re.findall('^the differences: (.+)$', out, re.MULTILINE)
  shapes = [pictures.read_picture(tmp_path / name).shape for name in names]
  assert shapes == [(320, 400, 3), (320, 320, 3)]
  assert main.main(['report', 'zeroshot-demo']) == 0
  assert main.main(['demo']) == 0  # again, in the same folder
