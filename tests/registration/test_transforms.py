import numpy as np
import pytest

from zeroshot.registration import transforms


def far_matrix():
  return transforms.translation(5.0, -7.0) @ transforms.turn_and_scale(
    8.0, 1.05, height=90, width=120
  )


def test_describe_returns_what_a_matrix_was_made_of():
  move = transforms.describe(far_matrix(), height=90, width=120)
  assert move.shift_px == pytest.approx(np.hypot(5, 7))
  assert move.rotation_deg == pytest.approx(8)
  assert move.scale == pytest.approx(1.05)


def test_a_positive_turn_is_anticlockwise_as_seen():
  matrix = transforms.turn_and_scale(90.0, 1.0, height=11, width=11)
  np.testing.assert_allclose(matrix @ [10, 5, 1], [5, 0, 1], atol=1e-9)


def test_warp_reads_where_the_matrix_leads():
  picture = np.random.default_rng(0).random((20, 30, 3), np.float32)
  read = transforms.warp(picture, transforms.translation(4, 3))
  np.testing.assert_array_equal(read[:17, :26], picture[3:, 4:])
  perspective = transforms.translation(4, 3)
  perspective[2, 0] = 1e-12
  np.testing.assert_allclose(
    transforms.warp(picture, perspective)[:17, :26], picture[3:, 4:], atol=1e-3
  )


def test_rescaled_there_and_back_is_the_same_and_keeps_edges():
  matrix = far_matrix()
  sizes = dict(from_shape=(90, 120), to_shape=(270, 240))
  larger = transforms.rescale(matrix, **sizes)
  again = transforms.rescale(larger, from_shape=(270, 240), to_shape=(90, 120))
  np.testing.assert_allclose(again, matrix, atol=1e-9)
  edge = transforms.rescale(np.eye(3), **sizes)
  np.testing.assert_allclose(edge, np.eye(3), atol=1e-12)
  doubled = transforms.rescale(
    transforms.translation(1, 1), from_shape=(10, 10), to_shape=(20, 20)
  )
  np.testing.assert_allclose(doubled, transforms.translation(2, 2))


def test_inside_follows_the_edges():
  assert transforms.inside(np.eye(3), height=5, width=7).all()
  content = transforms.inside(transforms.translation(2, -1), height=5, width=7)
  expected = np.zeros((5, 7), bool)
  expected[1:, :5] = True
  np.testing.assert_array_equal(content, expected)


def test_farthest_is_the_corner_that_travels_most():
  assert transforms.farthest_px(np.eye(3), height=5, width=7) == 0
  assert transforms.farthest_px(
    transforms.translation(3, 4), height=5, width=7
  ) == pytest.approx(5)


@pytest.mark.parametrize(
  ('matrix', 'fine'),
  [
    (np.eye(3), True),
    (far_matrix(), True),
    (np.diag([-1.0, 1.0, 1.0]), False),
    (np.diag([0.0, 1.0, 1.0]), False),
    (np.diag([1.4, 1.0, 1.0]), False),
    (np.full((3, 3), np.nan), False),
    (transforms.translation(40, 0), False),
    (transforms.turn_and_scale(20.0, 1.0, height=90, width=120), False),
  ],
)
def test_plausible_knows_what_a_fixture_does(matrix, fine):
  assert transforms.plausible(matrix, height=90, width=120) is fine
