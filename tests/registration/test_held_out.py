"""Whether held-out points tell a right alignment from a wrong one."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from tests.registration.test_register import board, texture
from zeroshot.data.pictures import as_uint8
from zeroshot.registration import held_out, resampling, transforms
from zeroshot.registration.pyramid import Pyramid

HEIGHT, WIDTH = 240, 320
STILL = np.eye(3)


def plane(picture, valid=None):
  return Pyramid(as_uint8(picture), valid).plane(1.0)


def moved(picture, matrix):
  return np.clip(resampling.warp(picture, matrix), 0, 1)


def points_over(seed, num=80, height=480, width=640):
  return np.random.default_rng(seed).uniform(0, (width, height), (num, 2))


def check_of(points, offset, correlation=1.0):
  """A check of points that were found at given offsets."""
  return held_out.Check(
    np.float32(points),
    np.hypot(*np.transpose(offset)) <= 1.6,
    np.float32(offset),
    np.full(len(points), correlation, np.float32),
  )


def check_with(count, hits, **fields):
  """A check of which so many points agree."""
  agree = np.arange(count) < hits
  zeros = np.zeros((count, 2), np.float32)
  return held_out.Check(zeros, agree, zeros, agree.astype(np.float32))._replace(
    **fields
  )


LIGHTS = {
  'same': lambda picture: picture,
  'dimmed': lambda picture: 0.5 * picture,
  'bright': lambda picture: 0.3 + 0.5 * picture,
  'across': lambda picture: picture * np.linspace(0.4, 1, WIDTH)[:, None],
}


@pytest.mark.parametrize('light', LIGHTS.values(), ids=LIGHTS)
def test_a_right_alignment_is_certain_in_any_light(light):
  picture = texture(0)
  lit = light(picture).astype(np.float32)
  check = held_out.check(plane(picture), plane(lit), STILL)
  assert len(check.agree) > 60
  assert check.share > 0.95
  assert check.evidence > 150
  assert check.probability > 0.99
  assert check.residual_px < 0.1
  assert not check.is_coarse


@pytest.mark.parametrize(
  'shift', [(5, 0), (0, -5), (3, 4), (40, 0), (0, 60)], ids=str
)
def test_a_wrong_shift_is_no_alignment(shift):
  picture = plane(texture(0))
  check = held_out.check(picture, picture, transforms.translation(*shift))
  assert len(check.agree) > 40
  assert check.share < 0.1
  assert check.evidence < 1
  assert check.probability < 0.01


@pytest.mark.parametrize('seed', range(3))
def test_another_picture_is_no_alignment(seed):
  pictures = plane(texture(seed)), plane(texture(seed + 10))
  assert held_out.check(*pictures, STILL).probability < 0.01


def test_nothing_to_compare_says_nothing():
  picture = plane(texture(0))
  flat = plane(np.full((HEIGHT, WIDTH, 3), 0.5, np.float32))
  away = transforms.translation(WIDTH, 0)
  for check in (
    held_out.check(picture, picture, away),
    held_out.check(picture, flat, STILL),
  ):
    assert len(check.points) == len(check.agree) == 0
    assert math.isnan(check.share)
    assert math.isnan(check.residual_px)
    assert math.isnan(check.probability)
    assert check.evidence == check.drift_px == check.perspective_px == 0


def test_a_texture_that_the_reference_lacks_speaks_against_it():
  flat = plane(np.full((HEIGHT, WIDTH, 3), 0.5, np.float32))
  check = held_out.check(flat, plane(texture(0)), STILL)
  assert len(check.agree) >= held_out.MIN_POINTS
  assert check.probability < 0.01


@pytest.mark.parametrize('shift', [(0.25, -0.25), (1.0, 0.5), (-1.25, 0.75)])
def test_offsets_are_the_shift_that_is_left(shift):
  """``shift`` leads from the test picture to the reference."""
  picture = cv2.GaussianBlur(texture(1), (0, 0), 1.5)
  test = moved(picture, transforms.translation(*shift))
  check = held_out.check(plane(picture), plane(test), STILL)
  assert check.share > 0.95
  np.testing.assert_allclose(
    np.median(check.offset_px, axis=0), shift, atol=0.08
  )
  assert check.residual_px == pytest.approx(math.hypot(*shift), abs=0.1)
  right = transforms.translation(*shift)
  check = held_out.check(plane(picture), plane(test), right)
  assert check.residual_px < 0.08


def test_points_lie_apart_where_both_have_content():
  picture = texture(2)
  valid = np.ones((HEIGHT, WIDTH), np.float32)
  valid[:, :100] = 0
  roi = np.zeros((HEIGHT, WIDTH), np.uint8)
  roi[60:] = 1
  check = held_out.check(
    plane(picture, valid), plane(picture), STILL, roi_mask=roi
  )
  assert len(check.points) > 30
  x, y = check.points.T
  assert (x.min(), y.min()) >= (108, 60)
  assert y.min() >= 68
  apart = np.hypot(*(check.points[:, None] - check.points[None]).T)
  assert apart[~np.eye(len(apart), dtype=bool)].min() >= 10
  assert np.ptp(x) > 150  # and all over it
  assert np.ptp(y) > 120


def test_noise_beside_a_texture_gives_no_points():
  picture = 0.5 + 0.4 * (texture(3) - 0.5)
  faint = np.random.default_rng(0).normal(0, 0.004, picture.shape)
  picture[:, 160:] = 0.5 + faint[:, 160:]
  picture = picture.astype(np.float32)
  check = held_out.check(plane(picture), plane(picture), STILL)
  assert len(check.points) > 20
  assert check.points[:, 0].max() < 170
  noise = np.random.default_rng(1).normal(0.5, 0.006, picture.shape)
  alone = plane(noise.astype(np.float32))
  assert len(held_out.check(alone, alone, STILL).points) == 0


def test_the_residual_is_that_of_points_that_agree():
  offset = [(0.3, 0.4)] * 3 + [(5, 0)] * 4
  check = check_of(np.zeros((7, 2)), offset)
  assert check.share == pytest.approx(3 / 7)
  assert check.residual_px == pytest.approx(0.5)


def test_evidence_is_the_likelihood_ratio_of_hits_by_chance():
  assert check_with(50, 3).evidence == 0  # as many as by chance
  assert check_with(20, 20).evidence == pytest.approx(20 * math.log(1 / 0.06))
  half = 10 * math.log(0.5 / 0.06) + 10 * math.log(0.5 / 0.94)
  assert check_with(20, 10).evidence == pytest.approx(half)
  evidence = [check_with(40, hits).evidence for hits in range(3, 41)]
  assert (np.diff(evidence) > 0).all()


def test_points_and_patches_must_agree():
  points, none = check_with(40, 40), check_with(40, 0)
  few = check_with(held_out.MIN_POINTS - 1, 0)
  assert points._replace(patch_share=0.9).probability > 0.99
  assert points._replace(patch_share=0.1).probability < 0.01
  assert none._replace(patch_share=0.9).probability < 0.01
  assert few._replace(patch_share=0.9).probability > 0.99
  assert few._replace(patch_share=0.1).probability < 0.01
  assert math.isnan(few.probability)
  weak = check_with(40, 10)  # without patches more is asked for
  assert weak.probability < weak._replace(patch_share=1.0).probability


def test_a_coarse_plane_may_speak_for_an_alignment():
  check = check_with(40, 0, coarse_evidence=80.0, patch_share=0.9)
  assert check.probability > 0.99
  assert check.is_coarse
  assert not check_with(40, 40, coarse_evidence=80.0).is_coarse
  assert not check_with(5, 0, coarse_evidence=80.0).is_coarse


@pytest.mark.parametrize(
  ('share', 'apart_px', 'expected'),
  [(0.4, 1.1, True), (0.4, 0.3, False), (0.9, 1.1, False)],
)
def test_few_points_that_are_not_close_agree_roughly(share, apart_px, expected):
  points = points_over(0, num=100)
  offset = np.full(points.shape, apart_px / 2**0.5)
  offset[int(share * 100) :] = 4.0
  assert check_of(points, offset).is_rough == expected


def test_without_enough_points_nothing_is_rough():
  assert not check_with(held_out.MIN_POINTS - 1, 4).is_rough
  assert not check_with(40, 0).is_rough  # that is wrong, not rough


def test_drift_is_what_a_part_of_the_picture_is_off():
  points = points_over(0, num=300)
  noise = np.random.default_rng(1).normal(0, 0.3, points.shape)
  assert check_of(points, noise).drift_px < 0.4
  corner = (points[:, 0] > 430) & (points[:, 1] > 320)
  offset = noise + np.outer(corner, (1.8, -2.4))
  check = check_of(points, offset)
  assert check.drift_px == pytest.approx(3.0, abs=0.3)
  assert check_of(points[:10], offset[:10]).drift_px == 0
  assert check._replace(correlation=np.zeros(300)).drift_px == 0
  some = np.flatnonzero(corner)
  few = noise.copy()
  few[some[: len(some) // 3]] = 4, 0
  assert check_of(points, few).drift_px < 0.6
  few = np.delete(points, some[3:], axis=0)  # three are left in the corner
  offset_of_few = 4.0 * (few > (430, 320)).all(axis=1)[:, None] * [1, 0]
  assert check_of(few, offset_of_few).drift_px == 0
  lost = noise + np.outer(corner, (6, 0))  # found at the border of the search
  assert check_of(points, lost).drift_px < 0.5


def homography_about(points, perspective_px, angle):
  """A small move and perspective that shifts the points' border so far."""
  centre = points.mean(axis=0)
  radius = np.abs(points - centre).max()
  tilt = np.eye(3)
  tilt[2, :2] = np.cos(angle), np.sin(angle)
  tilt[2, :2] *= perspective_px / radius**2
  there = transforms.translation(*centre)
  move = transforms.turn_and_scale(0.1, 1.001, height=480, width=640)
  return there @ tilt @ np.linalg.inv(there) @ move


