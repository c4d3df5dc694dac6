"""Which changes of a config are a different run, model or trunk."""

from __future__ import annotations

import copy

import pytest

from tests.train import toy
from zeroshot.run_config import compatibility


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


@pytest.mark.parametrize(
  ('family', 'field', 'other'),
  [
    ('relief', 'max_gloss', 'relit.max_slant'),
    ('relit', 'max_slant', 'relief.max_gloss'),
  ],
)
def test_settings_of_a_family_are_decisive_once_it_is_drawn(
  family, field, other
):
  def plain(share, **changes):
    config = toy.config()
    config.synthesis.families[family] = share
    config.synthesis.update_from_flattened_dict(changes)
    return compatibility.plain_config(config)

  change = {f'{family}.{field}': 1.5}
  compatibility.check_same_run(plain(0.0), plain(0.0, **change))
  compatibility.check_same_run(plain(1.0), plain(1.0, **{other: 1.5}))
  with pytest.raises(ValueError, match=rf'synthesis\.{family}\.{field}'):
    compatibility.check_same_run(plain(1.0), plain(1.0, **change))


def test_a_run_from_before_relit_scenes_goes_on():
  config = toy.config()
  config.synthesis.families.relief = 1.0
  old = compatibility.plain_config(config)
  new = copy.deepcopy(old)
  del old['synthesis']['relit'], old['synthesis']['families']['relit']
  compatibility.check_same_run(old, new)


def test_a_head_does_not_make_the_trunk_another():
  config = toy.config()
  old = compatibility.plain_config(config)
  config.model.kinds = ('open',)
  compatibility.check_same_trunk(old, compatibility.plain_config(config))
  config.model.match_support = 3
  with pytest.raises(ValueError, match=r'model\.match_support'):
    compatibility.check_same_trunk(old, compatibility.plain_config(config))


def test_another_model_is_refused_by_field():
  config = toy.config()
  old = compatibility.plain_config(config)
  compatibility.check_same_model(old, compatibility.plain_config(config))
  config.model.kinds = ('open',)
  with pytest.raises(ValueError, match=r"model\.kinds was \[\] and is now \['"):
    compatibility.check_same_model(old, compatibility.plain_config(config))


def test_runs_of_before_decoder_depths_go_on():
  old, new = (compatibility.plain_config(toy.config()) for _ in '12')
  depths = old['model'].pop('decoder_depths')
  compatibility.check_same_run(old, new)
  new['model']['decoder_depths'] = [*depths[1:], 2]
  with pytest.raises(ValueError, match=r'model\.decoder_depths was None'):
    compatibility.check_same_run(old, new)
