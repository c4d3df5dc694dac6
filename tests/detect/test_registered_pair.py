from typing import NamedTuple

import cv2
import numpy as np
import pytest

from tests.model import parts
from zeroshot.detect import registered_pair
from zeroshot.pcb import conductors
from zeroshot.registration import resampling, transforms, warp
from zeroshot.registration.lighting import with_lighting_of
from zeroshot.types import Tile

HEIGHT, WIDTH = 180, 240
MOVES = {
  'none': np.eye(3),
  'far': transforms.translation(30.5, -20.25),
  'turned': transforms.turn_and_scale(7.0, 1.04, height=HEIGHT, width=WIDTH),
  'tilted': np.array([[1, 0.02, 3], [-0.01, 1.01, 2], [1e-4, -5e-5, 1.0]]),
}
TILES = (
  Tile(0, 0, HEIGHT, WIDTH),
  Tile(0, 0, 50, 60),
  Tile(130, 180, 50, 60),
  Tile(64, 96, 33, 1),
)


def pictures():
  rng = np.random.default_rng(1)
  coarse = rng.uniform(30, 225, (18, 24, 3)).astype(np.uint8)
  smooth = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
  return smooth, (smooth * 0.7 + 30).astype(np.uint8)


class Whole(NamedTuple):
  """See ``registered_pair.Crop``; images, from whole pictures."""

  aligned: np.ndarray
  comparable: np.ndarray
  relit: np.ndarray
  test: np.ndarray
  valid: np.ndarray
  valid_mask: np.ndarray


def whole(reference, test, matrix):
  """The crop of the whole picture, from whole pictures."""
  old, new = (p.astype(np.float32) / 255 for p in (reference, test))
  aligned = resampling.warp(old, matrix)
  valid = resampling.inside(matrix, height=HEIGHT, width=WIDTH)
  stand_in = with_lighting_of(aligned, new, valid)
  comparable = np.where(valid[..., None], aligned, stand_in)
  relit = with_lighting_of(new, comparable)
  valid_mask = registered_pair.without_rim(valid.astype(np.float32))
  return Whole(aligned, comparable, relit, new, valid, valid_mask)


def _warp(matrix):
  return warp.Warp(matrix, (HEIGHT, WIDTH), (HEIGHT, WIDTH))


@pytest.mark.parametrize('move', MOVES)
@pytest.mark.parametrize('tile', TILES)
def test_a_window_is_that_of_the_whole(move, tile):
  reference, test = pictures()
  expected = whole(reference, test, MOVES[move])
  pair = registered_pair.register_pair(reference, test, _warp(MOVES[move]))
  window = pair.crop(tile)
  cut = {**window._asdict(), 'relit': pair.relight(window)}
  for name in ('aligned', 'comparable', 'relit', 'test'):
    ours = cut[name]
    theirs = 255 * getattr(expected, name)[tile.window].clip(0, 1)
    assert ours.dtype == np.uint8
    # Resampled and relit pixels are rounded, each by up to half a level.
    assert np.abs(ours - theirs).mean() < 0.75, name
    assert np.abs(ours - theirs).max() < 5, name
  for name in ('valid', 'valid_mask'):
    ours = 1 if cut[name] is None else cut[name]
    theirs = getattr(expected, name)[tile.window]
    np.testing.assert_array_equal(np.broadcast_to(ours, theirs.shape), theirs)
  np.testing.assert_array_equal(pair.valid(), expected.valid)
  assert pair.coverage == pytest.approx(expected.valid.mean(), abs=0.01)
  difference = pair.aligned() - 255 * expected.aligned
  assert np.abs(difference).mean() < 0.75


def test_the_conductor_is_told_as_in_the_whole():
  copper = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
  copper[::40], copper[1::40], copper[2::40] = 255, 255, 255
  reference, test = copper, np.roll(copper, 1, 0) // 2 + 20
  pair = registered_pair.register_pair(
    reference, test, warp.identity(test.shape[:2])
  )
  expected = whole(reference, test, np.eye(3))
  threshold = conductors.conductor_threshold(expected.relit, expected.test)
  assert threshold is not None
  assert pair.conductor_threshold() == pytest.approx(threshold, abs=2e-3)


def test_a_picture_of_one_pixel():
  dot = np.full((1, 1, 3), 9, np.uint8)
  pair = registered_pair.register_pair(dot, dot, warp.identity((1, 1)))
  crop = pair.crop(Tile(0, 0, 1, 1))
  np.testing.assert_array_equal(pair.relight(crop), crop.test)


# --- Where the reference has no content -------------------------------------


def scene(height, width, seed=0):
  return pictures_of(parts.noise(height, width, 3, seed=seed))


def pictures_of(image):
  return np.clip(np.rint(255 * image), 0, 255).astype(np.uint8)


