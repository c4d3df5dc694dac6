"""A pair from its files to its result, with a detector that records calls."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.data import deeppcb, manifest, pictures
from zeroshot.detect.detector import Detection
from zeroshot.evaluate import misalign, pairs
from zeroshot.types import Boxes

STILL = {'shift_px': 0.0, 'rotation_deg': 0.0, 'scale': 1.0}
MOVED = {'shift_px': 3.0, 'rotation_deg': 0.0, 'scale': 1.0}
FOUND = Boxes(
  np.array([[1, 2, 3, 4]], np.float32),
  np.array([0.5], np.float32),
  ('difference',),
)


@pytest.fixture
def entry(tmp_path):
  """One pair of noise in whole bytes, and one annotation."""
  random = np.random.default_rng(0)
  paths = [tmp_path / name for name in ('a_temp.png', 'a_test.png', 'a.txt')]
  for path in paths[:2]:
    image = random.integers(0, 256, (24, 32, 3)) / 255
    pictures.write_picture(path, image)
  paths[2].write_text('5 6 15 16 4\n')
  entry = deeppcb.Entry('a', 'group1', *paths)
  return manifest.labelled_pairs([entry])[0]


class Remembers:
  """A detector that finds the same box in every pair."""

  def __init__(self):
    self.seen = []

  def __call__(self, reference, test):
    self.seen.append((reference, test))
    return Detection(np.zeros(test.shape[:2], np.float32), FOUND, None, None)


def test_a_pair_becomes_a_result(entry):
  detector = Remembers()
  done = pairs.evaluate_pair(entry, detector, moves=STILL)
  reference, test = pictures.read_pair(entry.reference_path, entry.test_path)
  ((got_reference, got_test),) = detector.seen
  np.testing.assert_array_equal(got_reference, reference)
  np.testing.assert_array_equal(got_test, test)
  assert (done.result.name, done.result.group) == ('a', 'group1')
  assert (done.result.height, done.result.width) == (24, 32)
  assert done.result.truth.xyxy.tolist() == [[5, 6, 15, 16]]
  assert done.result.truth.kind == ('spur',)
  assert done.result.detections is FOUND
  assert done.result.valid.all()
  assert done.seconds >= 0


def test_the_reference_is_moved_and_the_test_picture_is_not(entry):
  done = pairs.evaluate_pair(entry, Remembers(), moves=MOVED)
  reference, test = pictures.read_pair(entry.reference_path, entry.test_path)
  moved, comparable = misalign.move_reference(reference, **MOVED)
  np.testing.assert_array_equal(done.reference, moved)
  np.testing.assert_array_equal(done.test, test)
  np.testing.assert_array_equal(done.result.valid, comparable)
  assert 0 < comparable.mean() < 1


@pytest.mark.parametrize(
  'change', [{'shift_px': 1.0}, {'rotation_deg': 1.0}, {'scale': 1.01}]
)
def test_swapped_and_moved_has_no_annotations(entry, change):
  with pytest.raises(ValueError, match=r'eval\.swap and eval\.misalign'):
    pairs.evaluate_pair(entry, Remembers(), moves=STILL | change, swap=True)


def test_swapped_pictures_change_places_and_nothing_else(entry):
  detector = Remembers()
  plain = pairs.evaluate_pair(entry, detector, moves=STILL)
  swapped = pairs.evaluate_pair(entry, detector, moves=STILL, swap=True)
  first, second = detector.seen
  np.testing.assert_array_equal(second[0], first[1])
  np.testing.assert_array_equal(second[1], first[0])
  assert (first[0] != first[1]).any()
  np.testing.assert_array_equal(swapped.reference, plain.test)
  np.testing.assert_array_equal(swapped.test, plain.reference)
  np.testing.assert_array_equal(
    swapped.result.truth.xyxy, plain.result.truth.xyxy
  )
  np.testing.assert_array_equal(swapped.result.valid, plain.result.valid)
