from __future__ import annotations

import jax
import numpy as np
import optax
import pytest
from flax import linen as nn

from tests.train import toy
from zeroshot.train import state as states


def create(seed=0):
  return states.create_state(
    toy.Net(), optax.adam(0.1), seed=seed, size_px=toy.SIZE
  )


def test_a_new_state_is_described_by_its_description():
  description = states.describe_state(
    toy.Net(), optax.adam(0.1), size_px=toy.SIZE
  )
  state = create()
  assert jax.tree.structure(description) == jax.tree.structure(state)
  for a, b in zip(
    jax.tree.leaves(description), jax.tree.leaves(state), strict=True
  ):
    assert (a.shape, a.dtype) == (b.shape, b.dtype)


def test_the_average_starts_at_the_parameters_in_memory_of_its_own():
  state = create()
  assert int(state.step) == 0
  toy.assert_equal(state.params, state.ema_params)
  for a, b in zip(
    jax.tree.leaves(state.params),
    jax.tree.leaves(state.ema_params),
    strict=True,
  ):
    assert not np.shares_memory(a, b)


def test_the_seed_decides_the_parameters():
  toy.assert_equal(create(1), create(1))
  kernels = [create(seed).params['Conv_0']['kernel'] for seed in (1, 2)]
  assert np.abs(kernels[0] - kernels[1]).max() > 0


def test_a_model_with_running_statistics_is_refused():
  class Norm(nn.Module):
    @nn.compact
    def __call__(self, reference, test):
      del test
      return nn.BatchNorm(use_running_average=False)(reference)

  with pytest.raises(ValueError, match='batch_stats'):
    states.create_state(Norm(), optax.sgd(0.1), seed=0, size_px=8)
