"""The pyramid: shapes, normalisation and how it moves with its picture."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.model import parts
from zeroshot.model.encoder import Encoder

WIDTHS = (4, 6, 8)


@functools.cache
def encoder():
  module = Encoder(WIDTHS, depths=(1, 0, 2))
  variables = jax.jit(module.init)(jax.random.key(0), jnp.zeros((1, 8, 8, 3)))
  return functools.partial(jax.jit(module.apply), variables)


@pytest.mark.parametrize(('height', 'width'), [(8, 8), (16, 40)])
def test_one_scale_for_each_stride(height, width):
  features = encoder()(jnp.zeros((2, height, width, 3)))
  assert [f.shape for f in features] == [
    (2, height // 2**s, width // 2**s, channels)
    for s, channels in enumerate(WIDTHS, start=1)
  ]


def test_features_are_normalised_over_channels():
  for features in encoder()(parts.noise(2, 16, 24, 3)):
    np.testing.assert_allclose(features.mean(-1), 0, atol=1e-4)
    assert 0.8 < float(jnp.median(features.std(-1))) < 1.01


def test_features_move_with_the_picture():
  """By a multiple of the coarsest stride, away from the edges."""
  scene = parts.noise(1, 64, 96, 3)
  left, right = (encoder()(scene[:, :, x : x + 80]) for x in (0, 16))
  for scale, (a, b) in enumerate(zip(left, right, strict=True), start=1):
    step, rim = 16 // 2**scale, 24 // 2**scale
    np.testing.assert_allclose(
      a[:, rim:-rim, step + rim : -rim],
      b[:, rim:-rim, rim : -rim - step],
      atol=1e-4,
    )


def test_pictures_of_a_batch_do_not_see_each_other():
  first, second = parts.noise(1, 16, 16, 3), parts.noise(1, 16, 16, 3, seed=1)
  both = encoder()(np.concatenate([first, second]))
  for features, alone in zip(both, encoder()(second), strict=True):
    np.testing.assert_allclose(features[1], alone[0], atol=1e-5)
