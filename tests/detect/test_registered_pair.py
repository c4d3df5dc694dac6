import cv2
import numpy as np
import pytest

from tests.model import parts
from zeroshot.detect import registered_pair
from zeroshot.pcb import conductors
from zeroshot.registration import transforms, warp
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


def whole(reference, test, matrix):
  """The crop of the whole picture, from whole pictures."""
  old, new = (p.astype(np.float32) / 255 for p in (reference, test))
  aligned = transforms.warp(old, matrix)
  valid = transforms.inside(matrix, height=HEIGHT, width=WIDTH)
  stand_in = with_lighting_of(aligned, new, valid)
  comparable = np.where(valid[..., None], aligned, stand_in)
  relit = with_lighting_of(new, comparable)
  valid_mask = registered_pair.without_rim(valid.astype(np.float32))
  return registered_pair.Crop(
    aligned, comparable, relit, new, valid, valid_mask
  )


def _warp(matrix):
  return warp.Warp(matrix, (HEIGHT, WIDTH), (HEIGHT, WIDTH))


@pytest.mark.parametrize('move', MOVES)
@pytest.mark.parametrize('tile', TILES)
def test_a_window_is_that_of_the_whole(move, tile):
  reference, test = pictures()
  expected = whole(reference, test, MOVES[move])
  pair = registered_pair.register_pair(reference, test, _warp(MOVES[move]))
  window = pair.crop(tile)
  for name in ('aligned', 'comparable', 'relit', 'test'):
    ours, theirs = getattr(window, name), getattr(expected, name)[tile.window]
    assert ours.dtype == np.float32
    # Resampled pixels stay uint8, which rounds by up to half a level.
    assert np.abs(ours - theirs).mean() < 2e-3, name
    assert np.abs(ours - theirs).max() < 0.02, name
  np.testing.assert_array_equal(window.valid, expected.valid[tile.window])
  np.testing.assert_array_equal(
    window.valid_mask, expected.valid_mask[tile.window]
  )


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
  assert pair.conductor_threshold() == pytest.approx(threshold, abs=1e-5)


def test_a_picture_of_one_pixel():
  dot = np.full((1, 1, 3), 9, np.uint8)
  crop = registered_pair.register_pair(dot, dot, warp.identity((1, 1))).crop(
    Tile(0, 0, 1, 1)
  )
  np.testing.assert_array_equal(crop.relit, crop.test)


# --- Where the reference has no content -------------------------------------


def scene(height, width, seed=0):
  return parts.noise(height, width, 3, seed=seed)


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
  test = scene(60, 80)
  reference = (gain * test + offset).astype(np.float32)
  mask = np.ones((60, 80), np.float32)
  mask[:, :columns] = 0
  filled = crop_of(reference * mask[..., None], test, mask).comparable
  np.testing.assert_allclose(filled, reference, atol=1e-3)
  assert filled.dtype == np.float32
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
