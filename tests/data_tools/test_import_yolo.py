"""YOLO labels become a manifest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_tools import import_yolo
from tests.data_tools import inputs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
  inputs.write_pictures(tmp_path / 'images', 'golden.png', 'b.jpg', 'lot/a.png')
  (tmp_path / 'labels' / 'lot').mkdir(parents=True)
  (tmp_path / 'labels' / 'classes.txt').write_text('scratch\nbig dent\n\n')
  return tmp_path


def label(folder, name, text):
  (folder / 'labels' / f'{name}.txt').write_text(text)


def read(folder):
  return import_yolo.read(
    str(folder / 'labels'),
    str(folder / 'images'),
    str(folder / 'labels' / 'classes.txt'),
    inputs.golden(folder / 'images'),
  )


def as_yolo(box, width=inputs.WIDTH, height=inputs.HEIGHT):
  x1, y1, x2, y2 = box
  shares = (
    (x1 + x2 + 1) / 2 / width,
    (y1 + y2 + 1) / 2 / height,
    (x2 + 1 - x1) / width,
    (y2 + 1 - y1) / height,
  )
  return ' '.join(f'{share:.6f}' for share in shares)


def test_what_was_labelled_comes_back(folder):
  random = np.random.default_rng(0)
  corners = random.integers(0, (64, 48), (40, 2, 2))
  boxes = np.concatenate([corners.min(1), corners.max(1)], axis=1).tolist()
  lines = [f'{i % 2} {as_yolo(box)}\r\n' for i, box in enumerate(boxes)]
  label(folder, 'lot/a', ''.join(lines))
  label(folder, 'b', '\n')
  pairs = inputs.imported(folder / 'p.jsonl', *read(folder))
  assert pairs == [
    ('b', 'images', [], []),  # an empty file: a good part
    ('lot-a', 'lot', boxes, ['scratch', 'big dent'] * 20),
  ]


def test_every_fault_is_named(folder):
  inputs.write_pictures(folder / 'images', 'side.jpg')
  inputs.turn_by_exif(folder / 'images' / 'side.jpg')
  label(folder, 'gone', '')
  label(
    folder,
    'lot/a',
    '0 0.5 0.5 0.1 0.1\n'
    '2 0.5 0.5 0.1 0.1\n'
    '0.0 0.5 0.5 0.1 0.1\n'
    '0 0.5 0.5 0.1\n'
    '0 0.5 0.5 0.1 0.1 0.9\n'
    '0 0.9 0.5 0.5 0.1\n'
    '0 0.5 0.5 0 0.1\n'
    '0 32 24 10 10\n',
  )
  _, wrong = read(folder)
  expected = [
    'gone.txt: there is no picture for these labels',
    'b.txt: no such file; write an empty one if the part is good',
    "line 2: unknown class '2'; the classes are 0 scratch, 1 big dent",
    "line 3: unknown class '0.0'",
    "line 4: '0 0.5 0.5 0.1' is malformed",
    'line 5: ',
    'line 6: box 41.6',
    'line 7: box 32 ',
    'line 8: ',
    'side.jpg: its EXIF orientation',
  ]
  assert len(wrong) == len(expected)
  for words in expected:
    assert any(words in fault for fault in wrong), words


@pytest.mark.parametrize('text', ['', '\n\n', 'a\n\nb\n'])
def test_names_that_are_none(folder, text):
  (folder / 'labels' / 'classes.txt').write_text(text)
  with pytest.raises(ValueError, match='with the name of a class in each line'):
    read(folder)


def test_the_command(folder):
  label(folder, 'lot/a', f'1 {as_yolo((10, 20, 31, 45))}\n')
  label(folder, 'b', '')
  done = subprocess.run(
    [
      *(sys.executable, '-m', 'data_tools.import_yolo'),
      f'--labels={folder / "labels"}',
      f'--images={folder / "images"}',
      f'--names={folder / "labels" / "classes.txt"}',
      f'--reference={folder / "images" / "golden.png"}',
      f'--out={folder / "p.jsonl"}',
    ],
    cwd=ROOT,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  assert done.stdout == (
    '2 pairs, groups: 2, good parts: 1, boxes: 1 (big dent 1); '
    f'{folder / "p.jsonl"}\n'
  )
