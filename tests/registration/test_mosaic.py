"""Windows of large planes align them as the whole planes do."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.registration.test_register import farthest_px, texture
from zeroshot.data.pictures import as_uint8
from zeroshot.registration import (
  gauss_newton,
  mosaic,
  resampling,
  transforms,
)
from zeroshot.registration.plane import Plane

SIZE = 800, 1400


@pytest.fixture(scope='module')
def scene():
  grey = as_uint8(texture(4, 420, 720))[..., 0]
  return cv2.resize(grey, (1440, 840), interpolation=cv2.INTER_CUBIC)


def pair(scene, truth, valid=None):
  """A scene's middle, and what a move of it shows."""
  corner = transforms.translation(20, 20)
  reference, test = (
    Plane(resampling.warp(scene, corner @ move, shape=SIZE))
    for move in (np.eye(3), truth)
  )
  return Plane(reference.grey, valid), test


@pytest.mark.parametrize('num_parameters', [6, 8])
def test_a_move_is_refined_on_windows(scene, num_parameters):
  truth = transforms.turn_and_scale(0.4, 1.003, height=800, width=1400)
  truth[2, 0] = 2e-6 if num_parameters == 8 else 0.0
  rough = truth @ transforms.translation(1.2, -0.8)
  made = mosaic.make(*pair(scene, truth), rough)
  increment = gauss_newton.refine(
    *made, np.eye(3), num_parameters=num_parameters, iterations=8
  )
  assert farthest_px(rough @ increment, truth, *SIZE) < 0.1


def test_windows_lie_apart_where_the_reference_has_content(scene):
  valid = np.ones(SIZE, np.float32)
  valid[:, 900:] = 0
  away = transforms.translation(100, 0)
  reference, test = pair(scene, away, valid)
  _, target = mosaic.make(reference, test, away)
  points = target.steep
  assert target.shape == SIZE
  assert 1000 < len(points.row) <= 4096
  assert points.column.max() < 800 - 20
  assert np.ptp(points.column) > 500
  assert np.ptp(points.row) > 500
  row, column = points.row.astype(int), points.column.astype(int)
  whole = test.even / np.std(test.even)
  same = np.corrcoef(whole[row, column], points.texture)[0, 1]
  assert same > 0.97  # each value is that of its own pixel


def test_too_few_windows_are_none(scene):
  reference, test = pair(scene, np.eye(3))
  assert mosaic.make(reference, test, transforms.translation(1300, 0)) is None
  strip = Plane(test.grey[:60])
  assert mosaic.make(reference, strip, np.eye(3)) is None
