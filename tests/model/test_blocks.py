"""Folding, unfolding and what a residual block keeps."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.model import parts
from zeroshot.model import blocks


def test_space_to_depth_by_hand():
  x = jnp.arange(16.0).reshape(1, 4, 4, 1)
  folded = blocks.space_to_depth(x, factor=2)
  assert folded.shape == (1, 2, 2, 4)
  np.testing.assert_array_equal(folded[0, 0, 0], [0, 1, 4, 5])
  np.testing.assert_array_equal(folded[0, 1, 0], [8, 9, 12, 13])


@pytest.mark.parametrize('factor', [1, 2, 3])
def test_depth_to_space_undoes_space_to_depth(factor):
  x = jnp.asarray(parts.noise(2, 6, 12, 5))
  folded = blocks.space_to_depth(x, factor=factor)
  assert folded.shape == (2, 6 // factor, 12 // factor, 5 * factor**2)
  unfolded = blocks.depth_to_space(folded, factor=factor)
  np.testing.assert_array_equal(unfolded, x)


def test_space_to_depth_undoes_depth_to_space():
  x = jnp.asarray(parts.noise(2, 3, 4, 8))
  unfolded = blocks.depth_to_space(x, factor=2)
  np.testing.assert_array_equal(blocks.space_to_depth(unfolded, factor=2), x)


def test_upsample_repeats():
  x = jnp.arange(4.0).reshape(1, 2, 2, 1)
  np.testing.assert_array_equal(
    blocks.upsample(x)[0, ..., 0],
    [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]],
  )


def test_a_residual_block_with_a_dead_branch_is_the_identity():
  block = blocks.ResidualBlock(4)
  x = jnp.asarray(parts.noise(1, 5, 7, 4))
  variables = block.init(jax.random.key(0), x)
  assert block.apply(variables, x).shape == x.shape
  dead = jax.tree.map(jnp.zeros_like, variables)
  np.testing.assert_array_equal(block.apply(dead, x), x)
