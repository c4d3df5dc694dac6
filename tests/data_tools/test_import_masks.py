"""Painted masks become a manifest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from data_tools import import_masks
from tests.data_tools import inputs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
  inputs.write_pictures(
    tmp_path, 'golden.png', 'test/good/0.png', 'test/dent/0.png'
  )
  return tmp_path


def read(folder, **pattern):
  return import_masks.read(
    str(folder / 'masks'),
    str(folder / 'test'),
    inputs.golden(folder),
    **pattern,
  )


def test_what_was_painted_comes_back(folder):
  boxes = [[5, 2, 9, 4], [50, 40, 63, 47]]
  inputs.write_mask(folder / 'masks/dent/0_mask.png', *boxes)
  inputs.write_pictures(folder, 'test/1.png', 'test/2.png')
  inputs.write_mask(folder / 'masks/1_mask.png', boxes[1])
  inputs.write_mask(folder / 'masks/2_mask.png')
  pairs = inputs.imported(folder / 'p.jsonl', *read(folder))
  assert pairs == [
    ('1', 'test', boxes[1:], ['difference']),
    ('2', 'test', [], []),  # a black mask: a good part
    ('dent-0', 'dent', boxes, ['dent', 'dent']),
    ('good-0', 'good', [], []),
  ]


def test_masks_may_lie_among_the_pictures(folder):
  inputs.write_mask(folder / 'test/masks/dent/0.png', (1, 1, 2, 2))
  labelled, wrong = import_masks.read(
    str(folder / 'test/masks'),
    str(folder / 'test'),
    inputs.golden(folder),
    pattern='{stem}.png',
  )
  assert wrong == []
  assert [part.name for part, _ in labelled] == ['dent-0', 'good-0']


def test_every_fault_is_named(folder):
  inputs.write_mask(folder / 'masks/good/0_mask.png', (1, 1, 2, 2))
  inputs.write_mask(folder / 'masks/dent/9_mask.png')
  inputs.write_pictures(folder, 'test/dent/1.png', 'test/dent/2.jpg')
  inputs.turn_by_exif(folder / 'test/dent/2.jpg')
  inputs.write_pictures(folder, 'masks/dent/1_mask.png', width=9)
  _, wrong = read(folder)
  expected = [
    'dent/0.png: there is no mask ',
    'sizes differ: mask ',
    'dent/2.jpg: its EXIF orientation',
    "good/0_mask.png: marks a defect in a folder 'good'",
    'dent/9_mask.png: there is no picture for this mask',
  ]
  for fault, words in zip(wrong, expected, strict=True):
    assert words in fault


def test_masks_need_a_folder_of_their_own(folder):
  for masks in ('none', 'test'):
    with pytest.raises(ValueError, match='holds the masks and no pictures'):
      import_masks.read(
        str(folder / masks), str(folder / 'test'), inputs.golden(folder)
      )


def test_the_command(folder):
  inputs.write_mask(folder / 'masks/dent/0_mask.png', (5, 2, 9, 4))
  words = [f'--masks={folder}/masks', f'--images={folder}/test']
  words += [f'--reference={folder}/golden.png', f'--out={folder}/p.jsonl']
  command = [sys.executable, '-m', 'data_tools.import_masks', *words]
  done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
  assert done.returncode == 0, done.stderr
  assert done.stdout == (
    f'2 pairs, groups: 2, good parts: 1, boxes: 1 (dent 1); {folder}/p.jsonl\n'
  )
