"""Crops of a bank."""

from __future__ import annotations

import functools

import jax
import numpy as np
import pytest

from tests.synthesis import parts
from zeroshot.synthesis import photographs


def crops(bank, *, count=24, size=32):
  draw = functools.partial(photographs.crop, size=size)
  return np.asarray(
    jax.jit(jax.vmap(draw, in_axes=(0, None)))(parts.keys(count), bank)
  )


def flat_bank(*values, side=40):
  ones = np.ones((side, side, 3), np.uint8)
  return np.stack([value * ones for value in values])


@pytest.mark.parametrize('side', [16, 32, 80])
def test_a_flat_photograph_stays_flat_whatever_its_size(side):
  images = crops(flat_bank(51, side=side))
  spread = images.max((1, 2, 3)) - images.min((1, 2, 3))
  assert spread.max() < 1e-6
  values = images.mean((1, 2, 3))
  negative = values > 0.5
  np.testing.assert_allclose(values, np.where(negative, 0.8, 0.2), atol=1e-6)
  assert 0 < negative.sum() < len(values) / 2


def test_every_photograph_of_the_bank_is_drawn():
  values = crops(flat_bank(0, 64, 128), count=64).mean((1, 2, 3)) * 255
  brightness = {round(float(min(v, 255 - v))) for v in values}
  assert brightness == {0, 64, 127}  # 127 is the negative of 128


def test_photographs_are_interpolated_linearly():
  """A ramp stays linear when zoomed, turned and flipped."""
  ramp = np.arange(80, dtype=np.uint8)[:, None, None] * 3
  bank = np.broadcast_to(ramp, (1, 80, 80, 3))
  images = crops(bank)
  for axis in (1, 2):
    assert np.abs(np.diff(images, n=2, axis=axis)).max() < 1e-5
  steps = np.stack([np.diff(images, axis=a).mean((1, 2, 3)) for a in (1, 2)])
  zoom = np.abs(steps).max(0) * 255 / 3
  assert np.abs(steps).min(0).max() < 1e-6  # along one axis alone
  assert zoom.min() >= 0.5 - 1e-3
  assert zoom.max() <= 1.5 + 1e-3
  assert (steps != 0).sum(1).min() > 0  # turned or not
  assert (steps > 1e-4).any()
  assert (steps < -1e-4).any()


def test_photographs_permute_channels():
  bank = flat_bank(1)
  bank = bank * np.array([10, 20, 40], np.uint8)
  colours = crops(bank).mean((1, 2))
  colours = np.where(colours > 0.5, 1 - colours, colours) * 255
  np.testing.assert_allclose(np.sort(colours), [[10, 20, 40]] * 24, atol=1e-2)
  assert len({tuple(np.argsort(colour)) for colour in colours}) > 3


def test_a_photograph_of_the_crop_s_own_size_is_taken_whole():
  bank = np.asarray(
    jax.random.randint(jax.random.key(0), (1, 32, 32, 3), 0, 256)
  )
  images = crops(bank.astype(np.uint8), count=40)
  # Where the zoom is drawn near 1 the picture's extremes are in it.
  assert images.max() > 0.98
  assert images.min() < 0.02
