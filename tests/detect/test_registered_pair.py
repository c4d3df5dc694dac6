import cv2
import numpy as np
import pytest

from zeroshot.detect import detector, windowed
from zeroshot.detect.tiling import Tile
from zeroshot.pcb import conductors
from zeroshot.registration import transforms
from zeroshot.registration.lighting import with_lighting_of

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
  """What ``detector.prepare`` makes of a move."""
  old, new = (p.astype(np.float32) / 255 for p in (reference, test))
  aligned = transforms.warp(old, matrix)
  valid = transforms.inside(matrix, height=HEIGHT, width=WIDTH)
  valid = valid.astype(np.float32)
  comparable = detector.fill(aligned, new, valid)
  lit = with_lighting_of(new, comparable)
  return windowed.Cut(
    aligned, comparable, lit, new, valid, detector.within(valid)
  )


@pytest.mark.parametrize('move', MOVES)
@pytest.mark.parametrize('tile', TILES)
def test_a_window_is_that_of_the_whole(move, tile):
  reference, test = pictures()
  expected = whole(reference, test, MOVES[move])
  found = windowed.views(reference, test, MOVES[move]).cut(tile)
  for name in ('aligned', 'comparable', 'lit', 'test'):
    ours, theirs = getattr(found, name), getattr(expected, name)[tile.window]
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).mean() < 1e-3, name
    assert np.abs(ours - theirs).max() < 0.02, name
  np.testing.assert_array_equal(found.valid, expected.valid[tile.window] > 0)
  np.testing.assert_array_equal(found.seen, expected.seen[tile.window])


def test_the_conductor_is_told_as_in_the_whole():
  copper = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
  copper[::40], copper[1::40], copper[2::40] = 255, 255, 255
  reference, test = copper, np.roll(copper, 1, 0) // 2 + 20
  views = windowed.views(reference, test, np.eye(3))
  expected = whole(reference, test, np.eye(3))
  threshold = conductors.conductor_threshold(expected.lit, expected.test)
  assert threshold is not None
  assert views.conductor_threshold() == pytest.approx(threshold, abs=1e-5)


def test_a_picture_of_one_pixel():
  dot = np.full((1, 1, 3), 9, np.uint8)
  cut = windowed.views(dot, dot, np.eye(3)).cut(Tile(0, 0, 1, 1))
  np.testing.assert_array_equal(cut.lit, cut.test)
