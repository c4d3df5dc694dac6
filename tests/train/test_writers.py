from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from zeroshot.train import writers


def lines(folder):
  text = (folder / writers.METRICS_FILE).read_text()
  return [json.loads(line) for line in text.splitlines()]


def test_scalars_become_lines_and_events(tmp_path):
  with writers.open_writer(tmp_path / 'new', step=0) as writer:
    writer.scalars(1, {'loss': 0.5})
    writer.scalars(2, {'loss': float('nan')})
  assert lines(tmp_path / 'new') == [
    {'step': 1, 'loss': 0.5},
    {'step': 2, 'loss': None},
  ]
  assert list((tmp_path / 'new' / 'tensorboard').glob('events*'))


def test_a_picture_is_written_as_png_in_its_colours(tmp_path):
  picture = np.zeros((4, 6, 3), np.uint8)
  picture[..., 0] = 255  # red
  with writers.open_writer(tmp_path, step=0) as writer:
    writer.picture(12, 'samples', picture)
  files = [file.name for file in (tmp_path / 'samples').iterdir()]
  assert files == ['00000012.png']
  read = cv2.imread(str(tmp_path / 'samples' / files[0]), cv2.IMREAD_COLOR_RGB)
  np.testing.assert_array_equal(read, picture)


@pytest.mark.parametrize('cut', ['', '{"step": 4, "lo'])
def test_going_on_drops_what_came_after_the_restored_step(tmp_path, cut):
  with writers.open_writer(tmp_path, step=0) as writer:
    for step in (1, 2, 3):
      writer.scalars(step, {'loss': 1.0})
  with (tmp_path / writers.METRICS_FILE).open('a') as file:
    file.write(cut)
  with writers.open_writer(tmp_path, step=2) as writer:
    writer.scalars(3, {'loss': 2.0})
  assert [(line['step'], line['loss']) for line in lines(tmp_path)] == [
    (1, 1.0),
    (2, 1.0),
    (3, 2.0),
  ]
