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


def test_between_sizes_there_and_back_is_the_same_and_keeps_edges():
  matrix = far_matrix()
  small, large = ((90, 120), (45, 60)), ((270, 240), (90, 180))
  larger = transforms.between_sizes(matrix, from_shapes=small, to_shapes=large)
  again = transforms.between_sizes(larger, from_shapes=large, to_shapes=small)
  np.testing.assert_allclose(again, matrix, atol=1e-9)
  same = ((90, 120), (90, 120)), ((270, 240), (270, 240))
  edge = transforms.between_sizes(
    np.eye(3), from_shapes=same[0], to_shapes=same[1]
  )
  np.testing.assert_allclose(edge, np.eye(3), atol=1e-12)
  doubled = transforms.between_sizes(
    transforms.translation(1, 1),
    from_shapes=((10, 10), (10, 10)),
    to_shapes=((20, 20), (20, 20)),
  )
  np.testing.assert_allclose(doubled, transforms.translation(2, 2))


def test_a_resized_copy_keeps_the_edges():
  corner = transforms.resize((10, 20), (30, 40)) @ [-0.5, -0.5, 1]
  np.testing.assert_allclose(corner, [-0.5, -0.5, 1])


def test_the_affine_part_equals_the_move_at_the_centre():
  matrix = far_matrix()
  matrix[2, :2] = 1e-3, -2e-3
  affine = transforms.affine_part(matrix, (90, 120))
  assert affine[2].tolist() == [0, 0, 1]
  assert transforms.distance_px(matrix, affine, (90, 120)) < 1e-9
  assert transforms.scale_at_centre(affine, (90, 120)) == pytest.approx(
    transforms.scale_at_centre(matrix, (90, 120))
  )


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
    (np.diag([2.7, 1.0, 1.0]), False),
    (np.diag([0.2, 0.2, 1.0]), False),
    (np.full((3, 3), np.nan), False),
    (transforms.translation(60, 0), True),
    (transforms.translation(130, 0), False),
    (transforms.turn_and_scale(150.0, 2.4, height=90, width=120), True),
    (np.array([[1, 0, 0], [0, 1, 0], [0.02, 0, 1.0]]), False),
  ],
)
def test_plausible_knows_what_a_fixture_does(matrix, fine):
  assert transforms.plausible(matrix, (90, 120), (90, 120)) is fine
