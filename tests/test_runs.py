from __future__ import annotations

import pytest

from tests.test_checkpoints import CONFIG, damage, save_steps
from zeroshot import runs


def test_parameters_of_the_newest_or_of_a_step(tmp_path):
  save_steps(tmp_path, 1, 2)
  for step, expected in ((None, 2), (1, 1)):
    read, config, at = runs.load_parameters(tmp_path, step)
    assert (at, config) == (expected, CONFIG)
    assert read['conv']['kernel'][0, 0] == expected


def test_parameters_that_are_not_there(tmp_path):
  with pytest.raises(ValueError, match=r'no folder.*train first'):
    runs.load_parameters(tmp_path / 'nowhere')
  (tmp_path / 'empty' / 'checkpoints').mkdir(parents=True)
  with pytest.raises(ValueError, match='no checkpoint of any step'):
    runs.load_parameters(tmp_path / 'empty')
  save_steps(tmp_path, 1)
  with pytest.raises(ValueError, match=r'no checkpoint of step 7 .*\[1\]'):
    runs.load_parameters(tmp_path, 7)
  damage(tmp_path, 1)
  with pytest.raises(ValueError, match='is damaged'):
    runs.load_parameters(tmp_path)


def content(folder):
  return {
    file.relative_to(folder).as_posix(): file.read_bytes()
    for file in folder.rglob('*')
    if file.is_file()
  }


def test_the_newest_from_before_a_step_is_read_and_nothing_is_written(
  tmp_path, caplog
):
  save_steps(tmp_path, 1, 2, 3)
  damage(tmp_path, 2)
  before = content(tmp_path)
  checkpoints = {
    step: runs.read_before(tmp_path, step) for step in (9, 3, 2, 1)
  }
  steps = {
    step: one.step for step, one in checkpoints.items() if one is not None
  }
  assert steps == {9: 3, 3: 1, 2: 1}
  assert 'checkpoints/2 IS DAMAGED' in caplog.text
  assert content(tmp_path) == before


def test_a_run_without_checkpoints_has_none(tmp_path):
  save_steps(tmp_path)
  assert runs.read_before(tmp_path, 5) is None
  assert runs.newest_step(tmp_path) is None
  assert runs.read_before(tmp_path / 'none', 5) is None
  with pytest.raises(ValueError, match=r'no folder.*train first'):
    runs.newest_step(tmp_path / 'none')
  assert not (tmp_path / 'none').exists()
