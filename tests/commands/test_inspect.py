"""One pair on the command line: verdicts, JSON, folder, regions."""

from __future__ import annotations

import dataclasses
import json

import cv2
import numpy as np
import pytest

import zeroshot
from tests import samples
from zeroshot.commands import main
from zeroshot.data import pictures
from zeroshot.inspection import result_records


@pytest.fixture
def pair(tmp_path):
  """Paths of two pictures that differ."""
  return samples.write_pair(tmp_path)


def test_a_difference_is_told_as_json_and_nothing_else(capsys, pair):
  assert main.main(['inspect', *pair, '--json', '--name=part 7']) == 1
  out, err = capsys.readouterr()
  assert err == ''
  assert out.count('\n') == 1
  record = json.loads(out)
  assert ' '.join(record) == (
    'name verdict boxes threshold registration seconds warnings '
    'min_size_px mm_per_px'
  )
  assert (record['name'], record['verdict']) == ('part 7', 'different')
  assert ' '.join(record['boxes'][0]) == (
    'x1 y1 x2 y2 confidence kind size_px size_mm area_px sign severity'
  )
  assert ' '.join(record['registration']) == (
    'method shift_px rotation_deg scale residual_px probability coverage '
    'max_local_px'
  )


def test_people_get_a_verdict_and_a_table(capsys, pair):
  assert main.main(['inspect', pair[0], pair[0]]) == 0
  assert capsys.readouterr().out.startswith('good: same, 0 differences')
  assert main.main(['inspect', *pair]) == 1
  lines = capsys.readouterr().out.splitlines()
  assert lines[0].startswith('part: different, 1 difference of')
  assert lines[1].split()[:6] == ['x1', 'y1', 'x2', 'y2', 'sure', 'size']
  assert lines[-1].startswith('alignment: none')


def test_warnings_are_told_on_stderr(capsys, pair, monkeypatch):
  inspect = zeroshot.Detector.inspect

  def warned(*arguments, **options):
    inspection = inspect(*arguments, **options)
    return dataclasses.replace(inspection, warnings=('dark', 'blurred\n'))

  monkeypatch.setattr(zeroshot.Detector, 'inspect', warned)
  assert main.main(['inspect', *pair, '--json']) == 1
  out, err = capsys.readouterr()
  assert json.loads(out)['warnings'] == ['dark', 'blurred\n']
  assert err.splitlines() == ['warning: dark', 'warning: blurred?']


def test_regions_the_mask_and_the_threshold_count(capsys, pair, tmp_path):
  mask = np.zeros((64, 64), np.uint8)
  mask[16:40, 20:46] = 255
  cv2.imwrite(str(tmp_path / 'mask.png'), mask)
  for option in (
    '--roi=0,0,16,64',
    f'--ignore={tmp_path / "mask.png"}',
    '--threshold=1',
  ):
    assert main.main(['inspect', *pair, option]) == 0, option
  assert main.main(['inspect', *pair, '--roi=0,0,9,9', '--roi=9,9,64,64']) == 1
  assert main.main(['inspect', *pair, '--roi=0,0,65,64']) == 2
  assert 'reaches beyond' in capsys.readouterr().err
  # Of a list too, before any picture is read.
  for region in ('9,9,5,5', '0,0,nan,4'):
    with pytest.raises(SystemExit, match='2'):
      main.main(['inspect', '--manifest=gone.csv', f'--roi={region}'])
    assert f'roi {region}' in capsys.readouterr().err


def test_the_folder_keeps_the_pair_and_refuses_another(capsys, pair, tmp_path):
  command = ['inspect', *pair, f'--out={tmp_path / "out"}']
  assert main.main(command) == 1
  assert 'out/pairs/0001-part' in capsys.readouterr().out
  assert main.main(command) == 1  # again, in the same place
  text = (tmp_path / 'out/results.jsonl').read_text()
  assert text.count('\n') == 1
  assert {'row', 'candidates', 'pictures'} <= set(json.loads(text))
  run = json.loads((tmp_path / 'out/run.json').read_text())
  assert run['rows'] == 1
  assert run['manifest'] is None
  assert main.main([*command, '--threshold=0.9']) == 2
  assert 'differs in threshold' in capsys.readouterr().err
  assert (tmp_path / 'out/results.jsonl').read_text() == text


def test_what_cannot_be_aligned_is_told_and_shown(capsys, pair, tmp_path):
  other = tmp_path / 'other.png'
  cv2.imwrite(str(other), samples.cells(seed=9))
  cv2.imwrite(pair[0], samples.cells())
  out = tmp_path / 'out'
  command = ['inspect', pair[0], str(other)]
  assert main.main([*command, '--json']) == 2
  printed = capsys.readouterr()
  assert printed.out == ''
  assert printed.err.startswith('could not align: reference ')
  assert printed.err.count('\n') == 1
  assert '--out=DIR writes a picture' in printed.err
  assert not out.exists()
  assert main.main([*command, f'--out={out}']) == 2
  picture = out / 'pairs/0001-other/alignment.png'
  assert capsys.readouterr().err.endswith(f'; see {picture}\n')
  assert pictures.read_picture(picture).shape == (120, 120, 3)
  (record,) = result_records.read_records(out)
  assert (record['verdict'], record['reason']) == ('error', 'could not align')
  assert record['error'].startswith('could not align: ')
  assert record['pictures'] == 'pairs/0001-other'
  # Once it can be aligned, its pictures take that one's place.
  cv2.imwrite(str(other), samples.cells())
  assert main.main([*command, f'--out={out}']) == 0
  assert not picture.exists()
  assert (picture.parent / 'overlay.png').exists()


@pytest.mark.slow
def test_a_real_board(capsys, shared):
  stem = shared / 'deeppcb/PCBData/group00041/00041/00041000'
  assert main.main(['inspect', f'{stem}_temp.jpg', f'{stem}_test.jpg']) == 1
  assert '10 differences' in capsys.readouterr().out
