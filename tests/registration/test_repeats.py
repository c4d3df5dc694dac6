"""Other cells where a lattice fits as well as where it lies."""

from __future__ import annotations

import numpy as np
import pytest

from tests.registration.test_register import board, texture
from tests.registration.test_search import lattice
from zeroshot.data.pictures import as_uint8
from zeroshot.registration import repeats, resampling, transforms
from zeroshot.registration.pyramid import Pyramid

HEIGHT, WIDTH = 180, 240
STILL = np.eye(3)


def plane(picture, valid=None):
  return Pyramid(as_uint8(picture), valid).plane(1.0)


def shifts_of(matrices, matrix):
  """Where each leads the test picture's points, from where ``matrix`` does."""
  changes = [np.linalg.inv(matrix) @ other for other in matrices]
  for change in changes:
    np.testing.assert_allclose(change[:, :2], np.eye(3)[:, :2], atol=1e-9)
  return np.array([change[:2, 2] for change in changes])


@pytest.mark.parametrize('period', [16, 24, 33])
def test_a_lattice_fits_at_whole_cells(period):
  """Noise differs, so that no two pictures are the same."""
  reference, test = plane(lattice(period)), plane(lattice(period, seed=5))
  others = repeats.alternatives(reference, test, STILL)
  shifts = shifts_of(others, STILL)
  assert 2 <= len(shifts) <= 4
  np.testing.assert_allclose(shifts / period, np.round(shifts / period))
  assert np.hypot(*shifts.T).min() == period  # never the place itself
  assert len({tuple(shift) for shift in shifts}) == len(shifts)


def test_cells_are_those_of_the_test_picture():
  """A reference of twice the size moves by two of its pixels for each."""
  move = transforms.turn_and_scale(4.0, 1.25, height=HEIGHT, width=WIDTH)
  whole = lattice(30).astype(np.float32) / 255
  test = plane(np.clip(resampling.warp(whole, move), 0, 1))
  others = repeats.alternatives(plane(whole), test, move)
  assert others
  cells = np.array([(other - move)[:2, 2] for other in others]) / 30
  np.testing.assert_allclose(cells, np.round(cells), atol=0.05)
  assert (np.abs(np.round(cells)).sum(axis=1) >= 1).all()


@pytest.mark.parametrize('draw', [texture, board])
@pytest.mark.parametrize('seed', range(3))
def test_what_does_not_repeat_fits_nowhere_else(draw, seed):
  picture = plane(draw(seed, HEIGHT, WIDTH))
  assert repeats.alternatives(picture, picture, STILL) == []


def test_unrelated_or_flat_pictures_fit_nowhere():
  picture = plane(texture(0, HEIGHT, WIDTH))
  other = plane(texture(1, HEIGHT, WIDTH))
  flat = plane(np.full((HEIGHT, WIDTH, 3), 0.5, np.float32))
  for pair in ((picture, other), (picture, flat), (flat, picture)):
    assert repeats.alternatives(*pair, STILL) == []


@pytest.mark.parametrize(
  'cell', [(24, 0), (-24, 0), (0, 24), (0, -24), (48, 0)], ids=str
)
def test_the_cell_with_the_mark_comes_first(cell):
  """The start is right but for whole cells."""
  x, y = cell
  reference = plane(lattice(mark=(120, 90)))
  test = plane(lattice(mark=(120 + x, 90 + y)))
  others = repeats.alternatives(reference, test, STILL)
  np.testing.assert_allclose(others[0], transforms.translation(-x, -y))


@pytest.mark.parametrize('columns', [72, 96])
def test_where_little_overlaps_nothing_is_compared(columns):
  """Shifted further out, few pixels are left, and they fit by chance."""
  picture = plane(lattice(24))
  move = transforms.translation(columns - WIDTH, 0)
  shifts = shifts_of(repeats.alternatives(picture, picture, move), move)
  assert len(shifts)
  np.testing.assert_allclose(shifts / 24, np.round(shifts / 24), atol=1e-9)
  assert (shifts[:, 0] > -0.7 * columns).all()


def test_what_is_not_valid_is_not_compared():
  valid = np.ones((HEIGHT, WIDTH), np.float32)
  valid[:, :140] = 0
  reference = lattice(24)
  reference[:, :140] = as_uint8(texture(3, HEIGHT, 140))
  others = repeats.alternatives(
    plane(reference, valid), plane(lattice(24, seed=5)), STILL
  )
  assert np.abs(shifts_of(others, STILL)).sum(axis=1).min() == 24
