from __future__ import annotations

import jax
import numpy as np
import pytest

from zeroshot.train import parallel


def test_the_batch_is_shared_out():
  assert jax.device_count() == 4
  assert parallel.per_device_batch(8) == 2
  assert parallel.per_device_batch(8, devices=jax.devices()[:1]) == 8


@pytest.mark.parametrize('batch_size', [6, 0])
def test_a_batch_that_does_not_divide_is_refused(batch_size):
  words = rf'batch_size={batch_size} .*4 devices'
  with pytest.raises(ValueError, match=words):
    parallel.per_device_batch(batch_size)


def test_replicas_are_numbered_and_the_state_is_consumed():
  def step(state, bank, replica):
    total = jax.lax.psum(replica * bank[0], 'batch')
    return state + total, total

  mapped = parallel.parallel_step(step)
  state, bank = parallel.replicate((np.float32(1), np.array([2], np.int32)))
  after, total = mapped(state, bank)
  assert int(total) == 2 * (0 + 1 + 2 + 3)
  assert float(after) == 1 + 12
  assert state.is_deleted()
  assert not bank.is_deleted()


def test_what_goes_in_has_the_sharding_of_what_comes_out():
  mapped = parallel.parallel_step(lambda state, bank, replica: (state + 1, ()))
  state = parallel.replicate(np.float32(0))
  expected = state.sharding
  assert mapped(state, None)[0].sharding == expected


def test_no_bank_stays_no_bank():
  assert parallel.replicate(None) is None


def test_a_step_can_be_lowered_for_shapes_alone():
  mapped = parallel.parallel_step(lambda state, bank, replica: (state * 2, ()))
  compiled = mapped.lower(
    jax.ShapeDtypeStruct((3,), np.float32), None
  ).compile()
  state = parallel.replicate(np.ones(3, np.float32))
  after, _ = compiled(state, None, mapped.replicas)
  np.testing.assert_array_equal(after, np.full(3, 2.0))
