"""Pairs of pictures of a drawn board."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.boards import large_pair, pairs
from zeroshot.data import pictures


def place(side, count):
  rng = np.random.default_rng(0)
  return large_pair.place_defects(rng, side, side, count=count)


def test_a_written_pair_differs_in_places(tmp_path):
  files = pairs.write_pair(tmp_path, size_px=192)
  reference, test = map(pictures.read_picture, files)
  assert reference.shape == test.shape == (192, 192, 3)
  assert 0 < np.mean(reference != test) < 0.5


def test_the_smallest_large_pair_has_room_for_defects():
  assert place(large_pair.MIN_PX, 24).shape == (24, 2)


@pytest.mark.parametrize(('side', 'count'), [(1500, 2), (1600, 1000)])
def test_no_room_for_defects_is_an_error(side, count):
  with pytest.raises(ValueError, match=f'--defects={count}: no room .*--width'):
    place(side, count)


def test_a_large_pair_without_defects():
  assert place(2000, 0).shape == (0, 2)
