"""The quickstart's own parts; tests/test_readme.py runs the whole of it."""

from __future__ import annotations

import json

import pytest

from configs import smoke
from launch import quickstart

METRICS = {
  'ap': 0.91234,
  'precision': 0.5,
  'recall': 1.0,
  'f_score': None,
  'num_images': 12,
  'num_ground_truth': 70,
}


def test_table_has_a_line_for_each_protocol(tmp_path):
  metrics = dict.fromkeys(quickstart.PROTOCOLS, METRICS)
  text = json.dumps({**metrics, 'step': 150, 'seconds_per_pair': 0.25})
  (tmp_path / 'metrics.json').write_text(text)
  head, names, *rows = quickstart.table(tmp_path).splitlines()
  assert '12 pairs' in head
  assert '70 defects' in head
  assert names.split() == ['protocol', *quickstart.COLUMNS]
  assert [row.split()[0] for row in rows] == list(quickstart.PROTOCOLS)
  assert rows[0].split()[1:] == ['0.9123', '0.5000', '1.0000', '-']


def test_a_failing_step_stops_with_its_exit_code(capfd):
  with pytest.raises(SystemExit) as caught:
    quickstart.run('try this', ['no_such_module_of_ours'])
  assert caught.value.code == 1
  error = capfd.readouterr().err
  assert 'No module named no_such_module_of_ours' in error
  assert '"try this" failed with exit code 1' in error


def test_a_folder_without_the_list_is_refused(tmp_path, capsys):
  with pytest.raises(SystemExit) as caught:
    quickstart.parse_arguments([f'--pcbdata={tmp_path}'])
  assert caught.value.code == 2
  assert 'trainval.txt' in capsys.readouterr().err


def commands(tmp_path, *words):
  arguments = quickstart.parse_arguments([f'--out={tmp_path}', *words])
  return [command for _, command in quickstart.plan(arguments)]


def test_without_real_boards_the_drawn_set_is_evaluated(tmp_path):
  train, draw, evaluate = commands(tmp_path)
  assert train[0] == 'launch.train'
  assert f'--out={tmp_path}/generated' in draw
  assert f'--config.eval.root={tmp_path}/generated' in evaluate
  assert f'--out={tmp_path}/evaluation-generated' in evaluate


def test_real_pictures_are_checked_first_and_evaluated_last(tmp_path):
  (tmp_path / 'some.txt').touch()
  words = (f'--pcbdata={tmp_path}', '--split=some', '--max_pairs=3')
  first, *_, last = commands(tmp_path, *words)
  read = [f'--root={tmp_path}', '--split=some', '--max_pairs=3']
  assert first == ['data_tools.check', *read]
  assert last[0] == 'launch.evaluate'
  assert f'--config.eval.root={tmp_path}' in last
  assert '--config.eval.max_pairs=3' in last
  assert f'--out={tmp_path}/evaluation-some' in last


def test_as_many_steps_are_trained_as_asked_for(tmp_path):
  for words, steps in (
    (['--steps=7'], 7),
    ([], smoke.get_config().train.steps),
  ):
    arguments = quickstart.parse_arguments([*words, f'--out={tmp_path}'])
    (_, train), *_ = quickstart.plan(arguments)
    assert f'--config.train.steps={steps}' in train
