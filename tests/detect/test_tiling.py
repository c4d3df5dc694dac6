import itertools

import cv2
import numpy as np
import pytest

from zeroshot.detect import tiling


def pictures(height, width, seed=0):
  random = np.random.default_rng(seed)
  return random.random((2, height, width, 3), np.float32)


def blurred_difference(reference, test):
  """Scores with a reach of 4 pixels."""
  difference = np.abs(reference - test).mean(-1)
  return cv2.blur(difference, (9, 9), borderType=cv2.BORDER_CONSTANT)


def cells(reference, test):
  """Scores of a network with cells of 16 pixels, padded at the far edge."""
  difference = np.abs(reference - test).mean(-1)
  height, width = difference.shape
  padded = np.pad(difference, ((0, -height % 16), (0, -width % 16)))
  rows, columns = padded.shape[0] // 16, padded.shape[1] // 16
  means = padded.reshape(rows, 16, columns, 16).mean((1, 3))
  return np.kron(means, np.ones((16, 16), np.float32))[:height, :width]


@pytest.mark.parametrize(
  ('height', 'width'), [(1, 1), (64, 64), (65, 64), (64, 200), (333, 217)]
)
@pytest.mark.parametrize('stride_px', [1, 16])
def test_tiles_cover_the_picture_and_overlap(height, width, stride_px):
  tiles = tiling.tile_grid(
    height,
    width,
    tiling.TileSettings(tile_px=64, overlap_px=16, stride_px=stride_px),
  )
  count = np.zeros((height, width), int)
  for tile in tiles:
    assert tile.top % stride_px == tile.left % stride_px == 0
    assert tile.top + tile.height <= height
    assert tile.left + tile.width <= width
    count[tile.window] += 1
  assert count.min() == 1
  assert len({(tile.height, tile.width) for tile in tiles}) == 1
  assert max(tiles[0].height, tiles[0].width) <= 64
  tops = sorted({tile.top for tile in tiles})
  for before, after in itertools.pairwise(tops):
    assert before + tiles[0].height - after >= 16


def test_a_picture_within_a_tile_is_one_tile():
  assert tiling.tile_grid(
    64, 40, tiling.TileSettings(tile_px=64, overlap_px=16)
  ) == [(0, 0, 64, 40)]


@pytest.mark.parametrize(
  ('height', 'width'), [(50, 60), (65, 300), (256, 64), (201, 311)]
)
def test_tiled_equals_whole_for_a_local_function(height, width):
  reference, test = pictures(height, width)
  whole = blurred_difference(reference, test)
  scores = tiling.score_tiled(
    blurred_difference,
    reference,
    test,
    tiling.TileSettings(tile_px=64, overlap_px=20),
  )
  assert scores.dtype == np.float32
  np.testing.assert_allclose(scores, whole, atol=1e-6)


@pytest.mark.parametrize(('height', 'width'), [(300, 211), (97, 333)])
def test_tiled_equals_whole_for_strided_cells(height, width):
  reference, test = pictures(height, width)
  scores = tiling.score_tiled(
    cells,
    reference,
    test,
    tiling.TileSettings(tile_px=96, overlap_px=64, stride_px=16),
  )
  np.testing.assert_allclose(scores, cells(reference, test), atol=1e-6)


def test_layers_are_blended_like_scores():
  reference, test = pictures(201, 311)

  def layers(reference, test):
    scores = blurred_difference(reference, test)
    return np.stack([scores, 1 - scores], axis=-1)

  blended = tiling.score_tiled(
    layers, reference, test, tiling.TileSettings(tile_px=64, overlap_px=20)
  )
  assert blended.dtype == np.float32
  np.testing.assert_allclose(blended, layers(reference, test), atol=1e-6)


def test_all_tiles_have_one_shape():
  shapes = set()

  def score(reference, test):
    shapes.add((reference.shape, test.shape))
    return np.zeros(test.shape[:2], np.float32)

  tiling.score_tiled(
    score, *pictures(150, 40), tiling.TileSettings(tile_px=64, overlap_px=16)
  )
  assert shapes == {((61, 40, 3), (61, 40, 3))}  # (150 + 2 * 16) / 3, and up


def test_tiles_that_disagree_leave_no_seam():
  calls = itertools.count()

  def score(reference, test):
    return np.full(test.shape[:2], next(calls) % 2, np.float32)

  grid = tiling.TileSettings(tile_px=64, overlap_px=32)
  scores = tiling.score_tiled(score, *pictures(40, 160), grid)
  assert next(calls) > 2
  assert np.abs(np.diff(scores, axis=1)).max() <= 1 / 8 + 1e-6
  assert scores.min() == 0
  assert scores.max() == 1


def test_without_overlap_tiles_are_laid_side_by_side():
  reference, test = pictures(70, 130)
  pointwise = np.abs(reference - test).mean(-1)
  scores = tiling.score_tiled(
    lambda r, t: np.abs(r - t).mean(-1),
    reference,
    test,
    tiling.TileSettings(tile_px=32, overlap_px=0),
  )
  np.testing.assert_allclose(scores, pointwise, atol=1e-6)


@pytest.mark.parametrize(
  'size',
  [
    dict(tile_px=64, overlap_px=64),
    dict(tile_px=64, overlap_px=-1),
    dict(tile_px=64, overlap_px=40, stride_px=16),
    dict(tile_px=64, overlap_px=16, stride_px=0),
  ],
)
def test_tiles_that_cannot_overlap_raise(size):
  with pytest.raises(ValueError, match='cannot overlap'):
    tiling.tile_grid(100, 100, tiling.TileSettings(**size))


def test_wrong_shapes_raise():
  reference, test = pictures(100, 100)
  with pytest.raises(ValueError, match='one score for each pixel'):
    tiling.score_tiled(
      lambda r, t: t[1:],
      reference,
      test,
      tiling.TileSettings(tile_px=64, overlap_px=16),
    )
  with pytest.raises(ValueError, match='one score for each pixel'):
    tiling.score_tiled(
      lambda r, t: t[..., None],
      reference,
      test,
      tiling.TileSettings(tile_px=64, overlap_px=16),
    )
  with pytest.raises(ValueError, match='crop or resize'):
    tiling.score_tiled(
      blurred_difference,
      reference[1:],
      test,
      tiling.TileSettings(tile_px=64, overlap_px=16),
    )
  with pytest.raises(ValueError, match='0 x 5 px'):
    tiling.tile_grid(0, 5, tiling.TileSettings(tile_px=64, overlap_px=16))


@pytest.mark.parametrize(('height', 'width'), [(50, 60), (201, 311)])
def test_weights_sum_to_one(height, width):
  grid = tiling.TileSettings(tile_px=64, overlap_px=20)
  tiles = tiling.tile_grid(height, width, grid)
  total = np.zeros((height, width), np.float32)
  weights = tiling.blend_weights(tiles, overlap_px=20)
  for tile, weight in zip(tiles, weights, strict=True):
    assert weight.min() >= 0
    total[tile.window] += weight
  np.testing.assert_allclose(total, 1, atol=1e-6)
