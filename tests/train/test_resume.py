from __future__ import annotations

import copy

import jax
import optax
import pytest

from tests.train import toy
from zeroshot.checkpoints import Checkpoint
from zeroshot.run_config import compatibility
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


def test_the_same_config_goes_on():
  plain = compatibility.plain_config(toy.config())
  compatibility.check_same_run(plain, copy.deepcopy(plain))


def test_each_differing_field_is_named():
  old, new = toy.config(), toy.config()
  new.seed = 7
  new.model.widths = (8, 8, 8, 8)
  with pytest.raises(ValueError, match='workdir') as error:
    compatibility.check_same_run(
      compatibility.plain_config(old), compatibility.plain_config(new)
    )
  widths = list(old.model.widths)
  assert f'model.widths was {widths} and is now [8, 8, 8, 8]' in str(
    error.value
  )
  assert 'seed was 0 and is now 7' in str(error.value)


def test_how_often_to_look_is_free_and_so_are_other_rooms():
  old, new = toy.config(), toy.config()
  new.train.log_every = 1
  new.train.keep_checkpoints = 5
  new.detect.threshold = 0.9
  new.eval.root = 'elsewhere'
  compatibility.check_same_run(
    compatibility.plain_config(old), compatibility.plain_config(new)
  )


def test_a_constant_schedule_may_be_lengthened_and_a_cosine_may_not():
  def change(schedule):
    return [
      compatibility.plain_config(toy.config(schedule=schedule, steps=steps))
      for steps in (8, 16)
    ]

  compatibility.check_same_run(*change('constant'))
  with pytest.raises(ValueError, match=r'train.steps was 8 and is now 16'):
    compatibility.check_same_run(*change('cosine'))


def test_a_run_from_before_labels_goes_on():
  plain = compatibility.plain_config(toy.config())
  old = copy.deepcopy(plain)
  del old['labelled']
  for room, name in [
    ('model', 'kinds'),
    ('model', 'predicts_sides'),
    ('model', 'head_widths'),
    ('loss', 'kinds'),
    ('loss', 'sides'),
    ('train', 'init_weights'),
    ('train', 'trunk_rate'),
  ]:
    del old[room][name]
  compatibility.check_same_run(old, plain)
  compatibility.check_same_model(old, plain)
  changed = toy.config()
  changed.model.kinds = ('open',)
  with pytest.raises(ValueError, match=r"model\.kinds was \[\] and is now \['"):
    compatibility.check_same_model(old, compatibility.plain_config(changed))


def test_labels_are_decisive_once_there_are_any():
  def plain(**changes):
    config = toy.config()
    config.labelled.update(changes)
    return compatibility.plain_config(config)

  compatibility.check_same_run(plain(), plain(num_pairs=5))  # of no set
  with pytest.raises(ValueError, match=r'labelled\.num_pairs was 0'):
    compatibility.check_same_run(plain(root='a'), plain(root='a', num_pairs=5))
  with pytest.raises(ValueError, match=r"labelled\.root was '' and is"):
    compatibility.check_same_run(plain(), plain(root='a'))


def test_a_head_does_not_make_the_trunk_another():
  config = toy.config()
  old = compatibility.plain_config(config)
  config.model.kinds = ('open',)
  compatibility.check_same_trunk(old, compatibility.plain_config(config))
  config.model.match_support = 3
  with pytest.raises(ValueError, match=r'model\.match_support'):
    compatibility.check_same_trunk(old, compatibility.plain_config(config))
