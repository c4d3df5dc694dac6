"""Alignments of pictures that lie anyhow to each other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.registration.test_register import farthest_px, texture
from zeroshot.data.pictures import as_uint8
from zeroshot.registration import register, resampling, search, transforms
from zeroshot.registration.pyramid import Pyramid

HEIGHT, WIDTH = 180, 240
SIZE = HEIGHT, WIDTH


def estimate(reference, test, method='homography', **options):
  return register.estimate_move(reference, test, method=method, **options)


def off_px(move, truth, shape=SIZE):
  """How far the farthest corner of the test picture is off its place."""
  return farthest_px(move.warp.matrix, truth, *shape)


def cut(scene, matrix, shape=SIZE):
  """A picture of a scene, uint8; ``matrix`` leads its pixels there."""
  return as_uint8(np.clip(resampling.warp(scene, matrix, shape=shape), 0, 1))


def turned(turn_deg, scale, dx=0.0, dy=0.0):
  """The move about the centre of pictures of ``SIZE``, then a shift."""
  return transforms.translation(dx, dy) @ transforms.turn_and_scale(
    turn_deg, scale, height=HEIGHT, width=WIDTH
  )


def tilted(share):
  """Perspective: opposite sides' lengths differ by this share."""
  matrix = np.eye(3)
  matrix[2, :2] = share / WIDTH, -share / (2 * HEIGHT)
  return matrix


MOVES = {
  'turned': turned(100.0, 1.0),
  'halved': turned(0.0, 0.5),
  'doubled': turned(0.0, 2.0),
  'shifted': turned(0.0, 1.0, 0.4 * WIDTH, 0.0),
  'tilted': tilted(0.08),
}


@pytest.mark.parametrize('move', MOVES.values(), ids=MOVES)
def test_a_large_move_is_found(move):
  """Both pictures show parts of one scene, so that both are full."""
  scene = texture(3, 3 * HEIGHT, 3 * WIDTH)
  corner = transforms.translation(WIDTH, HEIGHT)
  reference, test = cut(scene, corner), cut(scene, corner @ move)
  result = estimate(reference, test)
  assert result.reason == ''
  assert off_px(result, move) < 1.0
  assert result.probability > 0.9


def test_a_crop_is_found_in_the_whole():
  reference = as_uint8(texture(4))
  height, width = (round(0.6 * side) for side in reference.shape[:2])
  test = np.ascontiguousarray(reference[30 : 30 + height, 50 : 50 + width])
  result = estimate(reference, test)
  assert result.warp.test_shape == (height, width)
  assert off_px(result, transforms.translation(50, 30), (height, width)) < 1
  assert result.probability > 0.9
  back = estimate(test, reference)  # and the whole round the crop
  assert off_px(back, transforms.translation(-50, -30), (240, 320)) < 1


@pytest.mark.parametrize('size', [(300, 400), (150, 200), (210, 400)])
def test_pictures_of_two_resolutions(size):
  reference = as_uint8(texture(5))
  test = cv2.resize(reference, size[::-1], interpolation=cv2.INTER_AREA)
  result = estimate(reference, test)
  truth = transforms.resize(size, reference.shape[:2])
  assert result.reason == ''
  assert off_px(result, truth, size) < 1.0


def test_perspective_needs_a_homography():
  scene = texture(6, HEIGHT + 40, WIDTH + 40)
  truth = tilted(0.08)
  corner = transforms.translation(20, 20)
  reference, test = cut(scene, corner), cut(scene, corner @ truth)
  assert estimate(reference, test).method == 'homography'
  affine = estimate(reference, test, method='affine')
  assert affine.method == 'affine'
  assert off_px(affine, truth) > 1.0


def test_a_mirror_image_is_called_so():
  reference = as_uint8(texture(7, *SIZE))
  for test in (reference[:, ::-1], reference[::-1]):
    result = estimate(reference, np.ascontiguousarray(test))
    assert result.mirrored
    assert result.reason == 'the pictures are mirror images'
    assert result.warp.is_identity


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('shape', [(104, 136), SIZE])
def test_unrelated_pictures_are_not_aligned(seed, shape):
  """Also where they overlap so little that nothing can be checked."""
  reference = as_uint8(texture(seed, *shape))
  result = estimate(reference, as_uint8(texture(seed + 100, *shape)))
  assert result.probability < 0.5
  assert 'too unlike' in result.reason
  assert not result.mirrored
  assert result.warp.is_identity


