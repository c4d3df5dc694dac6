"""Another run's parameters as a start."""

from __future__ import annotations

import numpy as np
import optax
import pytest

from tests.train import toy
from zeroshot.train import state as states
from zeroshot.train import warm_start


def fresh(seed=0):
  return states.create_state(
    toy.Net(), optax.adam(0.1), seed=seed, size_px=toy.SIZE
  )


def test_all_parameters_are_taken_over_and_nothing_else():
  state, other = fresh(0), fresh(1)
  started = warm_start.start_from(state, other.params)
  toy.assert_equal(started.params, other.params)
  toy.assert_equal(started.ema_params, other.params)
  toy.assert_equal(started.opt_state, state.opt_state)
  assert int(started.step) == 0


def test_the_two_sets_share_no_memory():
  started = warm_start.start_from(fresh(0), fresh(1).params)
  one = started.params['Conv_0']['kernel']
  assert not np.shares_memory(one, started.ema_params['Conv_0']['kernel'])


def test_what_the_other_network_lacks_keeps_its_random_start():
  state, given = fresh(0), dict(fresh(1).params)
  del given['Conv_1']
  started = warm_start.start_from(state, given)
  toy.assert_equal(started.params['Conv_1'], state.params['Conv_1'])
  toy.assert_equal(started.params['Conv_0'], given['Conv_0'])


def test_another_network_is_refused_by_name():
  given = {'Conv_9': fresh().params['Conv_0']}
  with pytest.raises(ValueError, match=r'Conv_9/bias is .* not there'):
    warm_start.start_from(fresh(), given)
  given = {'Conv_0': {'kernel': np.zeros((3, 3, 6, 5))}}
  with pytest.raises(ValueError, match=r'Conv_0/kernel is \(3, 3, 6, 5\)'):
    warm_start.start_from(fresh(), given)
