"""The connector of the demo: drawn anew it is the same, and all is found."""

from __future__ import annotations

import functools

import cv2
import numpy as np
import pytest

import zeroshot
from tests import codebase
from zeroshot.commands import demo
from zeroshot.data import pictures
from zeroshot.experiments import demo_pairs
from zeroshot.synthesis import connectors

SHIPPED = demo.PAIRS.parent
EXAMPLE = codebase.ROOT / 'docs' / 'example.jpg'
OBJECTS = 5  # a missing pin, a wire, a fibre, a flake and a ball of solder
MAX_LEVELS = 2 / 255  # between two files of one picture, on average


@functools.cache
def drawn():
  return demo_pairs.draw_connector()


def objects():
  """Number of each pixel's object, 0 for none, and how many there are."""
  close = cv2.dilate(np.asarray(drawn().mask, np.uint8), np.ones((5, 5)))
  count, labels = cv2.connectedComponents(close)
  return labels, count - 1


def difference(path, other):
  first, second = (pictures.read_picture(p) for p in (path, other))
  assert first.shape == second.shape
  return np.abs(first - second).mean()


def test_a_scene_that_is_too_small_is_refused():
  with pytest.raises(ValueError, match='400 px'):
    connectors.draw(None, size=399)


@pytest.mark.slow
def test_the_shipped_pictures_are_those_that_are_drawn(tmp_path):
  pair = drawn()
  for name, picture in (('reference', pair.reference), ('test', pair.test)):
    path = tmp_path / f'{name}.jpg'
    pictures.write_picture(path, np.asarray(picture))
    shipped = SHIPPED / f'connector_{name}.jpg'
    assert difference(path, shipped) < MAX_LEVELS
  assert difference(path, SHIPPED / 'connector_reference.jpg') > 5 * MAX_LEVELS


@pytest.mark.slow
def test_every_object_is_found_and_nothing_else():
  labels, count = objects()
  assert count == OBJECTS
  detector = zeroshot.Detector.load()
  boxes = detector.inspect(
    SHIPPED / 'connector_reference.jpg', SHIPPED / 'connector_test.jpg'
  ).boxes
  assert len(boxes) == OBJECTS
  found = []
  for box in boxes:
    x1, y1, x2, y2 = (round(side) for side in box[:4])
    found += [*np.unique(labels[y1:y2, x1:x2]).tolist()]
  assert sorted(number for number in found if number) == [1, 2, 3, 4, 5]


@pytest.mark.slow
def test_the_picture_of_the_readme_is_the_one_that_is_drawn(tmp_path):
  path = tmp_path / 'example.jpg'
  pictures.write_picture(path, demo_pairs.draw_picture(SHIPPED))
  assert difference(path, EXAMPLE) < MAX_LEVELS
  assert 'docs/example.jpg' in (codebase.ROOT / 'README.md').read_text()
