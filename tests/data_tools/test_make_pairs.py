"""The generated set: its layout, and that it depends on the seed alone."""

from __future__ import annotations

import numpy as np
import pytest

from data_tools import make_pairs
from zeroshot.boards import painter
from zeroshot.data import deeppcb, pictures


@pytest.fixture(scope='module')
def out(tmp_path_factory):
  folder = tmp_path_factory.mktemp('generated')
  make_pairs.make(folder, num_pairs=5, seed=0, size_px=256)
  return folder


def content(folder):
  return {
    file.relative_to(folder).as_posix(): file.read_bytes()
    for file in sorted(folder.rglob('*'))
    if file.is_file()
  }


def test_layout_is_deeppcb_s(out):
  lines = (out / 'generated.txt').read_text().splitlines()
  assert len(lines) == 5
  assert lines[0] == (
    'group90000/90000/90000000.jpg group90000/90000_not/90000000.txt'
  )
  assert len(content(out)) == 1 + 3 * 5


def test_our_own_reader_reads_it(out):
  entries = deeppcb.list_pairs(out, 'generated')
  assert {entry.group for entry in entries} == {'group90000', 'group90001'}
  for entry in entries:
    reference, test = pictures.read_pair(entry.reference_path, entry.test_path)
    truth = deeppcb.read_annotations(entry.annotation_path)
    assert reference.shape == test.shape == (256, 256, 3)
    assert 4 <= len(truth.kind) <= 9
    assert truth.xyxy.min() >= 0
    assert truth.xyxy.max() <= 256
    assert (truth.xyxy[:, 2:] - truth.xyxy[:, :2]).min() >= 16


def test_the_pictures_differ_most_inside_the_boxes(out):
  for entry in deeppcb.list_pairs(out, 'generated'):
    reference, test = pictures.read_pair(entry.reference_path, entry.test_path)
    change = np.abs(reference - test).mean(-1)
    inside = np.zeros(change.shape, bool)
    truth = deeppcb.read_annotations(entry.annotation_path)
    for x1, y1, x2, y2 in truth.xyxy.astype(int):
      inside[y1:y2, x1:x2] = True
    assert change[inside].mean() > 1.3 * change[~inside].mean()


def test_every_kind_is_drawn(out):
  kinds = set()
  for entry in deeppcb.list_pairs(out, 'generated'):
    kinds |= set(deeppcb.read_annotations(entry.annotation_path).kind)
  assert kinds == set(deeppcb.KINDS)


def test_the_same_seed_writes_the_same_files(out, tmp_path):
  make_pairs.make(tmp_path, num_pairs=5, seed=0, size_px=256)
  assert content(tmp_path) == content(out)


def test_another_seed_writes_others(out, tmp_path):
  make_pairs.make(tmp_path, num_pairs=5, seed=1, size_px=256)
  other, one = content(tmp_path), content(out)
  assert other.keys() == one.keys()
  assert all(other[n] != one[n] for n in one if n.endswith('.jpg'))


@pytest.mark.parametrize(
  ('num_pairs', 'size_px', 'message'),
  [(1, 256, 'num_pairs is 1'), (4, 100, 'size_px is 100')],
)
def test_wrong_numbers_are_refused(tmp_path, num_pairs, size_px, message):
  with pytest.raises(ValueError, match=message):
    make_pairs.make(tmp_path, num_pairs=num_pairs, seed=0, size_px=size_px)


def test_a_photograph_without_a_shift_keeps_the_grid():
  rng = np.random.default_rng(0)
  copper = painter.draw(rng, size_px=256).copper
  photograph = painter.photograph(rng, copper, shift_px=0.0)
  assert set(np.unique(photograph)) == {0.0, 1.0}
  assert np.mean(photograph == 1 - copper) > 0.97
