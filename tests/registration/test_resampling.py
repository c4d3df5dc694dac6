"""Pictures read where a matrix leads, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from zeroshot.registration import resampling, transforms

HEIGHT, WIDTH = 23, 31


def random_matrix(seed, perspective=0.0):
  """A turn, a scale, a shear and a shift; most leave a part inside."""
  random = np.random.default_rng(seed)
  turn, scale = random.uniform(-180, 180), random.uniform(0.4, 2.5)
  matrix = transforms.turn_and_scale(turn, scale, height=HEIGHT, width=WIDTH)
  matrix[:2, :2] += random.uniform(-0.3, 0.3, (2, 2))
  matrix = transforms.translation(*random.uniform(-15, 15, 2)) @ matrix
  matrix[2, :2] = random.uniform(-perspective, perspective, 2)
  return matrix


def inside_pixel_by_pixel(matrix, height, width, reference_shape):
  """Whether each pixel lies in the reference, and which are too near to say."""
  h, w = reference_shape
  found = np.zeros((height, width), bool)
  unsure = np.zeros((height, width), bool)
  for y in range(height):
    for x in range(width):
      across, down, depth = matrix @ (x, y, 1.0)
      if depth <= 0:
        unsure[y, x] = depth > -1e-4
        continue
      across, down = across / depth, down / depth
      to_edge = min(across + 0.5, down + 0.5, w - 0.5 - across, h - 0.5 - down)
      found[y, x] = to_edge >= 0
      unsure[y, x] = abs(to_edge) < 2e-3
  return found, unsure


def assert_inside_is_right(matrix, reference_shape=(HEIGHT, WIDTH)):
  expected, unsure = inside_pixel_by_pixel(
    matrix, HEIGHT, WIDTH, reference_shape
  )
  content = resampling.inside(
    matrix, height=HEIGHT, width=WIDTH, reference_shape=reference_shape
  )
  assert unsure.mean() < 0.05
  np.testing.assert_array_equal(content[~unsure], expected[~unsure])
  return expected


def test_warp_reads_where_the_matrix_leads():
  picture = np.random.default_rng(0).random((20, 30, 3), np.float32)
  read = resampling.warp(picture, transforms.translation(4, 3))
  np.testing.assert_array_equal(read[:17, :26], picture[3:, 4:])
  perspective = transforms.translation(4, 3)
  perspective[2, 0] = 1e-12
  np.testing.assert_allclose(
    resampling.warp(picture, perspective)[:17, :26], picture[3:, 4:], atol=1e-3
  )


@pytest.mark.parametrize('tilt', [0.0, 1e-3])
def test_warp_fills_any_shape_and_repeats_the_edge(tilt):
  picture = np.random.default_rng(0).random((5, 7), np.float32)
  matrix = transforms.translation(-2, -1)
  matrix[2, 0] = tilt  # of pictures so small, less than half a pixel
  wide = resampling.warp(picture, matrix, shape=(9, 12))
  assert wide.shape == (9, 12)
  np.testing.assert_allclose(wide[0, :2], picture[0, 0], atol=1e-6)
  np.testing.assert_allclose(wide[7:, 11], picture[-1, -1], atol=1e-6)


def test_inside_follows_the_edges():
  assert resampling.inside(np.eye(3), height=5, width=7).all()
  content = resampling.inside(transforms.translation(2, -1), height=5, width=7)
  expected = np.zeros((5, 7), bool)
  expected[1:, :5] = True
  np.testing.assert_array_equal(content, expected)


@pytest.mark.parametrize('perspective', [0.0, 0.01])
def test_inside_equals_each_pixel_on_its_own(perspective):
  parts = 0
  for seed in range(40):
    expected = assert_inside_is_right(random_matrix(seed, perspective))
    parts += 0 < expected.sum() < expected.size
  assert parts > 20  # else little was tested


@pytest.mark.parametrize('shape', [(9, 60), (40, 12), (1, 1)])
def test_inside_of_a_reference_of_another_size(shape):
  for seed in range(10):
    assert_inside_is_right(random_matrix(seed, 0.005), shape)


@pytest.mark.parametrize('sign', [1.0, -1.0])
@pytest.mark.parametrize(
  'horizon', [(1.0, 0.0, -15.3), (0.0, 1.0, -11.3), (0.7, -0.6, -4.05)]
)
def test_what_lies_behind_the_horizon_is_not_inside(horizon, sign):
  """Where the depth is negative, the same quotients would lie in it."""
  matrix = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 0.0]])
  matrix[2] = sign * 0.2 * np.array(horizon)
  expected = assert_inside_is_right(matrix)
  depth = [[matrix[2] @ (x, y, 1) for x in range(WIDTH)] for y in range(HEIGHT)]
  assert (np.array(depth) > 0).any()
  assert (np.array(depth) < 0).any()
  assert expected.any()
  mirrored = np.diag([1.0, 1.0, 1.0])
  mirrored[2, 2] = -1.0  # depth is negative everywhere
  assert not resampling.inside(mirrored, height=HEIGHT, width=WIDTH).any()


@pytest.mark.parametrize(
  'shift', [(WIDTH, 0), (-WIDTH, 0), (0, HEIGHT), (0, -HEIGHT), (1e6, 1e6)]
)
def test_a_shift_out_of_the_picture_leaves_nothing(shift):
  matrix = transforms.translation(*shift)
  assert not resampling.inside(matrix, height=HEIGHT, width=WIDTH).any()
  if abs(sum(shift)) < 1e6:
    shorter = transforms.translation(*(s - np.sign(s) for s in shift))
    content = resampling.inside(shorter, height=HEIGHT, width=WIDTH)
    assert content.sum() in (HEIGHT, WIDTH)  # one line is left


def test_points_lead_inside_where_inside_says_so():
  for seed in range(10):
    matrix = random_matrix(seed, 0.01)
    x, y = np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT)[:, None]
    _, unsure = inside_pixel_by_pixel(matrix, HEIGHT, WIDTH, (HEIGHT, WIDTH))
    leads = resampling.leads_inside(
      matrix, x, y.astype(np.float32), height=HEIGHT, width=WIDTH
    )
    content = resampling.inside(matrix, height=HEIGHT, width=WIDTH)
    assert leads.shape == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(leads[~unsure], content[~unsure])


@pytest.mark.parametrize('size', [0, 1, 63, 64, 65, 128, 1000])
@pytest.mark.parametrize('channels', [1, 3])
def test_read_gives_every_point_its_value(size, channels):
  """Rows of 64 points are filled up; no filling is handed back."""
  random = np.random.default_rng(size)
  plane = random.random((20, 30, channels), np.float32)
  column, row = random.integers(0, 30, size), random.integers(0, 20, size)
  values = resampling.read(plane, column, row)
  assert values.shape == (size, channels)
  assert values.dtype == np.float32
  np.testing.assert_array_equal(values, plane[row, column])


def test_read_is_bilinear_and_repeats_the_edge():
  plane = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)[..., None]
  across = np.array([0.5, 0.25, 0.0, -3.0, 9.0, 0.5])
  down = np.array([0.0, 0.0, 0.5, 0.0, 1.0, 7.0])
  values = resampling.read(plane, across, down)[:, 0]
  np.testing.assert_allclose(values, [0.5, 0.25, 1, 0, 3, 2.5], atol=1e-6)


def test_more_points_than_rows_that_can_be_resampled():
  plane = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
  pixel = np.arange(40_000) % 12
  values = resampling.read(plane, pixel % 4, pixel // 4)
  np.testing.assert_array_equal(values[:, 0], pixel)
