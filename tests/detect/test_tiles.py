"""Pictures in tiles, against the same pictures in one tile."""

from __future__ import annotations

import math

import cv2
import ml_collections
import numpy as np
import pytest

from zeroshot.boards import defects, painter
from zeroshot.data.deeppcb import KINDS
from zeroshot.data.pictures import as_image
from zeroshot.detect import detector, scorers, settings, tiling
from zeroshot.inspection import detector as inspection
from zeroshot.registration import resampling, transforms
from zeroshot.weights import files

HEIGHT, WIDTH = 1300, 1500
TILES = dict(tile_px=512, tile_overlap_px=256)
MOVE = transforms.translation(6.3, -4.6) @ transforms.turn_and_scale(
  0.4, 1.0, height=HEIGHT, width=WIDTH
)


def config(**changes):
  """``config.detect`` of the default weights, whole pictures in one tile."""
  stored = files.load('procedural').config['detect']
  return ml_collections.ConfigDict({**stored, 'tile_px': 2048, **changes})


def local_score(reference, test):
  """A score with a reach of 4 px, tolerant of noise and slight relighting."""
  change = np.abs(as_image(reference) - as_image(test)).max(-1)
  return np.clip(2 * cv2.blur(change, (9, 9)) - 0.25, 0, 1)


LOCAL = scorers.Scorer(local_score, stride_px=16)


@pytest.fixture(scope='module')
def pair():
  """A board and a faulty one in another light, uint8, in one grid."""
  rng = np.random.default_rng(3)
  board = painter.draw(rng, size_px=WIDTH)
  copper, placed = defects.add(rng, board, kinds=KINDS * 4)
  assert len(placed) >= 20
  pictures = []
  for pattern, dark, bright in ((board.copper, 40, 220), (copper, 52, 200)):
    grey = np.where(pattern[:HEIGHT] == 1, dark, bright).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 0.8) + rng.normal(0, 3, grey.shape)
    pictures.append(
      np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    )
  return tuple(pictures)


def move_by_hand(picture):
  image = picture.astype(np.float32)
  there = resampling.warp(image, np.linalg.inv(MOVE))
  return np.rint(there).astype(np.uint8)


def whole(reference, test, scorer=LOCAL, **changes):
  detect = detector.build_detector(scorer, config(**changes))
  return detect(*(p.astype(np.float32) / 255 for p in (reference, test)))


def in_tiles(reference, test, scorer=LOCAL, roi_mask=None, **changes):
  detect = detector.build_detector(scorer, config(**{**TILES, **changes}))
  return detect(reference, test, roi_mask=roi_mask)


def assert_alike(boxes, expected, *, px, confidence):
  """Exactly one of ``boxes`` for each of ``expected``."""
  assert len(boxes.xyxy) == len(expected.xyxy) > 0
  apart = np.abs(boxes.xyxy[:, None] - expected.xyxy[None]).max(-1)
  partner = apart.argmin(1)
  assert sorted(partner) == list(range(len(partner)))
  assert apart.min(1).max() <= px
  np.testing.assert_allclose(
    boxes.confidence, expected.confidence[partner], atol=confidence
  )
  assert boxes.kind == tuple(expected.kind[i] for i in partner)


def test_registered_pairs_give_what_whole_pictures_give(pair):
  expected = whole(*pair, registration='none')
  tiled = in_tiles(*pair, registration='none')
  np.testing.assert_allclose(tiled.scores, expected.scores, atol=1e-5)
  assert_alike(tiled.boxes, expected.boxes, px=0, confidence=1e-4)
  assert len(set(tiled.boxes.kind)) >= 4
  assert (np.diff(tiled.boxes.confidence) <= 0).all()
  np.testing.assert_array_equal(tiled.registration.aligned_reference, pair[0])


def test_a_moved_reference_gives_what_whole_pictures_give(pair):
  reference = move_by_hand(pair[0])
  expected = whole(reference, pair[1])
  tiled = in_tiles(reference, pair[1])
  assert_alike(tiled.boxes, expected.boxes, px=1, confidence=0.02)
  move, theirs = tiled.registration, expected.registration
  assert move.method == 'affine'
  assert move.reason == ''
  assert move.shift_px == pytest.approx(theirs.shift_px, abs=0.05)
  assert move.rotation_deg == pytest.approx(theirs.rotation_deg, abs=0.01)
  away = move.matrix @ np.linalg.inv(MOVE)
  assert transforms.farthest_px(away, height=HEIGHT, width=WIDTH) < 0.3
  assert (move.valid != theirs.valid).mean() < 1e-3
  assert move.aligned_reference.dtype == move.valid.dtype == np.uint8
  difference = move.aligned_reference / 255 - theirs.aligned_reference / 255
  assert np.abs(difference).mean() < 0.01


@pytest.mark.parametrize('kind', [np.uint16, np.float32])
def test_pixels_may_be_of_any_type(pair, kind):
  pictures = [picture[:600, :700] for picture in pair]
  expected = in_tiles(*pictures, registration='none')
  scale = {np.uint16: 257, np.float32: np.float32(1 / 255)}[kind]
  tiled = in_tiles(
    *(picture.astype(kind) * kind(scale) for picture in pictures),
    registration='none',
  )
  np.testing.assert_allclose(tiled.scores, expected.scores, atol=1e-5)
  assert_alike(tiled.boxes, expected.boxes, px=0, confidence=1e-4)