def crop_of(reference, test, mask):
  """The crop of the whole of a pair that was not moved."""
  pair = registered_pair.register_pair(
    reference, test, warp.identity(test.shape[:2]), mask
  )
  return pair.crop(Tile(0, 0, *test.shape[:2]))


@pytest.mark.parametrize('columns', [5, 25, 60])
@pytest.mark.parametrize(('gain', 'offset'), [(1, 0), (0.7, 0.2), (1.3, -0.2)])
def test_stand_in_content_has_the_lighting_of_the_reference(
  columns, gain, offset
):
  test = scene(60, 80) // 2 + 64
  reference = pictures_of(gain * (test / 255) + offset)
  mask = np.ones((60, 80), np.float32)
  mask[:, :columns] = 0
  black = (reference * mask[..., None]).astype(np.uint8)
  filled = crop_of(black, test, mask).comparable
  np.testing.assert_allclose(filled, reference.astype(int), atol=1)
  np.testing.assert_array_equal(filled[:, columns:], reference[:, columns:])


def test_content_is_never_replaced():
  reference, test = scene(30, 40), scene(30, 40, seed=1)
  everywhere = np.ones((30, 40), np.float32)
  filled = crop_of(reference, test, everywhere).comparable
  np.testing.assert_array_equal(filled, reference)
  nowhere = crop_of(reference, test, np.zeros_like(everywhere)).comparable
  np.testing.assert_array_equal(nowhere, test)


def test_a_mask_moves_with_its_reference():
  mask = np.ones((60, 80), np.float32)
  mask[:, :20] = 0
  test = scene(60, 80)
  pair = registered_pair.register_pair(
    test,
    test,
    warp.Warp(transforms.translation(5, 0), test.shape[:2], test.shape[:2]),
    mask,
  )
  for tile in (Tile(0, 0, 60, 80), Tile(10, 8, 20, 30)):
    columns = np.arange(tile.left, tile.left + tile.width)
    expected = np.broadcast_to(
      (columns >= 15) & (columns < 75), (tile.height, tile.width)
    )
    np.testing.assert_array_equal(pair.crop(tile).valid, expected)


def test_what_is_foreign_is_left_out():
  test, reference = scene(60, 80), scene(60, 80)
  reference[30:, 40:] = 255 - reference[30:, 40:]
  foreign = np.array([[0, 0], [0, 1]], np.uint8)
  pair = registered_pair.register_pair(
    reference, test, warp.identity((60, 80)), foreign=foreign
  )
  assert pair.coverage == 0.75
  expected = np.ones((60, 80), np.uint8)
  expected[30:, 40:] = 0
  np.testing.assert_array_equal(pair.valid(), expected)
  crop = pair.crop(Tile(10, 8, 45, 60))
  np.testing.assert_array_equal(crop.valid, expected[10:55, 8:68])
  np.testing.assert_array_equal(crop.comparable, crop.test)
  rim = registered_pair.without_rim(expected)
  np.testing.assert_array_equal(crop.valid_mask, rim[10:55, 8:68])


def test_a_reference_may_be_of_another_size():
  reference, _ = pictures()
  matrix = np.array([[0.5, 0, -10], [0, 0.5, 5], [0, 0, 1.0]])
  move = warp.Warp(matrix, (HEIGHT, WIDTH), (200, 300))
  whole_tile = Tile(0, 0, 200, 300)
  test = move.resample(reference, whole_tile) // 2 + 50
  pair = registered_pair.register_pair(reference, test, move)
  assert pair.coverage == pytest.approx(280.5 / 300, abs=0.01)
  crop = pair.crop(whole_tile)
  np.testing.assert_allclose(pair.relight(crop), test.astype(int), atol=1)
  assert crop.valid[:, 21:].all()
  assert not crop.valid[:, :19].any()
  assert pair.crop(Tile(50, 60, 70, 80)).valid is None


def test_the_rim_of_the_content_is_left_out():
  valid = np.ones((40, 60), np.float32)
  valid[:, :20] = 0
  expected = np.ones((40, 60))
  expected[:, :23] = 0  # up to the upper and lower edge, and not beyond 23
  valid_mask = registered_pair.without_rim(valid)
  np.testing.assert_array_equal(valid_mask, expected)
  assert valid_mask.dtype == np.float32
  hole = np.ones((40, 60), np.float32)
  hole[10, 30] = 0
  expected = np.ones((40, 60))
  expected[7:14, 27:34] = 0
  np.testing.assert_array_equal(registered_pair.without_rim(hole), expected)


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (40, 60)])
@pytest.mark.parametrize('value', [0, 1])
def test_the_edge_of_the_picture_is_no_rim(shape, value):
  valid = np.full(shape, value, np.float32)
  np.testing.assert_array_equal(registered_pair.without_rim(valid), valid)