def lattice(period_px=24, mark=None, seed=0):
  """Round pads at every cell; ``mark`` is a unique shape's centre, x and y."""
  picture = np.full((*SIZE, 3), 0.85, np.float32)
  for y in range(period_px // 2, HEIGHT, period_px):
    for x in range(period_px // 2, WIDTH, period_px):
      cv2.circle(picture, (x, y), period_px // 3, (0.2, 0.2, 0.2), -1)
  if mark is not None:
    patch = texture(seed, 60, 60)
    left, top = mark[0] - 30, mark[1] - 30
    picture[top : top + 60, left : left + 60] = patch
  noise = np.random.default_rng(seed + 1).normal(0, 0.01, picture.shape)
  return as_uint8(np.clip(picture + noise, 0, 1).astype(np.float32))


def test_a_shifted_lattice_is_aligned_to_its_mark_or_refused():
  reference, test = lattice(mark=(120, 90)), lattice(mark=(144, 90))
  result = estimate(reference, test)
  aligned = off_px(result, transforms.translation(-24.0, 0.0)) < 1.0
  refused = result.probability < 0.5 or result.period_px > 0
  assert aligned or refused


def test_a_lattice_without_a_mark_is_doubted():
  reference = lattice()
  test = np.roll(lattice(seed=5), round(1.3 * 24), axis=1)
  result = estimate(reference, test)
  assert result.probability < 0.5 or result.period_px == pytest.approx(24, 0.1)


@pytest.mark.parametrize('period_px', [20, 24, 30])
@pytest.mark.parametrize('shift', [0, 4])
def test_the_period_is_that_of_the_nearest_cell(period_px, shift):
  """Other cells, two away and more, fit just as well."""
  test = np.roll(lattice(period_px, seed=5), shift, axis=1)
  pyramids = Pyramid(lattice(period_px)), Pyramid(test)
  found = search.search(*pyramids, max_parameters=6)
  assert found.period_px == pytest.approx(period_px, abs=0.5)
  assert found.moved_px == pytest.approx(shift, abs=0.1)
  assert found.probability == found.check.probability > 0.9
  away = found._replace(moved_px=0.6 * period_px)
  assert away.probability < 0.5


def test_what_is_not_valid_hides_no_cell():
  valid = np.ones(SIZE, np.float32)
  valid[:, :140] = 0
  reference = lattice()
  reference[:, :140] = as_uint8(texture(3, HEIGHT, 140))
  pyramids = Pyramid(reference, valid), Pyramid(lattice(seed=5))
  found = search.search(*pyramids, max_parameters=6)
  assert found.period_px == pytest.approx(24, abs=0.5)


def test_what_does_not_repeat_has_no_period():
  pyramids = Pyramid(as_uint8(texture(3))), Pyramid(as_uint8(texture(3)))
  assert search.search(*pyramids, max_parameters=6).period_px == 0


def test_a_large_reference_is_not_enlarged_round_a_small_crop():
  """Copies of it end at 2,560 px: more would take memory and show nothing."""
  scene = as_uint8(cv2.resize(texture(8, 300, 400), (3600, 2700)))
  test = np.ascontiguousarray(scene[900:1500, 1500:2300])
  prepared = register.prepare(scene)
  result = estimate(scene, test, prepared=prepared)
  truth = transforms.translation(1500, 900)
  assert off_px(result, truth, (600, 800)) < 1.0
  sizes = [max(plane.shape) for plane in prepared._planes.values()]
  assert max(sizes) <= 2560


def test_a_crop_of_a_very_long_strip():
  """OpenCV resamples no side of 32,767 px and more."""
  strip = as_uint8(cv2.resize(texture(9, 64, 4000), (33_000, 64)))
  test = np.ascontiguousarray(strip[:, 3000:13_000])
  result = estimate(strip, test, method='affine')
  centre = result.warp.matrix @ (4999.5, 31.5, 1.0)
  np.testing.assert_allclose(centre[:2], (7999.5, 31.5), atol=1.0)


def test_a_blank_picture_is_not_searched(monkeypatch):
  scene = as_uint8(texture(0, 120, 160))
  blank = np.full_like(scene, 90)
  monkeypatch.setattr(search.candidates, 'generate', None)
  for pair in ((blank, scene), (scene, blank)):
    assert search.search(*map(Pyramid, pair), max_parameters=8) is None
