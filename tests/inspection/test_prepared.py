"""References that are read once, and lists whose pairs overlap."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from tests import samples
from zeroshot.data import pictures
from zeroshot.data.pair_list import ListedPair
from zeroshot.inspection import inputs, listed, prepared
from zeroshot.runtime import machine


@pytest.fixture
def reads(monkeypatch):
  """The roles of the pictures that are read."""
  roles = []
  load = inputs.load_picture

  def load_noted(picture, *, role, **others):
    roles.append(role)
    return load(picture, role=role, **others)

  monkeypatch.setattr(inputs, 'load_picture', load_noted)
  return roles


def write(folder, *names, seed=0):
  """Files of one scene, of which those after the first have a difference."""
  pair = samples.noise_pair(64, 64, seed, (20, 20, 34, 34))
  paths = [folder / f'{name}.png' for name in names]
  for path in paths:
    pictures.write_picture(path, pair[path != paths[0]])
  return paths


def outcome(inspection):
  record = inspection.to_dict()
  return {key: record[key] for key in ('verdict', 'boxes', 'registration')}


def test_a_prepared_reference_gives_what_its_file_gives(tmp_path, reads):
  good, *parts = write(tmp_path, 'good', 'a', 'b')
  detector = samples.load_detector()
  reference = detector.prepare(good)
  del reads[:]
  for part in parts:
    inspection = detector.inspect(reference, part)
    assert outcome(inspection) == outcome(
      detector.inspect(*map(pictures.read_pixels, (good, part)))
    )
    assert inspection.boxes
  assert reads.count('reference') == 2  # of the arrays
  with pytest.raises(ValueError, match='read-only'):
    reference.loaded.stored.pixels[:] = 0


def test_a_file_is_read_again_only_after_it_changed(tmp_path, reads):
  (good,) = write(tmp_path, 'good')
  recent = prepared.Recent()

  def get():
    return recent.get(good, max_megapixels=1, bits=None)

  first = get()
  assert get() is first
  assert reads == ['reference']
  write(tmp_path, 'good', seed=1)
  os.utime(good, ns=(0, 1))
  again = get()
  assert reads == ['reference'] * 2
  assert (again.loaded.stored.pixels != first.loaded.stored.pixels).any()
  assert get() is again
  bits = recent.get(good, max_megapixels=1, bits=8)
  assert bits is not again


def test_few_references_are_remembered(tmp_path, reads, monkeypatch):
  paths = write(tmp_path, *'abcdef')
  recent = prepared.Recent()
  for path in [*paths, paths[-1], paths[0]]:
    recent.get(path, max_megapixels=1, bits=None)
  assert len(reads) == 7  # the first was forgotten, the last was not
  monkeypatch.setattr(prepared, '_MOST_BYTES', 64 * 64 * 3 - 1)
  recent = prepared.Recent()
  for _ in range(2):
    recent.get(paths[0], max_megapixels=1, bits=None)
  assert len(reads) == 9


def test_a_list_with_one_reference_reads_it_once(tmp_path, reads):
  good, *parts = write(tmp_path, 'good', *'abcd')
  many = samples.load_detector().inspect_many([(good, part) for part in parts])
  assert [inspection.name for inspection in many] == list('abcd')
  assert reads.count('reference') == 1
  assert reads.count('test') == 4


def listed_pairs(folder, count):
  good, part = write(folder, 'good', 'part')
  return [ListedPair(row, f'{row}', good, part, '') for row in range(count)]


def test_pairs_of_a_list_overlap_and_keep_their_order(tmp_path, monkeypatch):
  monkeypatch.setattr(machine, 'usable_cores', lambda: 2)
  meeting = threading.Barrier(2, timeout=20)  # breaks if they do not overlap
  active, most = [], []

  def inspect(pair):
    active.append(pair.row)
    most.append(len(active))
    meeting.wait()
    time.sleep(0.02 * (pair.row % 2 == 0))  # the second is done first
    active.remove(pair.row)
    raise ValueError(f'number {pair.row}')

  outcomes = list(listed._prefetch(inspect, listed_pairs(tmp_path, 6)))
  assert [pair.row for pair, _ in outcomes] == list(range(6))
  errors = [error for _, error in outcomes]
  assert errors == [f'number {i}' for i in range(6)]
  assert max(most) == 2


def test_a_list_is_not_read_ahead_further_than_its_threads(
  tmp_path, monkeypatch
):
  monkeypatch.setattr(machine, 'usable_cores', lambda: 2)
  taken = []

  def rows():
    for pair in listed_pairs(tmp_path, 20):
      taken.append(pair.row)
      yield pair

  def inspect(pair):
    raise ValueError(str(pair.row))

  outcomes = listed._prefetch(inspect, rows())
  next(outcomes)
  assert len(taken) == 3
  outcomes.close()


def test_the_pixels_of_a_result_are_those_of_its_reference(tmp_path):
  good, part = write(tmp_path, 'good', 'part')
  inspection = samples.load_detector().inspect(good, part)
  np.testing.assert_array_equal(
    inspection.aligned_reference, pictures.read_pixels(good)
  )
