from __future__ import annotations

import json

import pytest

from tests.train.toy import train
from zeroshot import runs
from zeroshot.runtime import locks
from zeroshot.train import run_folder


def test_a_folder_is_one_runs(tmp_path):
  with (
    run_folder.open_run(tmp_path, keep_last=1),
    pytest.raises(ValueError, match=r'another run is in .*held by process'),
  ):
    train(tmp_path)
  train(tmp_path)  # it is free again


def test_a_failed_start_lets_go_of_the_folder(tmp_path):
  with (
    pytest.raises(ValueError, match='keep_checkpoints=0'),
    run_folder.open_run(tmp_path, keep_last=0),
  ):
    pass
  with locks.hold(tmp_path / run_folder.LOCK):
    pass


def test_another_config_goes_on_where_it_is_allowed(tmp_path, caplog):
  train(tmp_path, steps=4)
  with pytest.raises(ValueError, match='--allow_config_change'):
    train(tmp_path, steps=6, batch_size=8)
  state = train(tmp_path, steps=6, batch_size=8, allow_config_change=True)
  assert int(state.step) == 6
  assert 'train.batch_size was 4 and is now 8' in caplog.text
  old = json.loads((tmp_path / 'config-before-step-4.json').read_text())
  new = json.loads((tmp_path / 'config.json').read_text())
  assert old['train']['batch_size'] == 4
  assert new['train']['batch_size'] == 8
  assert runs.load_parameters(tmp_path)[1]['train']['batch_size'] == 8


def test_the_same_config_is_kept_once(tmp_path):
  train(tmp_path, steps=4)
  train(tmp_path, steps=4)
  assert not list(tmp_path.glob('config-before*'))


def test_the_config_that_made_a_checkpoint_is_kept(tmp_path):
  for seed in (1, 2, 3):  # 1 saved step 10; 2 ended before it saved
    step = 0 if seed == 1 else 10
    run_folder.store_config(tmp_path, {'seed': seed}, step=step)
  kept = json.loads((tmp_path / 'config-before-step-10.json').read_text())
  assert kept == {'seed': 1}
  assert json.loads((tmp_path / 'config.json').read_text()) == {'seed': 3}
