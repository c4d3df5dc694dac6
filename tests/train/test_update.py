"""The update of a config, and where a run starts."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from tests.train import toy
from zeroshot.checkpoints import Checkpoint
from zeroshot.train import parallel, resume, update

CONFIG = toy.config()


UPDATE = update.build_update(CONFIG, toy.task())


def first_state(checkpoint=None, initial=None):
  task = toy.task(initial=initial)
  return update.first_state(CONFIG, task, UPDATE.optimizer, checkpoint)


def test_a_checkpoint_is_gone_on_from():
  state = first_state().replace(step=np.int32(3))
  checkpoint = Checkpoint(3, **resume.split_state(state), config={})
  toy.assert_equal(first_state(checkpoint), state)


def test_parameters_to_start_from_are_taken():
  fresh = first_state()
  given = jax.tree.map(lambda leaf: leaf + 1, fresh.params)
  state = first_state(initial=given)
  toy.assert_equal(state.params, given)
  toy.assert_equal(state.ema_params, given)


def test_an_update_counts_and_follows_the_schedule():
  state, bank = parallel.replicate((first_state(), toy.task().bank))
  after, _ = UPDATE.step(state, bank)
  assert int(after.step) == 1
  rate = CONFIG.train.learning_rate
  assert float(UPDATE.schedule(0)) == pytest.approx(rate / 3)  # warm-up of 2
  assert float(UPDATE.schedule(2)) == pytest.approx(rate)