def test_outside_the_region_of_interest_nothing_is_detected(pair):
  roi_mask = np.zeros((HEIGHT, WIDTH), np.uint8)
  roi_mask[200:900, 300:700] = 1
  calls = []

  def score(reference, test):
    calls.append(1)
    return local_score(reference, test)

  tiled = in_tiles(
    *pair, scorers.Scorer(score, 16), roi_mask, registration='none'
  )
  everywhere = in_tiles(*pair, registration='none')
  np.testing.assert_allclose(
    tiled.scores, everywhere.scores * roi_mask, atol=1e-6
  )
  x1, y1, x2, y2 = tiled.boxes.xyxy.T
  assert len(x1) > 0
  assert x1.min() >= 298
  assert y1.min() >= 198
  assert x2.max() <= 702
  assert y2.max() <= 902
  grid = tiling.TileSettings(512, 256, stride_px=16)
  assert len(calls) < len(tiling.tile_grid(HEIGHT, WIDTH, grid))


def test_a_pair_head_looks_again_where_something_was_found(pair):
  def layers(reference, test):
    scores = local_score(reference, test)
    first = (test.mean(-1) > 127.5).astype(np.float32)
    box_deltas = np.repeat(scores[..., None], 4, axis=-1)
    return np.dstack([scores, first, 1 - first, box_deltas])

  head = scorers.Scorer(layers, 16, ('bright', 'dark'), regresses_boxes=True)
  settings = dict(registration='none', kinds='learned')
  expected = whole(*pair, head, **settings)
  tiled = in_tiles(*pair, head, **settings)
  assert set(tiled.boxes.kind) == {'bright', 'dark'}
  assert_alike(tiled.boxes, expected.boxes, px=0.01, confidence=1e-4)


def test_a_long_thin_pair():
  rng = np.random.default_rng(0)
  height, width = 96, 34_000  # beyond what OpenCV resamples at once
  coarse = rng.uniform(40, 215, (height // 10, width // 10, 3)).astype(np.uint8)
  drawn = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
  test = drawn.copy()
  spot = test[40:52, 33_000:33_012]
  spot[:] = 255 * (spot < 128)
  reference = np.roll(drawn, (3, 7), (0, 1))
  tiled = in_tiles(reference, test)
  assert tiled.registration.shift_px == pytest.approx(np.hypot(3, 7), abs=0.3)
  assert tiled.scores.shape == (height, width)
  best = tiled.boxes.xyxy[0]
  assert np.abs(best - [33_000, 40, 33_012, 52]).max() <= 4


def test_mistakes_are_named(pair):
  small = pair[0][:64, :64]
  with pytest.raises(ValueError, match='two RGB images'):
    in_tiles(small[..., 0], pair[1])
  with pytest.raises(ValueError, match='roi_mask is'):
    in_tiles(small, small, roi_mask=np.ones((3, 3)))
  with pytest.raises(ValueError, match='threshold is 2'):
    in_tiles(small, small, threshold=2.0)
  broken = scorers.Scorer(lambda r, t: np.full(t.shape[:2], np.nan), 16)
  with pytest.raises(ValueError, match='not finite'):
    in_tiles(small, small + 1, broken)


def test_equal_pictures_have_no_boxes(pair):
  tiled = in_tiles(pair[0], pair[0])
  assert tiled.registration.reason == 'the pictures are identical'
  assert not tiled.scores.any()
  assert len(tiled.boxes.xyxy) == 0


def test_tiles_are_chosen_to_score_few_pixels_twice():
  options = settings.from_config(config(tile_px=512, tile_overlap_px=128))
  size, overlap_px = options.tile_size(1000, 3000, stride_px=16)
  assert overlap_px == 128
  assert math.prod(size) <= 512**2
  grid = tiling.TileSettings(size, overlap_px, stride_px=16)
  tiles = tiling.tile_grid(1000, 3000, grid)
  squares = tiling.tile_grid(1000, 3000, grid._replace(tile_px=512))
  assert scored(tiles) < scored(squares)


def test_large_pictures_take_large_tiles():
  options = settings.from_config(config(tile_px=512, tile_overlap_px=128))
  size, overlap_px = options.tile_size(3000, 4000, stride_px=16)
  grid = tiling.TileSettings(size, overlap_px, stride_px=16)
  assert overlap_px == 192
  assert scored(tiling.tile_grid(3000, 4000, grid)) < 1.13 * 3000 * 4000
  fixed = options._replace(tile_px=(256, 512))
  assert fixed.tile_size(3000, 4000, stride_px=16) == ((256, 512), 128)


def scored(tiles):
  return sum(tile.height * tile.width for tile in tiles)


def test_an_inspection_keeps_its_own_pictures():
  loaded = inspection.Detector.load('default')
  rng = np.random.default_rng(0)
  reference = rng.uniform(50, 100, (120, 120, 3)).astype(np.uint8)
  test = reference.copy()
  test[40:60, 50:70] = 240
  result = loaded.inspect(reference, test)
  assert len(result.boxes) == 1
  np.testing.assert_array_equal(result.test, test)
  reference[:] = test[:] = 0
  assert result.test.any()
  assert result.aligned_reference.any()


@pytest.mark.slow
def test_the_network_shows_no_seam(pair):
  loaded = files.load('procedural')
  network = scorers.network_scorer(
    ml_collections.ConfigDict(loaded.config).model, loaded.parameters
  )
  # Of 14 buckets of 64 px: what is added to fill one changes the border.
  pictures = [np.ascontiguousarray(picture[:896, :896]) for picture in pair]
  expected = whole(*pictures, network, registration='none')
  tiled = in_tiles(*pictures, network, registration='none')
  inner = np.s_[64:-64, 64:-64]  # tiles are filled to 64 px at the border
  np.testing.assert_allclose(
    tiled.scores[inner], expected.scores[inner], atol=4e-3
  )
  np.testing.assert_allclose(tiled.scores, expected.scores, atol=0.02)
  assert_alike(tiled.boxes, expected.boxes, px=1, confidence=0.02)
