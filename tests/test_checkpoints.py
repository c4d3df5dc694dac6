from __future__ import annotations

import errno

import jax
import numpy as np
import pytest

from zeroshot import checkpoints, runs

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


def save_steps(folder, *steps, keep_last=9):
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
  save_steps(tmp_path, 3)
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
  read = runs.load_parameters(tmp_path)[0]
  np.testing.assert_array_equal(
    read['conv']['kernel'], parameters()['conv']['kernel']
  )


def test_the_newest_are_kept(tmp_path):
  save_steps(tmp_path, 1, 2, 3, keep_last=2)
  with checkpoints.open_checkpoints(tmp_path, read_only=True) as manager:
    assert sorted(manager.all_steps()) == [2, 3]


def test_a_new_run_has_none(tmp_path):
  with checkpoints.open_checkpoints(tmp_path / 'new') as manager:
    assert checkpoints.restore_latest(manager) is None


def test_a_save_that_orbax_declines_is_an_error(tmp_path):
  save_steps(tmp_path, 5)
  with (
    checkpoints.open_checkpoints(tmp_path) as manager,
    pytest.raises(RuntimeError, match='step 5 was not saved'),
  ):
    save(manager, 5)


@pytest.mark.parametrize('item', ['model', 'train', 'meta'])
def test_a_damaged_checkpoint_is_set_aside(tmp_path, item, caplog):
  save_steps(tmp_path, 1, 2)
  damage(tmp_path, 2, item)
  with checkpoints.open_checkpoints(tmp_path) as manager:
    assert checkpoints.restore_latest(manager).step == 1
    save(manager, 2)  # its step is free again
  assert 'DAMAGED' in caplog.text
  assert (tmp_path / 'checkpoints' / '2.corrupt').is_dir()
  assert runs.load_parameters(tmp_path)[2] == 2


def test_where_all_are_damaged_the_run_does_not_silently_start_anew(tmp_path):
  save_steps(tmp_path, 1, 2)
  damage(tmp_path, 1)
  damage(tmp_path, 2)
  for _ in range(2):
    with (
      checkpoints.open_checkpoints(tmp_path) as manager,
      pytest.raises(
        ValueError, match=r'none of the checkpoints \[2, 1\] .* \(step 2: '
      ) as caught,
    ):
      checkpoints.restore_latest(manager)
    assert str(tmp_path / 'checkpoints') in str(caught.value)
    assert 'nothing was renamed' in str(caught.value)
  assert not list((tmp_path / 'checkpoints').glob('*corrupt*'))


def test_a_disk_that_fails_for_a_while_costs_nothing(tmp_path, monkeypatch):
  save_steps(tmp_path, 1, 2)

  def fail(*_):
    raise OSError(errno.EIO, 'it is on fire')

  with checkpoints.open_checkpoints(tmp_path) as manager:
    with monkeypatch.context() as patch:
      patch.setattr(checkpoints, 'read', fail)
      with pytest.raises(
        ValueError, match=r'\(step 2: OSError: .*it is on fire'
      ):
        checkpoints.restore_latest(manager)
    assert checkpoints.restore_latest(manager).step == 2


def test_too_little_memory_is_no_damage(tmp_path, monkeypatch):
  save_steps(tmp_path, 1, 2)
  read = checkpoints.read

  def fail(manager, step):
    if step == 2:
      raise MemoryError
    return read(manager, step)

  monkeypatch.setattr(checkpoints, 'read', fail)
  with (
    checkpoints.open_checkpoints(tmp_path) as manager,
    pytest.raises(MemoryError),
  ):
    checkpoints.restore_latest(manager)
  assert (tmp_path / 'checkpoints' / '2').is_dir()


def test_what_was_set_aside_before_stays(tmp_path):
  save_steps(tmp_path, 1, 2)
  damage(tmp_path, 2)
  (tmp_path / 'checkpoints' / '2.corrupt2').mkdir()
  (tmp_path / 'checkpoints' / '2.corrupt2' / 'mine').touch()
  for name in ('2.corrupt', '2.corrupt3'):
    with checkpoints.open_checkpoints(tmp_path, keep_last=9) as manager:
      assert checkpoints.restore_latest(manager).step == 1
      save(manager, 2)
    assert (tmp_path / 'checkpoints' / name / 'model').is_dir()
    damage(tmp_path, 2)
  assert (tmp_path / 'checkpoints' / '2.corrupt2' / 'mine').exists()


def test_keeping_none_is_refused(tmp_path):
  with (
    pytest.raises(ValueError, match='keep_checkpoints=0'),
    checkpoints.open_checkpoints(tmp_path, keep_last=0),
  ):
    pass
