"""Rough moves refined level by level, on planes of one size of subject."""

from __future__ import annotations

import numpy as np
import pytest

from tests.registration.test_register import farthest_px, texture
from zeroshot.data.pictures import as_uint8
from zeroshot.registration import refinement, resampling, transforms
from zeroshot.registration.pyramid import Pyramid

HEIGHT, WIDTH = 240, 320
SIZE = HEIGHT, WIDTH
LEVELS = (80, 160, 320)


def blank(height, width):
  return Pyramid(np.zeros((height, width, 3), np.uint8))


def scaled(scale, height=HEIGHT, width=WIDTH):
  return transforms.turn_and_scale(0.0, scale, height=height, width=width)


def pair(truth, seed=0):
  """A scene's middle as reference, and the test picture that ``truth`` cuts."""
  scene = texture(seed, HEIGHT + 80, WIDTH + 80)
  corner = transforms.translation(40, 40)
  return [
    Pyramid(
      as_uint8(np.clip(resampling.warp(scene, corner @ move, shape=SIZE), 0, 1))
    )
    for move in (np.eye(3), truth)
  ]


def sizes_of(planes):
  return planes[0].shape, planes[1].shape


@pytest.mark.parametrize('scale', [0.4, 0.8, 1.0, 1.3, 2.5])
def test_planes_show_the_subject_at_about_one_size(scale):
  pyramids = blank(600, 800), blank(600, 800)
  matrix = scaled(scale, 600, 800)
  old, new = sizes_of(refinement.planes_of(*pyramids, matrix, 200))
  assert new == (150, 200)
  assert new[1] / old[1] == pytest.approx(scale, rel=0.035)
  assert new[0] / old[0] == pytest.approx(scale, rel=0.035)


def test_a_reference_has_few_sizes():
  """So its planes serve many test pictures that differ little in size."""
  reference, test = blank(600, 800), blank(600, 800)
  scales = np.geomspace(0.98, 1.02, 9)
  planes = {
    id(refinement.planes_of(reference, test, scaled(s, 600, 800), 320)[0])
    for s in scales
  }
  assert planes == {id(reference.plane(0.4))}
  many = np.geomspace(0.5, 2.0, 500)
  widths = {
    refinement.planes_of(reference, test, scaled(s, 600, 800), 320)[0].width
    for s in many
  }
  assert len(widths) < 30


def test_a_reference_is_never_enlarged():
  """Else what it shows of the test picture's subject is shrunk alike."""
  reference, test = blank(150, 200), blank(600, 800)
  matrix = transforms.resize((600, 800), (150, 200))
  old, new = sizes_of(refinement.planes_of(reference, test, matrix, 640))
  assert old == (150, 200)
  assert new[1] == pytest.approx(200, rel=0.035)
  large = blank(3000, 4000)
  matrix = scaled(0.7, 3000, 4000)
  old, new = sizes_of(refinement.planes_of(large, large, matrix, 2560))
  assert old == (1920, 2560)
  assert new[1] == pytest.approx(0.7 * 2560, rel=0.035)


def test_a_matrix_is_handed_over_in_the_planes_pixels():
  pyramids = blank(600, 800), blank(300, 400)
  matrix = transforms.translation(80, -40) @ transforms.resize(
    (300, 400), (600, 800)
  )
  planes = refinement.planes_of(*pyramids, matrix, 200)
  seen = refinement.on_planes(lambda *all: all, *pyramids, matrix, 200)
  assert (seen[0], seen[1]) == planes
  height, width = planes[0].shape
  place = seen[2] @ (99.5, 74.5, 1)  # the middle, which is moved by a tenth
  np.testing.assert_allclose(place[0], 0.6 * width - 0.5)
  np.testing.assert_allclose(place[1], (0.5 - 40 / 600) * height - 0.5)


TRUTHS = {
  'shifted': transforms.translation(9.3, -6.6),
  'turned': transforms.turn_and_scale(4.0, 1.0, height=HEIGHT, width=WIDTH),
  'scaled': scaled(1.06),
}


@pytest.mark.parametrize('num_parameters', [4, 6, 8])
@pytest.mark.parametrize('truth', TRUTHS.values(), ids=TRUTHS)
def test_a_rough_move_is_refined(truth, num_parameters):
  pyramids = pair(truth)
  found = refinement.refine(*pyramids, np.eye(3), LEVELS, num_parameters)
  assert farthest_px(found, truth) < 0.3
  assert found[2, 2] == 1
  if num_parameters < 8:
    np.testing.assert_array_equal(found[2], [0, 0, 1])


def test_as_many_parameters_as_asked_for_are_free():
  """4 keep angles, 6 keep parallels, 8 keep straight lines."""
  truth = np.eye(3)
  truth[2, :2] = 3e-4, -2e-4
  pyramids = pair(truth)
  four, six, eight = (
    refinement.refine(*pyramids, np.eye(3), LEVELS, number)
    for number in (4, 6, 8)
  )
  assert farthest_px(eight, truth) < 0.3
  assert farthest_px(six, truth) > 2
  np.testing.assert_allclose(four[0, :2], [four[1, 1], -four[1, 0]], atol=1e-3)
  assert abs(six[0, 0] - six[1, 1]) > 1e-3


def test_pictures_of_two_sizes_are_refined():
  truth = TRUTHS['turned']
  reference, test = pair(truth)
  small = Pyramid(
    np.ascontiguousarray(test._halved[0][::2, ::2, None].repeat(3, 2))
  )
  truth = truth @ np.diag([2.0, 2.0, 1.0])
  start = np.diag([2.0, 2.0, 1.0])
  found = refinement.refine(reference, small, start, LEVELS, 6)
  off = np.linalg.inv(truth) @ found
  assert transforms.farthest_px(off, height=120, width=160) < 0.3


@pytest.mark.parametrize(
  'start',
  [
    transforms.translation(2 * WIDTH, 0),
    np.diag([-1.0, 1.0, 1.0]),
    np.full((3, 3), np.nan),
  ],
  ids=['away', 'mirrored', 'nan'],
)
def test_no_start_that_is_not_plausible(start):
  pyramids = pair(np.eye(3))
  assert refinement.refine(*pyramids, start, LEVELS, 6) is None


def test_no_result_that_is_not_plausible(monkeypatch):
  monkeypatch.setattr(
    refinement.gauss_newton,
    'refine',
    lambda *_, **__: transforms.translation(9 * WIDTH, 0),
  )
  pyramids = pair(np.eye(3))
  assert refinement.refine(*pyramids, np.eye(3), (320,), 6) is None


def test_no_level_is_refined_twice(monkeypatch):
  """Levels beyond a picture's own size show nothing new."""
  sizes = []

  def rest(reference, test, matrix, **_):
    sizes.append(test.shape)
    return matrix

  monkeypatch.setattr(refinement.gauss_newton, 'refine', rest)
  levels = (160, 320, 640, 1280)
  found = refinement.refine(*pair(np.eye(3)), np.eye(3), levels, 6)
  assert sizes == [(120, 160), (240, 320)]
  np.testing.assert_allclose(found, np.eye(3), atol=1e-12)