def offsets_by(matrix, points):
  places = np.c_[points, np.ones(len(points))] @ matrix.T
  return places[:, :2] / places[:, 2:] - points


@pytest.mark.parametrize('perspective_px', [0.0, 1.0, 2.0, 4.0])
@pytest.mark.parametrize('seed', range(4))
def test_perspective_of_a_known_homography(perspective_px, seed):
  random = np.random.default_rng(seed)
  points = points_over(seed)
  matrix = homography_about(points, perspective_px, random.uniform(0, 6.28))
  offset = offsets_by(matrix, points)
  found = check_of(points, offset).perspective_px
  assert found == pytest.approx(perspective_px, abs=0.05)
  offset += random.normal(0, 0.1, offset.shape)
  outliers = random.permutation(len(points))[: len(points) // 5]
  offset[outliers] = random.uniform(-6, 6, (len(outliers), 2))
  found = check_of(points, offset).perspective_px
  assert found == pytest.approx(perspective_px, abs=0.25)


@pytest.mark.parametrize('seed', range(4))
def test_noise_and_an_affine_move_show_no_perspective(seed):
  points = points_over(seed)
  noise = np.random.default_rng(seed).normal(0, 0.4, points.shape)
  affine = points @ np.array([[0.004, 0.002], [-0.003, 0.005]]) - 1
  assert check_of(points, noise).perspective_px < 0.4
  assert check_of(points, affine + noise).perspective_px < 0.4
  assert check_of(points, affine, correlation=0.4).perspective_px == 0
  assert check_of(points[:11], affine[:11]).perspective_px == 0


def test_along_a_straight_edge_a_point_is_found_in_place():
  """No parabola leads beyond the window from a place that is not the top."""
  picture = board(0, 480, 640)
  test = moved(picture, transforms.translation(1.2, -0.6))
  check = held_out.check(plane(picture), plane(test), STILL)
  assert len(check.agree) > 40
  assert np.abs(check.offset_px).max() <= 6.5
  assert check.agree.all()
