import cv2
import numpy as np
import pytest

from zeroshot.detect import regions
from zeroshot.detect.components import join


def specks(seed=0, shape=(1300, 1700)):
  rng = np.random.default_rng(seed)
  mask = np.zeros(shape, np.uint8)
  for _ in range(80):
    x, y = rng.integers(0, shape[1]), rng.integers(0, shape[0])
    cv2.line(mask, (x, y), (x + int(rng.integers(200)), y + 30), 1, 3)
  return mask.astype(bool)


@pytest.mark.parametrize('join_px', [0.0, 2.0, 40.0])
def test_each_component_is_whole_in_one_region(join_px):
  mask = specks()
  _, labels = cv2.connectedComponents(
    join(mask, join_px=join_px), connectivity=8
  )
  total = np.zeros(mask.shape, int)
  covered = set()
  for region in regions.regions(mask, threshold=0, join_px=join_px):
    total[region.tile.window] += region.own
    members = set(np.unique(labels[region.tile.window][region.own]))
    assert not members & covered
    covered |= members
  np.testing.assert_array_equal(total, mask)


def test_a_region_has_context_but_not_beyond_the_picture():
  mask = np.zeros((400, 300), bool)
  mask[200:210, 5:20] = True
  (region,) = regions.regions(mask, threshold=0, join_px=2.0)
  tile = region.tile
  assert tile.left == 0
  assert 20 <= tile.top <= 180
  assert tile.left + tile.width >= 60
  assert region.own.sum() == mask.sum()


def test_what_is_too_large_is_cut():
  mask = np.zeros((700, 1500), bool)
  mask[100:600, 30:1400] = True
  mask[650:660, 700:720] = True
  parts = list(
    regions.regions(mask, threshold=0, join_px=2.0, max_pixels=500_000)
  )
  total = np.zeros(mask.shape, int)
  for region in parts:
    total[region.tile.window] += region.own
    assert max(region.own.shape) <= 512 + 2 * 64
  np.testing.assert_array_equal(total, mask)
  assert len(parts) == 4  # the speck, and squares of 512 px of the block


def test_nothing_has_no_regions():
  assert (
    list(regions.regions(np.zeros((50, 60), bool), threshold=0, join_px=2.0))
    == []
  )
