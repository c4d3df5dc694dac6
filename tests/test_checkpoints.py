from __future__ import annotations

import jax
import numpy as np
import pytest

from zeroshot import checkpoints

CONFIG = {'seed': 1, 'model': {'widths': [8, 16]}}


def parameters(value=1.0):
  kernel = np.full((3, 2), value, np.float32)
  return {'conv': {'kernel': kernel, 'bias': np.zeros(2, np.float32)}}


def save(manager, step):
  checkpoints.save(
    manager,
    step,
    model=parameters(step),
    train={'step': np.int32(step), 'opt_state': {'0': {}, '1': {'mu': {}}}},
    config=CONFIG,
  )


def saved(folder, *steps, keep_last=9):
  with checkpoints.open_checkpoints(folder, keep_last=keep_last) as manager:
    for step in steps:
      save(manager, step)
  return folder


def damage(folder, step, item='model'):
  """Cuts every data file of an item short."""
  for file in (folder / 'checkpoints' / str(step) / item).rglob('*'):
    if file.is_file():
      file.write_bytes(file.read_bytes()[:5])


def test_what_is_saved_is_read_back(tmp_path):
  saved(tmp_path, 3)
  with checkpoints.open_checkpoints(tmp_path) as manager:
    checkpoint = checkpoints.restore_latest(manager)
  assert checkpoint.step == 3
  assert checkpoint.config == CONFIG
  assert checkpoint.train['opt_state'] == {'0': {}, '1': {'mu': {}}}
  assert int(checkpoint.train['step']) == 3
  kernel = checkpoint.model['conv']['kernel']
  assert isinstance(kernel, np.ndarray)
  np.testing.assert_array_equal(kernel, parameters(3)['conv']['kernel'])


def test_arrays_of_several_devices_are_saved_once(tmp_path):
  mesh = jax.sharding.Mesh(np.array(jax.devices()), ('batch',))
  everywhere = jax.NamedSharding(mesh, jax.P())
  model = jax.device_put(parameters(), everywhere)
  with checkpoints.open_checkpoints(tmp_path) as manager:
    checkpoints.save(manager, 1, model=model, train={'a': 1}, config={})
  read = checkpoints.load_parameters(tmp_path)[0]
  np.testing.assert_array_equal(
    read['conv']['kernel'], parameters()['conv']['kernel']
  )


def test_the_newest_are_kept(tmp_path):
  saved(tmp_path, 1, 2, 3, keep_last=2)
  with checkpoints.open_checkpoints(tmp_path, read_only=True) as manager:
    assert sorted(manager.all_steps()) == [2, 3]


def test_a_new_run_has_none(tmp_path):
  with checkpoints.open_checkpoints(tmp_path / 'new') as manager:
    assert checkpoints.restore_latest(manager) is None


def test_a_save_that_orbax_declines_is_an_error(tmp_path):
  saved(tmp_path, 5)
  with (
    checkpoints.open_checkpoints(tmp_path) as manager,
    pytest.raises(RuntimeError, match='step 5 was not saved'),
  ):
    save(manager, 5)


@pytest.mark.parametrize('item', ['model', 'train', 'meta'])
def test_a_damaged_checkpoint_is_set_aside(tmp_path, item, caplog):
  saved(tmp_path, 1, 2)
  damage(tmp_path, 2, item)
  with checkpoints.open_checkpoints(tmp_path) as manager:
    assert checkpoints.restore_latest(manager).step == 1
    save(manager, 2)  # its step is free again
  assert 'DAMAGED' in caplog.text
  assert (tmp_path / 'checkpoints' / '2.corrupt').is_dir()
  assert checkpoints.load_parameters(tmp_path)[2] == 2


def test_where_all_are_damaged_the_run_does_not_silently_start_anew(tmp_path):
  saved(tmp_path, 1, 2)
  damage(tmp_path, 1)
  damage(tmp_path, 2)
  with checkpoints.open_checkpoints(tmp_path) as manager:
    with pytest.raises(ValueError, match=r'none of the checkpoints \[2, 1\]'):
      checkpoints.restore_latest(manager)
    assert checkpoints.restore_latest(manager) is None


def test_parameters_of_the_newest_or_of_a_step(tmp_path):
  saved(tmp_path, 1, 2)
  for step, wanted in ((None, 2), (1, 1)):
    read, config, at = checkpoints.load_parameters(tmp_path, step)
    assert (at, config) == (wanted, CONFIG)
    assert read['conv']['kernel'][0, 0] == wanted


def test_parameters_that_are_not_there(tmp_path):
  with pytest.raises(ValueError, match=r'no folder.*train first'):
    checkpoints.load_parameters(tmp_path / 'nowhere')
  (tmp_path / 'empty' / 'checkpoints').mkdir(parents=True)
  with pytest.raises(ValueError, match='no checkpoint of any step'):
    checkpoints.load_parameters(tmp_path / 'empty')
  saved(tmp_path, 1)
  with pytest.raises(ValueError, match=r'no checkpoint of step 7 .*\[1\]'):
    checkpoints.load_parameters(tmp_path, 7)
  damage(tmp_path, 1)
  with pytest.raises(ValueError, match='is damaged'):
    checkpoints.load_parameters(tmp_path)


def test_keeping_none_is_refused(tmp_path):
  with (
    pytest.raises(ValueError, match='keep_checkpoints=0'),
    checkpoints.open_checkpoints(tmp_path, keep_last=0),
  ):
    pass


def content(folder):
  return {
    file.relative_to(folder).as_posix(): file.read_bytes()
    for file in folder.rglob('*')
    if file.is_file()
  }


def test_the_newest_from_before_a_step_is_read_and_nothing_is_written(
  tmp_path, caplog
):
  saved(tmp_path, 1, 2, 3)
  damage(tmp_path, 2)
  before = content(tmp_path)
  found = {
    step: checkpoints.read_before(tmp_path, step) for step in (9, 3, 2, 1)
  }
  steps = {step: one.step for step, one in found.items() if one is not None}
  assert steps == {9: 3, 3: 1, 2: 1}
  assert 'checkpoints/2 is damaged' in caplog.text
  assert content(tmp_path) == before


def test_a_run_without_checkpoints_has_none_from_before(tmp_path):
  assert checkpoints.read_before(tmp_path / 'none', 5) is None
  assert not (tmp_path / 'none').exists()
