"""Pictures are checked in advance, and all bad ones are named."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest

from tests import samples
from zeroshot.data import deeppcb, manifest, pictures, readable


def pair_of(reference, test, *boxes):
  truth = deeppcb.to_boxes(boxes, ['difference'] * len(boxes))
  return manifest.LabelledPair(test.stem, 'a', reference, test, truth)


@pytest.fixture
def good(tmp_path):
  return samples.write_good(tmp_path / 'good.png')


def test_every_bad_picture_is_named_in_the_order_given(tmp_path, good):
  bad = samples.write_all_bad(tmp_path)
  faults = readable.picture_faults([good, *bad, good])
  assert len(faults) == len(bad)
  for line, words in zip(faults, samples.BAD.values(), strict=True):
    assert line.startswith(f'{tmp_path}/{words}')


def test_one_error_names_all_bad_pictures_of_pairs(tmp_path, good):
  bad = samples.write_all_bad(tmp_path)
  pairs = [pair_of(good, good), *(pair_of(one, good) for one in bad)]
  pairs += [pair_of(good, one) for one in bad]  # named once all the same
  with pytest.raises(ValueError, match=f'^{len(bad)} faults: ') as caught:
    readable.check_pairs(pairs)
  for words in samples.BAD.values():
    assert str(caught.value).count(words) == 1


def test_what_reading_refuses_is_what_is_found(tmp_path, good):
  for path in [*samples.write_all_bad(tmp_path), good]:
    try:
      pictures.read_picture(path)
      expected = []
    except ValueError as error:
      expected = [str(error)]
    assert readable.picture_faults([path]) == expected


def test_both_pictures_of_a_pair_are_tried(tmp_path):
  one, two = (
    samples.write_bad(tmp_path / name) for name in list(samples.BAD)[:2]
  )
  first, second = readable.pair_faults([pair_of(one, two)])
  assert (first.startswith(str(one)), second.startswith(str(two))) == (
    True,
  ) * 2


def test_sizes_must_be_equal(tmp_path, good):
  wide = samples.write_good(tmp_path / 'wide.png', width=40)
  (fault,) = readable.pair_faults([pair_of(good, good), pair_of(good, wide)])
  with pytest.raises(ValueError, match='sizes differ') as caught:
    pictures.read_pair(good, wide)
  assert fault == str(caught.value)


@pytest.mark.parametrize(
  ('box', 'inside'),
  [
    ((0, 0, 31, 23), True),
    ((31, 23, 90, 90), True),  # touches
    ((32, 0, 40, 5), False),
    ((0, 24, 5, 30), False),
    ((-5, 0, -1, 5), False),
    ((0, -5, 5, -1), False),
  ],
)
def test_boxes_must_touch_their_picture(good, box, inside):
  faults = readable.pair_faults([pair_of(good, good, (1, 1, 2, 2), box)])
  assert len(faults) == (not inside)
  assert all('outside of the picture, 32x24' in line for line in faults)


def test_boxes_are_tried_though_the_reference_is_bad(tmp_path, good):
  bad = samples.write_bad(tmp_path / 'empty.png')
  faults = readable.pair_faults([pair_of(bad, good, (99, 0, 100, 5))])
  assert [bool(re.search('empty|outside', line)) for line in faults] == [
    True
  ] * 2


def test_no_pair_and_good_pairs_are_well(good):
  readable.check_pairs([])
  readable.check_pairs([pair_of(good, good, (1, 1, 2, 2))] * 3)
  readable.check_pictures([good])


def test_held_pictures_outlive_their_files(tmp_path, good):
  deep = tmp_path / 'deep.png'
  cut = samples.noise(seed=1)
  pictures.write_picture(deep, cut)
  before = pictures.read_pair(good, deep)
  read = readable.hold([pair_of(good, deep)])
  good.unlink()
  deep.write_bytes(b'bad now')
  for _ in range(2):
    after = pictures.read_pair(good, deep, read=read)
    np.testing.assert_array_equal(after, before)


def test_what_is_held_is_tried_first(tmp_path, good):
  bad = samples.write_all_bad(tmp_path)
  with pytest.raises(ValueError, match=f'^{len(bad)} faults: '):
    readable.hold([pair_of(good, one) for one in bad])


def test_memory_stays_flat(tmp_path):
  """Memory of 64 pictures is that of the pictures read at one time."""
  blank = np.zeros((256, 256, 3), np.float32)
  paths = [tmp_path / f'{index}.bmp' for index in range(64)]
  for path in paths:
    pictures.write_picture(path, blank)
  tracemalloc.start()
  try:
    assert readable.picture_faults(paths) == []
    _, peak = tracemalloc.get_traced_memory()
  finally:
    tracemalloc.stop()
  stored = 256 * 256 * 3
  assert peak < 24 * stored  # 8 threads: content, pixels, and some
