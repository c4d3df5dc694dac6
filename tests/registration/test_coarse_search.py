import cv2
import numpy as np
import pytest

from zeroshot.registration import coarse_search, gauss_newton, transforms


def texture(seed=0, height=120, width=160):
  random = np.random.default_rng(seed)
  noise = random.standard_normal((height, width)).astype(np.float32)
  smooth = cv2.GaussianBlur(noise, (0, 0), 3.0)
  return smooth / smooth.std()


def picture(height, width):
  grey = np.clip(0.5 + 0.2 * texture(0, height, width), 0, 1)
  return np.repeat(grey[..., None], 3, axis=2)


def rotation(degrees, scale=1.0, height=120, width=160):
  return transforms.turn_and_scale(degrees, scale, height=height, width=width)


def refine(reference, test, num_parameters, start=None):
  start = np.eye(3) if start is None else start
  return gauss_newton.refine(
    reference, test, None, start, num_parameters=num_parameters, iterations=20
  )


@pytest.mark.parametrize(
  ('shape', 'longest'),
  [
    ((100, 80), [100]),
    ((160, 90), [160]),
    ((400, 640), [160, 320, 640]),
    ((700, 650), [160, 320, 640, 700]),
    ((1600, 1300), [160, 320, 640, 1280, 1600]),
    ((3000, 1300), [160, 320, 640, 1280, 2560]),
  ],
)
def test_pyramid_is_never_larger_than_the_pictures(shape, longest):
  levels = coarse_search.pyramid(picture(*shape), picture(*shape))
  assert [max(level.test.shape) for level in levels] == longest
  assert all(level.reference.shape == level.test.shape for level in levels)
  assert abs(levels[0].test.mean()) < 0.02


def test_similarity_is_one_of_equals_and_blind_to_light():
  test = texture()
  level = coarse_search.Level(test, 0.4 * test + 0.1, None, 1)
  assert coarse_search.similarity(level, np.eye(3)) == pytest.approx(
    1, abs=1e-5
  )
  opposite = coarse_search.Level(test, -test, None, 1)
  assert coarse_search.similarity(opposite, np.eye(3)) == pytest.approx(
    -1, abs=1e-5
  )


def test_similarity_of_nothing_is_defined():
  flat = np.zeros((50, 50), np.float32)
  assert (
    coarse_search.similarity(
      coarse_search.Level(flat, flat, None, 1), np.eye(3)
    )
    == 0
  )
  level = coarse_search.Level(texture(), texture(), None, 1)
  away = transforms.translation(100, 0)
  assert coarse_search.similarity(level, away) == -1


@pytest.mark.parametrize('num_parameters', [4, 6, 8])
def test_refine_finds_a_small_move(num_parameters):
  reference, truth = texture(), transforms.translation(1.5, -1) @ rotation(0.7)
  test = transforms.warp(reference, truth)
  move = refine(reference, test, num_parameters)
  error = np.linalg.inv(truth) @ move
  assert transforms.farthest_px(error, height=120, width=160) < 0.1


def test_four_parameters_keep_the_axes_alike():
  reference = texture()
  stretched = np.diag([1.01, 0.99, 1.0])
  move = refine(reference, transforms.warp(reference, stretched), 4)
  np.testing.assert_allclose(move[0, 0], move[1, 1], atol=1e-9)
  np.testing.assert_allclose(move[0, 1], -move[1, 0], atol=1e-9)


def test_refine_rests_where_it_is_right_or_blind():
  test = texture()
  still = refine(test, test, 6)
  assert transforms.farthest_px(still, height=120, width=160) < 1e-3
  flat = np.zeros_like(test)
  np.testing.assert_array_equal(refine(flat, flat, 6, rotation(3)), rotation(3))


def test_stripes_are_not_followed_along():
  wave = np.sin(np.arange(160, dtype=np.float32) / 5)
  reference = np.repeat(wave[None], 120, axis=0)
  move = refine(reference, np.roll(reference, -2, axis=1), 6)
  np.testing.assert_allclose(move, transforms.translation(2, 0), atol=0.05)


def test_estimate_takes_the_smallest_of_equal_moves():
  wave = np.sin(np.arange(160, dtype=np.float32) * (2 * np.pi / 20))
  test = wave[None, :] * wave[:120, None]
  level = coarse_search.Level(np.roll(test, 3, axis=1), test, None, 20)
  move = coarse_search.estimate([level], num_parameters=6)
  np.testing.assert_allclose(move[:2, 2], [3, 0], atol=0.1)


def test_an_unknown_number_of_parameters_raises():
  level = coarse_search.Level(texture(), texture(), None, 20)
  with pytest.raises(ValueError, match='num_parameters is 5; use 6 or 8'):
    coarse_search.estimate([level], num_parameters=5)
