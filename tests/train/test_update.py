"""The update of a config, and where a run starts."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from tests.train import parts
from zeroshot.checkpoints import Checkpoint
from zeroshot.train import parallel, resume, update

CONFIG = parts.config()


def built(**changes):
  made = parts.built()
  del made['bank']
  return update.build_update(CONFIG, **{**made, **changes})


def first_state(checkpoint=None, initial=None):
  return update.first_state(
    CONFIG,
    checkpoint,
    model=parts.Net(),
    optimizer=built().optimizer,
    initial=initial,
  )


def test_a_checkpoint_is_gone_on_from():
  state = first_state().replace(step=np.int32(3))
  checkpoint = Checkpoint(3, **resume.split_state(state), config={})
  parts.assert_equal(first_state(checkpoint), state)


def test_parameters_to_start_from_are_taken():
  fresh = first_state()
  given = jax.tree.map(lambda leaf: leaf + 1, fresh.params)
  state = first_state(initial=given)
  parts.assert_equal(state.params, given)
  parts.assert_equal(state.ema_params, given)


def test_an_update_counts_and_follows_the_schedule():
  made = built()
  state = parallel.replicate(first_state())
  after, _ = made.step(state, None)
  assert int(after.step) == 1
  rate = CONFIG.train.learning_rate
  assert float(made.schedule(0)) == pytest.approx(rate / 3)  # warm-up of 2
  assert float(made.schedule(2)) == pytest.approx(rate)
