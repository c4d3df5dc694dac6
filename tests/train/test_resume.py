from __future__ import annotations

import copy

import jax
import optax
import pytest

from tests.train import toy
from zeroshot.checkpoints import Checkpoint
from zeroshot.train import resume
from zeroshot.train import state as states

OPTIMIZER = optax.adam(0.1)


def checkpoint(step=0):
  state = states.create_state(toy.Net(), OPTIMIZER, seed=0, size_px=toy.SIZE)
  return state, Checkpoint(step, **resume.split_state(state), config={})


def description():
  return states.describe_state(toy.Net(), OPTIMIZER, size_px=toy.SIZE)


def test_split_and_joined_is_the_same():
  state, saved = checkpoint()
  toy.assert_equal(state, resume.join_state(saved, description()))


def test_items_are_plain_dicts():
  _, saved = checkpoint()
  for path, _ in jax.tree_util.tree_flatten_with_path(saved.train)[0]:
    assert all(isinstance(key, jax.tree_util.DictKey) for key in path)


def test_arrays_of_another_shape_are_refused_by_name():
  _, saved = checkpoint()
  model = copy.deepcopy(saved.model)
  model['Conv_0']['kernel'] = model['Conv_0']['kernel'][..., :2]
  with pytest.raises(ValueError, match=r'ema_params/Conv_0/kernel.*\(3, 3'):
    resume.join_state(saved._replace(model=model), description())


def test_a_missing_array_is_refused_by_name():
  _, saved = checkpoint()
  del saved.train['params']['Conv_1']['bias']
  with pytest.raises(ValueError, match='params/Conv_1/bias is None'):
    resume.join_state(saved, description())
